import { readFile } from 'node:fs/promises';
import { loadavg } from 'node:os';
import { buildFirmware, wasmFile } from '../../scripts/build-firmware.mjs';
import type { Figure } from '../figure';
import { median } from '../harness/statistics';
import { runVirtualDevices } from '../harness/virtual-devices';

const DEVICES = 1000;
const SECONDS = 60;
const RUNS = 5;

/** How many virtual devices, each with a sample a second, one thread keeps up with in real time. */
export const virtualDevices: Figure = {
	name: 'virtual-devices-per-core',
	measure: async ({ quick, signal, say }) => {
		await buildFirmware();
		const wasm = new Uint8Array(await readFile(wasmFile));
		const seconds = quick ? 10 : SECONDS;
		const runs: number[] = [];
		const notes: string[] = [];
		for (let i = 0; i < (quick ? 1 : RUNS); i++) {
			signal.throwIfAborted();
			say(`run ${i + 1}`);
			const took = await runVirtualDevices({ wasm, devices: DEVICES, seconds });
			// One sample each a second, or something else was measured.
			if (Math.abs(took.samples - DEVICES * seconds) > DEVICES)
				throw new Error(`${took.samples} samples of ${DEVICES} devices in ${seconds} s`);
			const perSecondMs = took.tookMs / seconds;
			runs.push((DEVICES * 1000) / perSecondMs);
			notes[0] =
				`${DEVICES} devices take ${perSecondMs.toFixed(1)} ms of a second, ${(took.messages / seconds).toFixed(0)} messages; ` +
				`load ${loadavg()[0]!.toFixed(1)}`;
		}
		return [
			{
				name: 'virtual-devices-per-core',
				value: median(runs),
				unit: 'devices',
				peers: {},
				target: { kind: 'at-least', value: DEVICES },
				runs,
				notes
			}
		];
	}
};
