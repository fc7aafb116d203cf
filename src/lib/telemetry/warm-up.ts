import { encodeColumnBlock, openBlock } from './codec/block';
import { reduceRange } from './range';

const ROWS = 1024;
/** After so many V8 has compiled the loops, and no guess that it made of them is wrong (seen with --trace-opt --trace-deopt). */
const ROUNDS = 64;
/** Longest that anything else waits for it, ms. */
const SLICE_MS = 2;
const STEP_MS = 1000;
/** Any time of ours: what V8 compiles for small numbers is thrown away when a real one comes. */
const FROM_MS = 1_763_690_000_000;
const METRIC = 1;

let warm = false;

/**
 * Runs what a query spends its time in often enough for V8 to compile it: a process's first query otherwise runs in the interpreter.
 * In slices, while opening waits for the disk; once a process.
 */
export async function warmUp(): Promise<void> {
	if (warm) return;
	warm = true;
	await turn();
	const seq = Float64Array.from({ length: ROWS }, (_, i) => i);
	let level = 2150;
	const { head, bytes } = encodeColumnBlock(
		{
			// As a device's are, and so of the same encodings: a time a second and a little off it, and a walk of two decimals.
			timeMs: seq.map((i) => FROM_MS + i * STEP_MS + ((i * 7) % 9)),
			metrics: [{ metric: METRIC, values: seq.map((i) => (level += ((i * i) % 41) - 20) / 100) }],
			...{ seq, epoch: new Uint32Array(ROWS), clock: new Uint8Array(ROWS), states: [] }
		},
		{ series: 0, block: 0, level: 0 }
	);
	const range = { fromMs: FROM_MS, toMs: FROM_MS + ROWS * STEP_MS, buckets: ROWS / 16 };
	let sinceMs = performance.now();
	for (let round = 0; round < ROUNDS; round++) {
		await reduceRange(range, {
			...{ metric: METRIC, heads: [{ ...head, rollups: [] }], held: [] },
			rollups: async () => [],
			async columns() {
				const group = openBlock(head, bytes);
				const values = group?.column(METRIC);
				return [group && values && { times: group.times(), values }];
			}
		});
		if (performance.now() - sinceMs < SLICE_MS) continue;
		await turn();
		sinceMs = performance.now();
	}
}

/** Lets others have theirs. */
const turn = () => new Promise<void>((resolve) => setTimeout(resolve));
