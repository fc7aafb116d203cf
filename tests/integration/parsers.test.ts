import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fuzzParser } from '../soak/parsers/fuzz';
import { parserTargets } from '../soak/parsers/targets';

/** Of the million that `npm run soak` tries; another seed each day would make a red run that nobody can have again. */
const RUNS = 4000;
const SEED = 5;

describe('whatever comes, a parser gives a value or an error, in bounded time', () => {
	for (const target of parserTargets()) {
		it(target.name, { timeout: 30_000 }, () => {
			const { outcomes, failure } = fuzzParser(target, { runs: RUNS, seed: SEED });
			expect(failure).toBeUndefined();
			// Inputs that are all refused, or all taken, try nothing.
			if (outcomes.size > 0) {
				expect(outcomes.get('ok')).toBeGreaterThan(RUNS / 100);
				expect(RUNS - (outcomes.get('ok') ?? 0)).toBeGreaterThan(RUNS / 100);
			}
		});
	}
});

describe('a parser that does not', () => {
	const inputs = fc.uint8Array({ maxLength: 100, size: 'max' });
	const failureOf = (parse: (bytes: Uint8Array) => unknown, path?: string) =>
		fuzzParser({ name: 'bad', inputs, parse }, { runs: 2000, seed: 1, path }).failure;

	it('throws: the least input that makes it is shown, and how to have it again', () => {
		const parse = (bytes: Uint8Array) => {
			if (bytes.length > 3) throw new Error('oh');
		};
		const failure = failureOf(parse);
		expect(failure).toMatch(/^bad: Error: oh[^]*input: 4 bytes 00000000\nagain: .*--seed 1 --path [\d:]+$/u);
		const path = /--path (?<path>[\d:]+)$/u.exec(failure ?? '')?.groups?.['path'];
		expect(failureOf(parse, path)).toContain('4 bytes 00000000');
	});

	it('gives neither a value nor an error with its kind', () => {
		expect(failureOf(() => ({ ok: false, error: 'text' }))).toContain('neither a value nor an error');
	});

	it('takes long, or keeps what it takes', () => {
		const slow = () => {
			const until = performance.now() + 70;
			while (performance.now() < until);
		};
		expect(failureOf(slow)).toMatch(/takes \d+ ms/u);
		const kept: unknown[] = [];
		expect(failureOf(() => kept.push(new Uint8Array(8 << 20)))).toMatch(/memory grew by 5\d\d MiB/u);
	});
});
