// How many tests a suite ran, from the report its runner wrote.

/** @typedef {{ passed: number, failed: number }} Count */

/** A suite that is one test: it holds or it does not. @param {string} _report @param {boolean} ok @returns {Count} */
export const one = (_report, ok) => ({ passed: ok ? 1 : 0, failed: ok ? 0 : 1 });

/** Vitest's JSON reporter, which follows Jest's. @param {string} report @returns {Count} */
export function countVitest(report) {
	const { numPassedTests, numFailedTests, numFailedTestSuites, numPendingTests } = JSON.parse(report);
	// A file that did not load has no tests to fail; a skipped test did not pass.
	const failedFiles = numFailedTests === 0 ? numFailedTestSuites : 0;
	return { passed: numPassedTests, failed: numFailedTests + failedFiles + numPendingTests };
}

/** Playwright's JSON reporter. @param {string} report @returns {Count} */
export function countPlaywright(report) {
	const { stats, errors } = JSON.parse(report);
	// Flaky is a test that failed and then did not.
	return { passed: stats.expected, failed: stats.unexpected + stats.flaky + stats.skipped + errors.length };
}

/** CTest's JUnit file. @param {string} report @returns {Count} */
export function countCtest(report) {
	const attribute = (/** @type {string} */ name) =>
		Number(new RegExp(`<testsuite\\b[^>]*\\b${name}="(\\d+)"`, 'u').exec(report)?.[1] ?? Number.NaN);
	const all = attribute('tests');
	const failed = attribute('failures') + attribute('skipped') + attribute('disabled');
	return { passed: all - failed, failed };
}
