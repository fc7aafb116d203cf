import 'fake-indexeddb/auto';
import fc from 'fast-check';
import { afterEach, it, vi } from 'vitest';
import { parseDeviceId, type ClockQuality, type Sample } from '$lib/model';
import { DAY_MS, EPOCHS, makeMortal, START_MS, StoreLife, type Act } from '../../../tests/store/store-life';

/** More, and other seeds, for the soak. */
const RUNS = Number(process.env['FIELDBENCH_MODEL_RUNS'] ?? 16);
const SEED = Number(process.env['FIELDBENCH_MODEL_SEED'] ?? 6);
const id = (text: string) => {
	const parsed = parseDeviceId(text);
	if (!parsed.ok) throw new Error(text);
	return parsed.value;
};
const KEYS = [
	{ device: id('fb-1'), provenance: 'real' as const },
	{ device: id('fb-1'), provenance: 'simulated' as const },
	{ device: id('fb-2'), provenance: 'real' as const }
];
const CLOCKS: readonly ClockQuality[] = ['synchronised', 'corrected', 'unsynchronised'];

const value = fc.oneof(
	{ weight: 8, arbitrary: fc.integer({ min: -20_000, max: 20_000 }).map((n) => n / 100) },
	fc.double({ noDefaultInfinity: false }),
	fc.constantFrom(-0, 5e-324, -5e-324, 1.7976931348623157e308, NaN, Infinity, 0.1 + 0.2)
);
const batch = fc
	.record({
		series: fc.constantFrom(0, 0, 0, 1, 2),
		epoch: fc.constantFrom(EPOCHS[0]!, ...EPOCHS),
		/** Numbers and times in steps, so that some come again, late, or with a better clock. */
		seq: fc.nat(8).map((n) => 20 * n),
		atS: fc.nat(100).map((n) => 5000 * n),
		stepS: fc.constantFrom(0, 1, 2, 5, 61, 600, 2000),
		clock: fc.constantFrom(...CLOCKS),
		numbered: fc.constantFrom(true, true, true, false),
		count: fc.integer({ min: 1, max: 60 }),
		values: fc.array(fc.option(value, { nil: undefined }), { minLength: 1, maxLength: 8 }),
		state: fc.constantFrom(undefined, 'idle', 'on')
	})
	.map(({ series, epoch, seq, atS, stepS, clock, numbered, count, values, state }): readonly Sample[] =>
		Array.from({ length: count }, (_, i) => {
			const power = values[i % values.length];
			return {
				...KEYS[series]!,
				identity: numbered ? { epoch, seq: seq + i } : undefined,
				timeMs: START_MS + (atS + i * stepS) * 1000,
				clock,
				values: { ...(power === undefined ? {} : { power }), ...(i % 3 === 0 ? { uptime: seq + i } : {}) },
				...(state && i % 7 === 0 ? { states: { mode: state } } : {})
			};
		})
	);
/** Most cut the days that samples are of. */
const ageMs = fc.oneof(
	{ weight: 7, arbitrary: fc.integer({ min: 80, max: 620 }).map((n) => n * 1_000_000) },
	fc.constantFrom(0, Infinity)
);
const kind = <K extends Act['kind']>(name: K) => fc.constant(name);
const act: fc.Arbitrary<Act> = fc.oneof(
	{ weight: 8, arbitrary: fc.record({ kind: kind('append'), samples: batch }) },
	{
		weight: 4,
		arbitrary: fc.record({
			kind: kind('bulk'),
			samples: fc.array(batch, { minLength: 1, maxLength: 4 }).map((all) => all.flat())
		})
	},
	{ weight: 2, arbitrary: fc.record({ kind: kind('thin'), measurement: ageMs, diagnostic: ageMs }) },
	{ weight: 3, arbitrary: fc.record({ kind: kind('remove'), ageMs }) },
	{ weight: 1, arbitrary: fc.record({ kind: kind('shrink'), percent: fc.nat(110) }) },
	{
		weight: 1,
		arbitrary: fc.record({ kind: kind('forget'), device: fc.constantFrom(id('fb-1'), id('fb-2')) })
	},
	{
		weight: 1,
		arbitrary: fc.record({ kind: kind('full'), samples: batch, helps: fc.boolean(), killed: fc.boolean() })
	},
	{
		weight: 2,
		arbitrary: fc.record({
			kind: kind('damage'),
			what: fc.constantFrom('bit', 'bit', 'bit', 'bytes', 'header', 'ledger'),
			which: fc.nat(50)
		})
	},
	{ weight: 1, arbitrary: fc.record({ kind: kind('kill') }) }
);
const step = fc.record({
	act,
	lives: fc.option(fc.nat(4), { nil: Infinity, freq: 3 }),
	asked: fc
		.record({
			fromMs: fc.integer({ min: -DAY_MS, max: 6 * DAY_MS }).map((n) => START_MS + n),
			spanMs: fc.oneof(fc.integer({ min: 1, max: 3_000_000 }), fc.integer({ min: 1, max: 9 * DAY_MS })),
			buckets: fc.constantFrom(1, 2, 3, 7, 20, 100)
		})
		.map(({ fromMs, spanMs, buckets }) => ({ fromMs, toMs: fromMs + spanMs, buckets }))
});

afterEach(() => vi.restoreAllMocks());

it('equals a plain list, whatever is brought, corrected, sealed, folded, let go of, damaged, and killed at any write', async () => {
	makeMortal();
	await fc.assert(
		fc.asyncProperty(fc.array(step, { minLength: 6, maxLength: 14 }), async (steps) => {
			const life = new StoreLife(KEYS);
			await life.open();
			for (const { act, lives, asked } of steps) {
				await life.run(act, lives);
				await life.check(asked);
			}
		}),
		{ numRuns: RUNS, seed: SEED, endOnFailure: true }
	);
}, 3_600_000);
