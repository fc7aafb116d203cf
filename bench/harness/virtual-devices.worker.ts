import { parentPort, workerData } from 'node:worker_threads';
import type { Clock } from '../../src/lib/base';
import { VirtualDeviceHost } from '../../src/lib/lab';
import type { VirtualDevicesRun, VirtualDevicesTook } from './virtual-devices';

const START_UNIX_MS = 1_767_225_600_000;
/** Devices publish their shadow and settle first. */
const WARM_UP_MS = 10_000;

/** A clock of whole ms that runs through simulated time as fast as this thread can; what its timers cost is next to nothing. */
class FastClock implements Clock {
	#now = START_UNIX_MS;
	readonly #due = new Map<number, Set<() => void>>();

	now(): number {
		return this.#now;
	}

	after(delayMs: number, fn: () => void): () => void {
		// Not now: what runs at this time is being run.
		const at = this.#now + Math.max(1, Math.ceil(delayMs));
		const timer = () => fn();
		const there = this.#due.get(at);
		if (there) there.add(timer);
		else this.#due.set(at, new Set([timer]));
		return () => this.#due.get(at)?.delete(timer);
	}

	advance(spanMs: number): void {
		for (const end = this.#now + spanMs; this.#now < end;) {
			this.#now++;
			for (const fn of this.#due.get(this.#now) ?? []) fn();
			this.#due.delete(this.#now);
		}
	}
}

async function measure({ wasm, devices, seconds }: VirtualDevicesRun): Promise<VirtualDevicesTook> {
	const clock = new FastClock();
	const host = await VirtualDeviceHost.load(wasm, {
		clock,
		monoMs: () => clock.now() - START_UNIX_MS + 1000
	});
	if (!host.ok) throw new Error(host.error.kind);
	let messages = 0;
	let samples = 0;
	const link = {
		publish({ topic }: { readonly topic: string }) {
			messages++;
			if (topic.endsWith('/telemetry')) samples++;
		}
	};
	const config = {
		complete: true,
		components: [{ id: 'climate', type: 'sim-climate', config: { period_ms: 1000 } }]
	};
	for (let i = 0; i < devices; i++) {
		const device = host.value.add({ id: `sim-${i}`, name: `Device ${i}`, seed: i, config }, link);
		if (!device.ok) throw new Error(`device ${i}: ${device.error.kind}`);
		device.value.setLink(true);
		// Apart from each other, as devices are that were not started at once.
		clock.advance(1000 / devices);
	}
	clock.advance(WARM_UP_MS);
	messages = samples = 0;
	const beganMs = performance.now();
	clock.advance(seconds * 1000);
	return { tookMs: performance.now() - beganMs, messages, samples };
}

parentPort?.postMessage(await measure(workerData as VirtualDevicesRun));
