import { reaches, type Row, type Target } from './figure';

const HEAD = ['figure', 'value', 'unit', 'target', '', 'peers', 'runs'] as const;

/** The rows as a table for a terminal, numbers to the right, and the notes below it. */
export function table(rows: readonly Row[]): string {
	const cells = [HEAD, ...rows.map(line)];
	const widths = HEAD.map((_, column) => Math.max(...cells.map((cell) => cell[column]?.length ?? 0)));
	const text = cells.map((cell) =>
		cell
			.map((word, column) => (column === 1 ? word.padStart(widths[column]!) : word.padEnd(widths[column]!)))
			.join('  ')
			.trimEnd()
	);
	const notes = rows.flatMap(({ name, notes }) => notes.map((note) => `  ${name}: ${note}`));
	return [...text, '', ...notes].join('\n');
}

function line(row: Row): readonly string[] {
	const verdict = { true: 'ok', false: 'MISSED', undefined: '' }[String(reaches(row))] ?? '';
	const peers = Object.entries(row.peers).map(([name, value]) => `${name} ${short(value)}`);
	return [
		row.name,
		short(row.value),
		row.unit,
		row.target ? wanted(row.target) : '',
		verdict,
		peers.join(', '),
		row.runs.map(short).join(' ')
	];
}

function wanted(target: Target): string {
	switch (target.kind) {
		case 'at-most':
			return `≤ ${target.value}`;
		case 'at-least':
			return `≥ ${target.value}`;
		case 'share-of-peer':
			return `≥ ${target.share * 100} % of ${target.peer}`;
	}
}

/** Three figures that mean something, no more. */
const short = (value: number): string =>
	value >= 100 ? String(Math.round(value)) : String(Number(value.toPrecision(3)));
