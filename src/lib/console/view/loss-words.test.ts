import { expect, it } from 'vitest';
import { Counters } from '$lib/base';
import type { LineFault, ReceiveFault } from '$lib/link';
import { lossWords } from './loss-words';

it('names what was lost, with its number, and nothing where nothing was', () => {
	const faults = new Counters<ReceiveFault>();
	const dropped = new Counters<LineFault>();
	expect(lossWords({ faults, dropped })).toBe('');
	faults.add('framing', 1200);
	dropped.add('bad-frame', 2);
	expect(lossWords({ faults, dropped })).toBe(
		'1,200 characters that did not fit the baud rate, 2 damaged frames'
	);
});
