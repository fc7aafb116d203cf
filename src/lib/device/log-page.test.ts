import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { DeviceId } from '$lib/model';
import { parseLogPage, type LogOwner } from './log-page';

const owner: LogOwner = { device: 'roof-1' as DeviceId, provenance: 'real' };
const page = (over: Readonly<Record<string, unknown>> = {}) => ({
	...{ epoch: 9, first: 120, seq: 1803, next: 1801 },
	samples: [{ names: ['temperature', 'humidity'], rows: [[1800, 1763690000250, 1, 21.5, 48.2]] }],
	...over
});

describe('a page of a log', () => {
	it('gives samples with their identities, times and values', () => {
		expect(parseLogPage(page(), owner)).toEqual({
			ok: true,
			value: {
				...{ epoch: 9, first: 120, seq: 1803, undated: 0, next: 1801 },
				samples: [
					{
						...{ ...owner, identity: { epoch: 9, seq: 1800 }, timeMs: 1763690000250, clock: 'synchronised' },
						values: { temperature: 21.5, humidity: 48.2 }
					}
				]
			}
		});
		expect(parseLogPage(page({ next: null }), owner)).toMatchObject({ ok: true, value: { next: undefined } });
	});

	it('dates what was measured without a clock by the start of the run, and else counts it', () => {
		const samples = [{ names: ['a'], rows: [[1, 5000, 0, 1]] }];
		expect(parseLogPage(page({ samples }), { ...owner, bootMs: 1_700_000_000_000 })).toMatchObject({
			value: { samples: [{ timeMs: 1_700_000_005_000, clock: 'unsynchronised' }], undated: 0 }
		});
		expect(parseLogPage(page({ samples }), owner)).toMatchObject({ value: { samples: [], undated: 1 } });
	});

	it('counts a sample of a time that cannot be as one without a time', () => {
		const times = [[5000, 1], [4e12, 1], [1.763e9, 2], [1e300, 0], [-1e13, 0]] as const; // prettier-ignore
		const rows = times.map(([ms, clock], seq) => [seq, ms, clock, 1]);
		const samples = [{ names: ['a'], rows }];
		expect(parseLogPage(page({ samples }), { ...owner, bootMs: 1_700_000_000_000 })).toMatchObject({
			value: { samples: [{ timeMs: 4e12 }], undated: 4 }
		});
	});

	it('leaves out what is no number', () => {
		const samples = [{ names: ['a', 'b', 'c'], rows: [[1, 1_763_690_000_250, 2, null, 'x', 3]] }];
		expect(parseLogPage(page({ samples }), owner)).toMatchObject({
			value: { samples: [{ values: { c: 3 }, clock: 'corrected' }] }
		});
	});

	it.each([
		['no object', 3],
		['no epoch', page({ epoch: undefined })],
		['a name that is none', page({ samples: [{ names: ['__proto__'], rows: [] }] })],
		['a row without a number', page({ samples: [{ names: ['a'], rows: [['x', 1, 1, 2]] }] })],
		['a clock that is none', page({ samples: [{ names: ['a'], rows: [[1, 1, 3, 2]] }] })],
		['more rows than an answer holds', page({ samples: [{ names: [], rows: Array(5000).fill([1, 1, 1]) }] })]
	])('refuses %s', (_, value) => {
		expect(parseLogPage(value, owner)).toEqual({ ok: false, error: 'bad-page' });
	});

	it('takes any JSON', () => {
		fc.assert(fc.property(fc.jsonValue(), (value) => void parseLogPage(page({ samples: value }), owner)));
	});
});
