// The suites of `npm test` in the order in which they run and are told: the quick and the plain first.
import { countCtest, countPlaywright, countVitest, one } from './counts.mjs';

/**
 * @typedef {import('./tools.mjs').Tool} Tool
 * @typedef {import('./counts.mjs').Count} Count
 * @typedef {object} Suite
 * @property {string} name
 * @property {readonly Tool[]} needs
 * @property {number} [lane] those with a lane run first, one lane beside the other: their programs use one core each
 * @property {readonly (readonly string[])[]} commands run one after another until one fails
 * @property {boolean} [twice] against real processes and clocks: what failed may show once more, alone, that the machine was too busy; it is told
 * @property {string} [report] where the last command writes what it did
 * @property {(report: string, ok: boolean) => Count} count
 * @property {Readonly<Record<string, string>>} [env]
 */

const FIRMWARE = '.cache/firmware-host';
const REPORTS = 'test-results';

/** @param {string} project @param {readonly Tool[]} needs @returns {Suite} */
const vitest = (project, needs) => ({
	name: project === 'node' ? 'unit' : 'component',
	needs,
	commands: [
		[
			'npx',
			'vitest',
			'run',
			'--project',
			project,
			'--reporter=default',
			'--reporter=json',
			`--outputFile.json=${REPORTS}/${project}.json`
		]
	],
	report: `${REPORTS}/${project}.json`,
	twice: true,
	count: countVitest
});

/** @param {string} name @param {readonly string[]} projects @returns {Suite} */
const playwright = (name, projects) => ({
	name,
	needs: ['chromium', 'mosquitto'],
	commands: [['npx', 'playwright', 'test', ...projects.map((p) => `--project=${p}`)]],
	report: `${REPORTS}/${name}.json`,
	env: { PLAYWRIGHT_JSON_OUTPUT_NAME: `${REPORTS}/${name}.json` },
	twice: true,
	count: countPlaywright
});

/** @type {readonly Suite[]} */
export const suites = [
	{ name: 'lint', needs: [], lane: 1, commands: [['npm', 'run', '--silent', 'lint']], count: one },
	// The compiled firmware is imported by URL, so it is there before anything is checked against it.
	{
		name: 'check',
		needs: [],
		lane: 2,
		commands: [
			['npm', 'run', '--silent', 'firmware'],
			['npm', 'run', '--silent', 'check']
		],
		count: one
	},
	{ name: 'build', needs: [], lane: 2, commands: [['npm', 'run', '--silent', 'build']], count: one },
	{ ...vitest('browser', ['chromium']), lane: 2 },
	vitest('node', ['mosquitto']),
	{
		name: 'firmware',
		needs: ['compiler', 'json', 'libraries'],
		commands: [
			['cmake', '-S', 'firmware', '-B', FIRMWARE, '-DCMAKE_BUILD_TYPE=Debug'],
			['cmake', '--build', FIRMWARE, '--parallel', '2'],
			[
				'ctest',
				'--test-dir',
				FIRMWARE,
				'--parallel',
				'2',
				'--output-on-failure',
				'--output-junit',
				'junit.xml'
			]
		],
		report: `${FIRMWARE}/junit.xml`,
		count: countCtest
	},
	{
		name: 'fuzz',
		needs: ['fuzzer', 'json'],
		lane: 2,
		commands: [['node', 'scripts/fuzz.mjs', '--report', `${REPORTS}/fuzz.json`]],
		report: `${REPORTS}/fuzz.json`,
		count: (report) => JSON.parse(report)
	},
	playwright('store', ['store']),
	playwright('e2e', ['desktop', 'phone'])
];
