import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { DeviceId, SampleIdentity } from '$lib/model';
import { SeenSamples } from './seen-samples';

const DEVICE = 'fb-1' as DeviceId;
const has = (seen: SeenSamples, device: DeviceId, identity: SampleIdentity) =>
	seen.judge(device, identity, 'synchronised') !== 'new';

test('knows what it was told, in whatever order it came', () => {
	fc.assert(
		fc.property(
			fc.array(fc.integer({ min: 2 ** 32 - 1100, max: 2 ** 32 - 1 }), { maxLength: 200 }),
			(seqs) => {
				const seen = new SeenSamples();
				const told = new Set<number>();
				for (const seq of seqs) {
					const highest = Math.max(...told, 0);
					if (seq > highest - 1024) expect(has(seen, DEVICE, { epoch: 1, seq })).toBe(told.has(seq));
					seen.add(DEVICE, { epoch: 1, seq }, 'synchronised');
					told.add(seq);
				}
				const highest = Math.max(...told, 0);
				for (const seq of told) expect(has(seen, DEVICE, { epoch: 1, seq })).toBe(seq > highest - 1024);
			}
		)
	);
});

test('what lies too far back passes, for the store to judge', () => {
	const seen = new SeenSamples();
	seen.add(DEVICE, { epoch: 1, seq: 0 }, 'synchronised');
	seen.add(DEVICE, { epoch: 1, seq: 1024 }, 'synchronised');
	expect(has(seen, DEVICE, { epoch: 1, seq: 0 })).toBe(false);
	expect(has(seen, DEVICE, { epoch: 1, seq: 1 })).toBe(false);
	expect(has(seen, DEVICE, { epoch: 1, seq: 1024 })).toBe(true);
});

test('the same number of another log, or of another device, is another sample', () => {
	const seen = new SeenSamples();
	seen.add(DEVICE, { epoch: 1, seq: 5 }, 'synchronised');
	expect(has(seen, DEVICE, { epoch: 2, seq: 5 })).toBe(false);
	expect(has(seen, 'fb-2' as DeviceId, { epoch: 1, seq: 5 })).toBe(false);
});

test('of a device that begins ever new logs only the last few are kept', () => {
	const seen = new SeenSamples();
	for (let epoch = 1; epoch <= 5; epoch++) seen.add(DEVICE, { epoch, seq: 1 }, 'synchronised');
	expect([1, 2, 3, 4, 5].map((epoch) => has(seen, DEVICE, { epoch, seq: 1 }))).toEqual([
		false,
		true,
		true,
		true,
		true
	]);
});

test('a repeat with a better clock is told from one without, and then known as well', () => {
	const seen = new SeenSamples();
	const told = (clock: 'unsynchronised' | 'corrected' | 'synchronised') =>
		seen.judge(DEVICE, { epoch: 1, seq: 5 }, clock);
	seen.add(DEVICE, { epoch: 1, seq: 5 }, 'unsynchronised');
	expect([told('unsynchronised'), told('corrected')]).toEqual(['repeat', 'better']);
	seen.add(DEVICE, { epoch: 1, seq: 5 }, 'corrected');
	expect([told('unsynchronised'), told('corrected'), told('synchronised')]).toEqual([
		'repeat',
		'repeat',
		'better'
	]);
});
