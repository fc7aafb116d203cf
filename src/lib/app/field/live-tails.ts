import type { Clock } from '$lib/base';
import type { DeviceId, Provenance, Sample } from '$lib/model';
import { Coalescer } from './coalescer';
import type { LiveTail } from './messages';

type Emit = (tail: LiveTail, transfer: Transferable[]) => void;
type Pending = Map<string, { timeMs: number[]; value: number[] }>;

/** Charts take them in several times a second; each message costs a page more than the points in it. */
const PACE_MS = 200;
/** Points of one metric in a message; a page that wants more of a burst asks for the range. */
const MOST_POINTS = 4096;

/** New samples for the pages that look at a device: per follower, a few messages a second, as columns that are moved. */
export class LiveTails {
	readonly #followers = new Map<string, Set<{ pending: Pending; due: Coalescer; newestMs: number }>>();

	constructor(private readonly clock: Clock) {}

	follow(device: DeviceId, provenance: Provenance, emit: Emit, signal: AbortSignal): void {
		if (signal.aborted) return;
		const key = keyOf(device, provenance);
		const pending: Pending = new Map();
		const due = new Coalescer(
			this.clock,
			() => PACE_MS,
			() => emitColumns(pending, emit)
		);
		const follower = { pending, due, newestMs: -Infinity };
		const all = this.#followers.get(key) ?? new Set();
		this.#followers.set(key, all.add(follower));
		signal.addEventListener(
			'abort',
			() => {
				due.stop();
				all.delete(follower);
				if (all.size === 0) this.#followers.delete(key);
			},
			{ once: true }
		);
	}

	/** @param late it waited for others: where newer ones have gone out, a chart has it with its next range */
	push(sample: Sample, late = false): void {
		if (this.#followers.size === 0) return;
		const followers = this.#followers.get(keyOf(sample.device, sample.provenance));
		if (!followers) return;
		for (const follower of followers) {
			if (late && sample.timeMs < follower.newestMs) continue;
			follower.newestMs = sample.timeMs;
			const { pending, due } = follower;
			for (const name in sample.values) {
				const column = pending.get(name) ?? { timeMs: [], value: [] };
				if (column.timeMs.length >= MOST_POINTS) continue;
				column.timeMs.push(sample.timeMs);
				column.value.push(sample.values[name]!);
				pending.set(name, column);
			}
			due.mark();
		}
	}
}

const keyOf = (device: DeviceId, provenance: Provenance): string => `${provenance}/${device}`;

function emitColumns(pending: Pending, emit: Emit): void {
	// All in one buffer: to move sixteen of them costs a page more than what is in them.
	const all = new Float64Array([...pending.values()].flatMap(({ timeMs, value }) => [...timeMs, ...value]));
	const points: Record<string, { timeMs: Float64Array<ArrayBuffer>; value: Float64Array<ArrayBuffer> }> = {};
	let at = 0;
	for (const [name, { timeMs, value }] of pending)
		points[name] = {
			timeMs: all.subarray(at, (at += timeMs.length)),
			value: all.subarray(at, (at += value.length))
		};
	pending.clear();
	emit({ points }, [all.buffer]);
}
