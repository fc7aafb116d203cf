import { readFile, writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import type { Row } from './figure';
import { figures } from './figures';
import { table } from './table';

const RESULTS = new URL('results.json', import.meta.url);

const HELP = `npm run bench -- [options]

  --only NAME   measure only this figure; may be given more than once
  --quick       fewer and shorter runs, nothing is written
  --help        this text

Figures: ${figures.map(({ name }) => name).join(', ')}
`;

type Result = Pick<Row, 'name' | 'value' | 'unit' | 'peers'>;

const { values: asked } = parseArgs({
	options: {
		only: { type: 'string', multiple: true, default: [] },
		quick: { type: 'boolean', default: false },
		help: { type: 'boolean', default: false }
	}
});
const unknown = asked.only.filter((name) => !figures.some((figure) => figure.name === name));
if (asked.help) process.stdout.write(HELP);
else if (unknown.length > 0) {
	process.stderr.write(`There is no figure ${unknown.join(', ')}.\n\n${HELP}`);
	process.exitCode = 2;
} else await measureAll();

async function measureAll(): Promise<void> {
	const stop = new AbortController();
	process.once('SIGINT', () => stop.abort(new Error('stopped'))); // the second one ends it at once
	const rows: Row[] = [];
	const failed: string[] = [];
	for (const figure of figures) {
		if (stop.signal.aborted || (asked.only.length > 0 && !asked.only.includes(figure.name))) continue;
		const say = (text: string) => process.stderr.write(`${figure.name}: ${text}\n`);
		const startMs = performance.now();
		try {
			const measured = await figure.measure({ quick: asked.quick, signal: stop.signal, say });
			rows.push(...measured);
			if (!asked.quick) await keep(measured); // what is measured stays, whatever comes of the others
			say(`took ${Math.round((performance.now() - startMs) / 1000)} s`);
		} catch (cause) {
			failed.push(figure.name);
			console.error(`${figure.name} could not be measured:`, cause);
		}
	}
	console.log(`\n${table(rows)}`);
	if (failed.length === 0) return;
	console.log(`\nNot measured: ${failed.join(', ')}`);
	process.exitCode = 1;
}

/** Rows that were measured now replace those of the same name; `--only` leaves the others as they were. */
async function keep(rows: readonly Row[]): Promise<void> {
	const before = JSON.parse(await readFile(RESULTS, 'utf8').catch(() => '[]')) as readonly Result[];
	const others = before.filter(({ name }) => !rows.some((row) => row.name === name));
	const now = rows.map(({ name, value, unit, peers }): Result => ({
		name,
		value: rounded(value),
		unit,
		peers: Object.fromEntries(Object.entries(peers).map(([peer, theirs]) => [peer, rounded(theirs)]))
	}));
	const all = [...others, ...now].sort((a, b) => (a.name < b.name ? -1 : 1));
	await writeFile(RESULTS, `${JSON.stringify(all, null, 2)}\n`);
}

function rounded(value: number): number {
	return Math.round(value * 1000) / 1000;
}
