import { ManualClock, textOf, utf8 } from '$lib/base';
import { VirtualDeviceHost } from '$lib/lab';
import { encodeFrame, splitLine } from '$lib/link';
import { expect } from 'vitest';
import { FirmwareInstance } from '../../../src/lib/lab/firmware-instance';
import { MemoryFlash, type Flash } from '../../../src/lib/lab/flash';
import { testFirmware } from '../../../src/lib/lab/test-firmware';
import { KEYS_SET, KEYS_TAKEN, SealingCallers } from './keys';
import { AnswerQueue, type ContractLink } from './link';

const UNIX_MS = 1_763_690_000_250;
const MAC = 'fab001020304';

/** The firmware as WebAssembly in this process, as the page has it. */
export async function loopbackLink(): Promise<ContractLink> {
	const firmware = await testFirmware();
	const hosts: VirtualDeviceHost[] = [];
	return {
		nowS: () => UNIX_MS / 1000,
		device: async (index, { clock, keyed }) => {
			const time = new ManualClock(clock ? UNIX_MS : 0);
			const host = await VirtualDeviceHost.load(firmware, { clock: time, monoMs: () => time.now() + 1e6 });
			if (!host.ok) throw new Error(host.error.kind);
			hosts.push(host.value);
			const answers = new AnswerQueue<string>();
			const id = `sim-contract-${index}`;
			const flash = new MemoryFlash();
			// A device of a page has no cable: as a board it had one, and kept the secret in its flash.
			if (keyed) expect(await (await boardAtCable(firmware, id, flash)).ask(KEYS_SET)).toEqual(KEYS_TAKEN);
			const device = host.value.add(
				{ id, name: id, seed: 7, flash },
				{
					publish: ({ topic, payload }) => {
						if (topic.endsWith('/response')) answers.put(textOf(payload) ?? 'null');
					}
				}
			);
			if (!device.ok) throw new Error(device.error.kind);
			device.value.setLink(true);
			const callers = new SealingCallers(id);
			return {
				ask: (request, as) =>
					callers.ask(request, as, (text) => {
						device.value.deliver(device.value.commandTopic, utf8(text));
						return answers.next(request);
					})
			};
		},
		close: async () => hosts.forEach((host) => host.close())
	};
}

/** The same as a board, at its cable. */
export async function boardLoopbackLink(): Promise<ContractLink> {
	const firmware = await testFirmware();
	return {
		nowS: () => UNIX_MS / 1000,
		device: async (index, { clock, keyed }) => {
			const board = await boardAtCable(
				firmware,
				`sim-contract-${index}`,
				new MemoryFlash(),
				clock ? UNIX_MS : 0
			);
			if (keyed) expect(await board.ask(KEYS_SET)).toEqual(KEYS_TAKEN);
			return board;
		},
		close: () => Promise.resolve()
	};
}

/** A board with this flash, out of reach of every network. */
async function boardAtCable(firmware: WebAssembly.Module, id: string, flash: Flash, unixMs = UNIX_MS) {
	const instance = await FirmwareInstance.start(firmware, () => 0);
	if (!instance.ok) throw new Error(instance.error.kind);
	const answers = new AnswerQueue<unknown>();
	const time = { monoMs: 1000, unixMs };
	const made = instance.value.create(
		{ id, name: id, seed: 7, board: { mac: MAC } },
		{
			flash,
			publish: () => {},
			log: () => {},
			board: {
				serialOut: (bytes) => {
					for (const piece of splitLine(bytes).pieces)
						if (piece.kind === 'frame') answers.put(JSON.parse(textOf(piece.json) ?? 'null'));
					return true;
				},
				network: {
					scan: () => {},
					scanned: () => [],
					join: () => {},
					leave: () => {},
					state: () => ({ state: 'off' }),
					rssiDbm: () => 0
				},
				mqtt: { open: () => {}, close: () => {}, subscribe: () => {}, state: () => ({ state: 'off' }) }
			}
		},
		time
	);
	if (!made.ok) throw new Error(made.error.kind);
	const step = () => {
		if (!instance.value.step(made.value, time).ok) throw new Error('trapped');
	};
	step();
	return {
		ask: (request: string) => {
			instance.value.serial(made.value, encodeFrame(utf8(request)), time);
			time.monoMs += 10;
			step();
			return answers.next(request);
		}
	};
}
