// How many tests a suite ran and which failed, from the report its runner wrote.
import { relative } from 'node:path';

/**
 * @typedef {object} Count
 * @property {number} passed
 * @property {number} failed
 * @property {readonly string[]} names the failed tests', each after its file's where it has one
 * @property {readonly string[]} files those that hold them, as the runner takes them for arguments
 */

/** A suite that is one test: it holds or it does not. @param {string} _report @param {boolean} ok @returns {Count} */
export const one = (_report, ok) => ({
	...{ passed: ok ? 1 : 0, failed: ok ? 0 : 1 },
	...{ names: [], files: [] }
});

/** Vitest's JSON reporter, which follows Jest's. @param {string} report @returns {Count} */
export function countVitest(report) {
	const { numPassedTests, numFailedTests, numFailedTestSuites, numPendingTests, testResults } =
		JSON.parse(report);
	// A file that did not load has no tests to fail; a skipped test did not pass.
	const failedFiles = numFailedTests === 0 ? numFailedTestSuites : 0;
	const bad = testResults.filter((/** @type {{ status: string }} */ { status }) => status !== 'passed');
	return {
		passed: numPassedTests,
		failed: numFailedTests + failedFiles + numPendingTests,
		names: bad.flatMap((/** @type {VitestFile} */ { name, assertionResults }) => {
			const failed = assertionResults.filter(({ status }) => status !== 'passed');
			return failed.length === 0
				? [`${here(name)}: did not load`]
				: failed.map(({ fullName }) => `${here(name)}: ${fullName}`);
		}),
		files: bad.map((/** @type {VitestFile} */ { name }) => here(name))
	};
}

/** @typedef {{ name: string, assertionResults: { status: string, fullName: string }[] }} VitestFile */

/** Playwright's JSON reporter. @param {string} report @returns {Count} */
export function countPlaywright(report) {
	const { stats, errors, suites } = JSON.parse(report);
	const bad = suites.flatMap(specs).filter((/** @type {PlaywrightSpec} */ { ok }) => !ok);
	return {
		passed: stats.expected,
		failed: stats.unexpected + stats.flaky + stats.skipped + errors.length,
		names: bad.map((/** @type {PlaywrightSpec} */ { file, title, tests }) =>
			[`tests/${file}`, tests.map(({ projectName }) => projectName).join(' and '), title].join(': ')
		),
		files: [...new Set(bad.map((/** @type {PlaywrightSpec} */ { file }) => `tests/${file}`))]
	};
}

/**
 * @typedef {{ file: string, title: string, ok: boolean, tests: { projectName: string }[] }} PlaywrightSpec
 * @typedef {{ specs?: PlaywrightSpec[], suites?: PlaywrightSuite[] }} PlaywrightSuite
 */

/** @param {PlaywrightSuite} suite @returns {PlaywrightSpec[]} */
const specs = (suite) => [...(suite.specs ?? []), ...(suite.suites ?? []).flatMap(specs)];

/** @param {string} path */
const here = (path) => relative(process.cwd(), path);

/** CTest's JUnit file. @param {string} report @returns {Count} */
export function countCtest(report) {
	const attribute = (/** @type {string} */ name) =>
		Number(new RegExp(`<testsuite\\b[^>]*\\b${name}="(\\d+)"`, 'u').exec(report)?.[1] ?? Number.NaN);
	const all = attribute('tests');
	const failed = attribute('failures') + attribute('skipped') + attribute('disabled');
	const names = [...report.matchAll(/<testcase\b[^>]*\bname="([^"]+)"[^>]*\bstatus="fail"/gu)];
	return { passed: all - failed, failed, names: names.map(([, name = '']) => name), files: [] };
}
