import { encodeColumnBlock, openBlock } from './codec/block';
import { reduceRange } from './range';

const ROWS = 1024;
const ROUNDS = 8;
const STEP_MS = 1000;
/** Any time of ours: what V8 compiles for small numbers is thrown away when a real one comes. */
const FROM_MS = 1_763_690_000_000;
const METRIC = 1;

let warm = false;

/**
 * Runs what a query spends its time in often enough for V8 to compile it: a process's first query otherwise runs in the interpreter.
 * Begun while
 * opening waits for the disk, where it hardly holds anything up; once a process.
 */
export async function warmUp(): Promise<void> {
	if (warm) return;
	warm = true;
	const seq = Float64Array.from({ length: ROWS }, (_, i) => i);
	const { head, bytes } = encodeColumnBlock(
		{
			// As a device's are: a time a second and a little off it, and a walk of two decimals.
			timeMs: seq.map((i) => FROM_MS + i * STEP_MS + ((i * 7) % 9)),
			metrics: [{ metric: METRIC, values: seq.map((i) => (2150 + ((i * i) % 41)) / 100) }],
			...{ seq, epoch: new Uint32Array(ROWS), clock: new Uint8Array(ROWS), states: [] }
		},
		{ series: 0, block: 0, level: 0 }
	);
	const range = { fromMs: FROM_MS, toMs: FROM_MS + ROWS * STEP_MS, buckets: ROWS / 16 };
	for (let round = 0; round < ROUNDS; round++)
		await reduceRange(range, {
			...{ metric: METRIC, heads: [{ ...head, rollups: [] }], held: [] },
			rollups: async () => [],
			async columns() {
				const group = openBlock(head, bytes);
				const values = group?.column(METRIC);
				return [group && values && { times: group.times(), values }];
			}
		});
}
