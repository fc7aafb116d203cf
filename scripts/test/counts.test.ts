import { expect, it } from 'vitest';
import { countCtest, countPlaywright, countVitest, one } from './counts.mjs';

const vitest = (more: object) =>
	JSON.stringify({
		numPassedTests: 7,
		numFailedTests: 0,
		numFailedTestSuites: 0,
		numPendingTests: 0,
		...more
	});

it('counts vitest tests, and a file that did not load, and a skipped test as failed', () => {
	expect(countVitest(vitest({}))).toEqual({ passed: 7, failed: 0 });
	expect(countVitest(vitest({ numFailedTests: 2, numFailedTestSuites: 1 }))).toEqual({
		passed: 7,
		failed: 2
	});
	expect(countVitest(vitest({ numFailedTestSuites: 1 }))).toEqual({ passed: 7, failed: 1 });
	expect(countVitest(vitest({ numPendingTests: 3 }))).toEqual({ passed: 7, failed: 3 });
});

it('counts a flaky or skipped Playwright test as failed, and errors outside tests', () => {
	const report = (stats: object, errors: object[] = []) =>
		JSON.stringify({ stats: { expected: 5, unexpected: 0, flaky: 0, skipped: 0, ...stats }, errors });
	expect(countPlaywright(report({}))).toEqual({ passed: 5, failed: 0 });
	expect(countPlaywright(report({ unexpected: 1, flaky: 1, skipped: 1 }))).toEqual({ passed: 5, failed: 3 });
	expect(countPlaywright(report({}, [{}]))).toEqual({ passed: 5, failed: 1 });
});

it('reads what CTest wrote', () => {
	const xml =
		'<?xml version="1.0"?>\n<testsuite name="Linux"\n\ttests="12"\n\tfailures="1"\n\tdisabled="0"\n\tskipped="2"\n>';
	expect(countCtest(xml)).toEqual({ passed: 9, failed: 3 });
	expect(countCtest('nothing').failed).toBeNaN();
});

it('takes a suite without tests for one', () => {
	expect(one('', true)).toEqual({ passed: 1, failed: 0 });
	expect(one('', false)).toEqual({ passed: 0, failed: 1 });
});
