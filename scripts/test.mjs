// `npm test`: every suite, one table, one verdict. `--only lint,unit` runs some; `--list` names them.
import { parseArgs } from 'node:util';
import { runSuite } from './test/run-suite.mjs';
import { suites } from './test/suites.mjs';
import { installMissing, tools } from './test/tools.mjs';

/**
 * @typedef {{ name: string, outcome: 'passed' | 'failed' | 'NOT RUN', passed: number, failed: number, ms: number, why: string,
 *   names?: readonly string[] }} Row
 */

const { values } = parseArgs({ options: { only: { type: 'string' }, list: { type: 'boolean' } } });
const wanted = values.only?.split(',');
const unknown = wanted?.filter((name) => !suites.some((suite) => suite.name === name)) ?? [];
if (values.list || unknown.length > 0) {
	if (unknown.length > 0) console.error(`No such suite: ${unknown.join(', ')}`);
	console.log(suites.map(({ name }) => name).join('\n'));
	process.exit(unknown.length > 0 ? 2 : 0);
}

const chosen = suites.filter(({ name }) => !wanted || wanted.includes(name));
const needed = [...new Set(chosen.flatMap(({ needs }) => needs))];
installMissing(needed.filter((tool) => !tools[tool].found()));
for (const tool of needed.filter((name) => !tools[name].found()))
	console.log(`Missing: ${tools[tool].what}. ${tools[tool].advice}`);

const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => stop.abort());

/** @type {Map<string, Row>} */
const told = new Map();
const lanes = [...new Set(chosen.flatMap(({ lane }) => lane ?? []))];
await Promise.all(
	lanes.map((lane) =>
		inOrder(
			chosen.filter((suite) => suite.lane === lane),
			lanes.length > 1
		)
	)
);
await inOrder(
	chosen.filter(({ lane }) => lane === undefined),
	false
);
const rows = chosen.flatMap(({ name }) => told.get(name) ?? []);

const notRun = rows.filter(({ outcome }) => outcome === 'NOT RUN').length;
const passed = rows.reduce((sum, row) => sum + row.passed, 0);
const failed = rows.reduce((sum, row) => sum + row.failed, 0);
const strict = ['true', '1'].includes(process.env.CI ?? '');

console.log(`\n${'suite'.padEnd(12)}${'result'.padEnd(10)}${'tests'.padStart(7)}${'seconds'.padStart(10)}`);
for (const row of rows)
	console.log(
		`${row.name.padEnd(12)}${row.outcome.padEnd(10)}${String(row.passed + row.failed).padStart(7)}` +
			`${(row.ms / 1000).toFixed(1).padStart(10)}  ${row.why}`.trimEnd()
	);
for (const { name, outcome, names = [] } of rows)
	for (const test of names)
		console.log(`${outcome === 'failed' ? 'FAILED' : 'second attempt'} ${name}: ${test}`);
if (stop.signal.aborted) console.log('\nStopped.');
if (notRun > 0) console.log(`\n${notRun} not run${strict ? ', which fails where CI is set' : ''}.`);
console.log(`\n${passed} passed, ${failed + (strict ? notRun : 0)} failed`);
process.exitCode = stop.signal.aborted || failed > 0 || (strict && notRun > 0) ? 1 : 0;

/**
 * @param {readonly import('./test/suites.mjs').Suite[]} several
 * @param {boolean} beside others run at the same time
 */
async function inOrder(several, beside) {
	for (const suite of several) {
		if (stop.signal.aborted) return;
		const missing = suite.needs.filter((tool) => !tools[tool].found());
		if (missing.length > 0) {
			const why = `needs ${missing.map((tool) => tools[tool].what).join(' and ')}`;
			told.set(suite.name, { name: suite.name, outcome: 'NOT RUN', passed: 0, failed: 0, ms: 0, why });
			continue;
		}
		const { passed, failed, ms, second, names } = await runSuite(suite, stop.signal, beside);
		const outcome = failed > 0 ? 'failed' : 'passed';
		const why = second ? `${names.length} only at a second attempt, alone` : '';
		told.set(suite.name, { name: suite.name, outcome, passed, failed, ms, why, names });
	}
}
