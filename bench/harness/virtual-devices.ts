import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

export interface VirtualDevicesRun {
	readonly wasm: Uint8Array<ArrayBuffer>;
	/** At most 1,024 fit into one instance. */
	readonly devices: number;
	/** Simulated seconds that are timed. */
	readonly seconds: number;
}

export interface VirtualDevicesTook {
	readonly tookMs: number;
	/** In that time, of all devices. */
	readonly messages: number;
	/** Of them, telemetry. */
	readonly samples: number;
}

/** A thread does not inherit what reads TypeScript in this one. */
const REGISTER = `import('tsx/esm/api').then(({ register }) => register())`;

/** Runs virtual devices in one instance of the firmware, in one worker thread. */
export async function runVirtualDevices(run: VirtualDevicesRun): Promise<VirtualDevicesTook> {
	const module = JSON.stringify(new URL('virtual-devices.worker.ts', import.meta.url).href);
	const worker = new Worker(`${REGISTER}.then(() => import(${module}))`, { eval: true, workerData: run });
	try {
		const [took] = (await once(worker, 'message')) as [VirtualDevicesTook];
		return took;
	} finally {
		await worker.terminate();
	}
}
