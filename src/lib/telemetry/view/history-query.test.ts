import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_SPAN_MS, MIN_SPAN_MS } from '$lib/ui';
import { COMPARISONS, historyQueryText, parseHistoryQuery, USUAL_QUERY } from './history-query';

describe('the address of a history page', () => {
	it('says nothing of what is usual, and keeps everything else', () => {
		expect(historyQueryText(USUAL_QUERY)).toBe('');
		const name = fc.string({ minLength: 1, maxLength: 12 });
		const choice = fc.record({ metric: name, device: fc.option(name, { nil: undefined }) });
		const time = fc.oneof(
			fc.record({
				kind: fc.constant('last' as const),
				spanMs: fc.integer({ min: MIN_SPAN_MS, max: MAX_SPAN_MS })
			}),
			fc
				.record({ fromMs: fc.nat(1.7e12), spanMs: fc.integer({ min: MIN_SPAN_MS, max: MAX_SPAN_MS }) })
				.map(({ fromMs, spanMs }) => ({ kind: 'between' as const, fromMs, toMs: fromMs + spanMs }))
		);
		fc.assert(
			fc.property(
				fc.record({
					time,
					compare: fc.constantFrom(...COMPARISONS),
					beside: fc.dictionary(
						name,
						fc.uniqueArray(choice, { minLength: 1, maxLength: 5, selector: (c) => JSON.stringify(c) }),
						{ maxKeys: 4 }
					),
					only: fc.option(fc.uniqueArray(name, { minLength: 1, maxLength: 5 }), { nil: undefined })
				}),
				(query) => {
					const read = parseHistoryQuery(historyQueryText(query));
					expect(Object.entries(read.beside)).toEqual(Object.entries(query.beside));
					expect({ ...read, beside: {} }).toEqual({ ...query, beside: {} });
				}
			),
			{ numRuns: 200 }
		);
	});

	it('takes any text, and what it cannot mean for what is usual', () => {
		for (const text of [
			'last=0',
			'last=1e99',
			'last=x',
			'from=2026-01-02&to=2026-01-01',
			'compare=never',
			'beside=~'
		])
			expect(historyQueryText(parseHistoryQuery(text)), text).toBe('');
		fc.assert(fc.property(fc.string(), (text) => void parseHistoryQuery(text)));
	});
});
