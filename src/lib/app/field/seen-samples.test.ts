import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { DeviceId } from '$lib/model';
import { SeenSamples } from './seen-samples';

const DEVICE = 'fb-1' as DeviceId;

test('knows what it was told, in whatever order it came', () => {
	fc.assert(
		fc.property(
			fc.array(fc.integer({ min: 2 ** 32 - 1100, max: 2 ** 32 - 1 }), { maxLength: 200 }),
			(seqs) => {
				const seen = new SeenSamples();
				const told = new Set<number>();
				for (const seq of seqs) {
					const highest = Math.max(...told, 0);
					if (seq > highest - 1024) expect(seen.has(DEVICE, { epoch: 1, seq })).toBe(told.has(seq));
					seen.add(DEVICE, { epoch: 1, seq });
					told.add(seq);
				}
				const highest = Math.max(...told, 0);
				for (const seq of told) expect(seen.has(DEVICE, { epoch: 1, seq })).toBe(seq > highest - 1024);
			}
		)
	);
});

test('what lies too far back passes, for the store to judge', () => {
	const seen = new SeenSamples();
	seen.add(DEVICE, { epoch: 1, seq: 0 });
	seen.add(DEVICE, { epoch: 1, seq: 1024 });
	expect(seen.has(DEVICE, { epoch: 1, seq: 0 })).toBe(false);
	expect(seen.has(DEVICE, { epoch: 1, seq: 1 })).toBe(false);
	expect(seen.has(DEVICE, { epoch: 1, seq: 1024 })).toBe(true);
});

test('the same number of another log, or of another device, is another sample', () => {
	const seen = new SeenSamples();
	seen.add(DEVICE, { epoch: 1, seq: 5 });
	expect(seen.has(DEVICE, { epoch: 2, seq: 5 })).toBe(false);
	expect(seen.has('fb-2' as DeviceId, { epoch: 1, seq: 5 })).toBe(false);
});

test('of a device that begins ever new logs only the last few are kept', () => {
	const seen = new SeenSamples();
	for (let epoch = 1; epoch <= 5; epoch++) seen.add(DEVICE, { epoch, seq: 1 });
	expect([1, 2, 3, 4, 5].map((epoch) => seen.has(DEVICE, { epoch, seq: 1 }))).toEqual([
		false,
		true,
		true,
		true,
		true
	]);
});
