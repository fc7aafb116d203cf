import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Row } from './row-group';
import { decodeWalRecord, encodeWalRecord } from './wal-record';

const finite = fc.double({ noNaN: true, noDefaultInfinity: true });
const identity = fc.record({ epoch: fc.nat(0xffffffff), seq: fc.nat(0xffffffff) }, { noNullPrototype: true });
const row: fc.Arbitrary<Row> = fc
	.record({
		timeMs: fc.oneof(
			fc.nat(2 ** 41),
			fc.double({ min: 0, max: 1e13, noNaN: true }).map((t) => t + 0)
		),
		clock: fc.constantFrom('synchronised', 'corrected', 'unsynchronised'),
		identity: fc.option(identity, {
			nil: undefined
		}),
		pairs: fc.uniqueArray(fc.tuple(fc.nat(300), finite), { selector: ([id]) => id, maxLength: 6 })
	})
	.map(({ pairs, ...rest }) => {
		const sorted = pairs.sort((a, b) => a[0] - b[0]);
		return { ...rest, metrics: sorted.map(([id]) => id), values: sorted.map(([, value]) => value) };
	});

describe('write-ahead record', () => {
	it('gives back every row of every series in order', () => {
		fc.assert(
			fc.property(
				fc.array(fc.tuple(fc.nat(5000), fc.array(row, { minLength: 1, maxLength: 20 })), { maxLength: 6 }),
				(pairs) => {
					const groups = new Map(pairs);
					const decoded = decodeWalRecord(encodeWalRecord(groups));
					expect(decoded).toStrictEqual({ ok: true, value: groups });
				}
			),
			{ numRuns: 200 }
		);
	});

	it('refuses a cut at every byte and every flipped bit', () => {
		const one: Row = {
			timeMs: 1763690000250,
			clock: 'synchronised',
			identity: { epoch: 7, seq: 1 },
			metrics: [1, 2],
			values: [21.5, -0]
		};
		const bytes = encodeWalRecord(new Map([[3, [one, { ...one, identity: undefined }]]]));
		for (let cut = 0; cut < bytes.length; cut++)
			expect(decodeWalRecord(bytes.subarray(0, cut))).toStrictEqual({
				ok: false,
				error: { kind: 'damaged' }
			});
		for (let bit = 0; bit < bytes.length * 8; bit++) {
			const flipped = bytes.slice();
			flipped[bit >> 3]! ^= 1 << (bit & 7);
			expect(decodeWalRecord(flipped).ok).toBe(false);
		}
	});

	it('holds a flush of five messages from four devices in at most 6 bytes a reading', () => {
		const message = (series: number, seq: number): Row => ({
			timeMs: 1763690000250 + seq * 50,
			clock: 'synchronised',
			identity: { epoch: 2890137841 + series, seq: 180200 + seq },
			metrics: [1, 2, 3, 4, 5],
			values: [21.53 + series, 48.27 - series, 1013.25, -61 + series, 3605 + series]
		});
		const groups = new Map<number, Row[]>([
			[3, [message(3, 0), message(3, 4)]],
			...[4, 5, 6].map((series): [number, Row[]] => [series, [message(series, series)]])
		]);
		expect(encodeWalRecord(groups).length).toBeLessThanOrEqual(25 * 6);
	});

	it('holds five readings of one message in at most 60 bytes', () => {
		const message: Row = {
			timeMs: 1763690000250,
			clock: 'synchronised',
			identity: { epoch: 2890137841, seq: 180200 },
			metrics: [1, 2, 3, 4, 5],
			values: [21.53, 48.27, 1013.25, -61, 3605]
		};
		expect(encodeWalRecord(new Map([[3, [message]]])).length).toBeLessThanOrEqual(60);
	});
});
