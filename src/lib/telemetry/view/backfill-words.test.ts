import { expect, it } from 'vitest';
import { backfillWords } from './backfill-words';

const view = {
	state: 'idle',
	missing: 0,
	filled: 7,
	lost: 0,
	undated: 0,
	disowned: 0,
	abandoned: 0
} as const;

it('says nothing where nothing is missing', () => {
	expect(backfillWords(view)).toBe('');
});

it('says how many are missing and what is done about it, and what is gone', () => {
	expect(backfillWords({ ...view, state: 'filling', missing: 1240 })).toBe(
		'Fetching 1,240 samples of the past from the device’s own log.'
	);
	expect(backfillWords({ ...view, state: 'waiting', missing: 1, lost: 2 })).toBe(
		'Missing of the past: 1 sample. The device does not answer now; it is asked again by itself. 2 samples cannot be had any more: the device has let go of them.'
	);
	expect(backfillWords({ ...view, abandoned: 4096 })).toContain('4,096 samples never came and are not asked');
	expect(backfillWords({ ...view, disowned: 1 })).toContain(
		'1 sample came with a number that the device’s own log never gave'
	);
});
