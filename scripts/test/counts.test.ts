import { join } from 'node:path';
import { expect, it } from 'vitest';
import { countCtest, countPlaywright, countVitest, one } from './counts.mjs';

const vitest = (more: object) =>
	JSON.stringify({
		numPassedTests: 7,
		numFailedTests: 0,
		numFailedTestSuites: 0,
		numPendingTests: 0,
		testResults: [],
		...more
	});

it('counts vitest tests, and a file that did not load, and a skipped test as failed', () => {
	expect(countVitest(vitest({}))).toMatchObject({ passed: 7, failed: 0 });
	expect(countVitest(vitest({ numFailedTests: 2, numFailedTestSuites: 1 }))).toMatchObject({
		passed: 7,
		failed: 2
	});
	expect(countVitest(vitest({ numFailedTestSuites: 1 }))).toMatchObject({ passed: 7, failed: 1 });
	expect(countVitest(vitest({ numPendingTests: 3 }))).toMatchObject({ passed: 7, failed: 3 });
});

it('counts a flaky or skipped Playwright test as failed, and errors outside tests', () => {
	const report = (stats: object, errors: object[] = []) =>
		JSON.stringify({
			stats: { expected: 5, unexpected: 0, flaky: 0, skipped: 0, ...stats },
			errors,
			suites: []
		});
	expect(countPlaywright(report({}))).toMatchObject({ passed: 5, failed: 0 });
	expect(countPlaywright(report({ unexpected: 1, flaky: 1, skipped: 1 }))).toMatchObject({
		passed: 5,
		failed: 3
	});
	expect(countPlaywright(report({}, [{}]))).toMatchObject({ passed: 5, failed: 1 });
});

it('reads what CTest wrote', () => {
	const xml =
		'<?xml version="1.0"?>\n<testsuite name="Linux"\n\ttests="12"\n\tfailures="1"\n\tdisabled="0"\n\tskipped="2"\n>';
	expect(countCtest(xml)).toMatchObject({ passed: 9, failed: 3 });
	expect(countCtest('nothing').failed).toBeNaN();
});

it('takes a suite without tests for one', () => {
	expect(one('', true)).toMatchObject({ passed: 1, failed: 0 });
	expect(one('', false)).toMatchObject({ passed: 0, failed: 1 });
});

it('names what failed and the files to run again', () => {
	const file = { name: join(process.cwd(), 'a.test.ts'), status: 'failed' };
	const assertionResults = [
		{ status: 'failed', fullName: 'sums' },
		{ status: 'passed', fullName: 'waits' }
	];
	expect(
		countVitest(vitest({ numFailedTests: 1, testResults: [{ ...file, assertionResults }] }))
	).toMatchObject({ names: ['a.test.ts: sums'], files: ['a.test.ts'] });
	expect(
		countVitest(vitest({ numFailedTestSuites: 1, testResults: [{ ...file, assertionResults: [] }] }))
	).toMatchObject({ names: ['a.test.ts: did not load'], files: ['a.test.ts'] });

	const spec = { file: 'e2e/live.spec.ts', title: 'a lamp', ok: false, tests: [{ projectName: 'phone' }] };
	const suites = [{ specs: [{ ...spec, ok: true }], suites: [{ specs: [spec] }] }];
	const stats = { expected: 5, unexpected: 1, flaky: 0, skipped: 0 };
	expect(countPlaywright(JSON.stringify({ stats, errors: [], suites }))).toMatchObject({
		names: ['tests/e2e/live.spec.ts: phone: a lamp'],
		files: ['tests/e2e/live.spec.ts']
	});
	expect(
		countCtest(
			'<testsuite tests="2" failures="1" disabled="0" skipped="0"><testcase name="rpc" classname="rpc" time="0" status="fail">'
		).names
	).toEqual(['rpc']);
});
