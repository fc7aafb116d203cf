import type { ConsoleLine } from './console-line';
import { stamp, type StampKind } from './text-clock';
import { type Ink, PLAIN, type TextStyle } from './text-style';

export interface LogFileWishes {
	readonly stamps: StampKind;
	/** As ANSI sequences, which `less -R` and terminals show. */
	readonly colours: boolean;
}

export const MARKS = { board: '', page: '-- ', sent: '> ' } as const;

/** What a piece of the file holds at most, so that making it never blocks a page for long. */
const PIECE_LINES = 2000;

/** The log as text, a line each, in pieces. `time` is the full date here, since a file is read later. */
export function* logFile(
	lines: Iterable<ConsoleLine>,
	{ stamps, colours }: LogFileWishes
): Generator<string, void> {
	let piece = '';
	let count = 0;
	let startMs: number | undefined;
	let lastMs: number | undefined;
	for (const line of lines) {
		startMs ??= line.atMs;
		if (stamps === 'time') piece += `${new Date(line.atMs).toISOString()} `;
		else if (stamps !== 'none') piece += `${stamp(stamps, line.atMs, { startMs, lastMs })} `;
		lastMs = line.atMs;
		piece += MARKS[line.from] + (colours ? ansiText(line) : line.text) + (line.cut ? '' : '\n');
		if (++count % PIECE_LINES !== 0) continue;
		yield piece;
		piece = '';
	}
	if (piece !== '') yield piece;
}

/** What the file says of itself in its first line. */
export function logFileHead(facts: {
	readonly name: string;
	readonly atMs: number;
	readonly lines: number;
	/** Older ones that are not in it. */
	readonly dropped: number;
	/** Those that a filter left out. */
	readonly hidden: number;
}): string {
	const parts = [
		`Console of ${facts.name}, saved ${new Date(facts.atMs).toISOString()}: ${facts.lines} lines`,
		...(facts.dropped > 0 ? [`${facts.dropped} older ones were no longer kept`] : []),
		...(facts.hidden > 0 ? [`${facts.hidden} are left out by the filter`] : [])
	];
	return `-- ${parts.join('; ')}.\n`;
}

/** A line with its styles as ANSI sequences, each from scratch, so that a line means the same wherever it is cut out. */
export function ansiText({ text, runs }: Pick<ConsoleLine, 'text' | 'runs'>): string {
	if (runs.length === 0) return text;
	let out = text.slice(0, runs[0]!.at);
	for (let i = 0; i < runs.length; i++)
		out += sgr(runs[i]!.style) + text.slice(runs[i]!.at, runs[i + 1]?.at ?? text.length);
	return runs.at(-1)!.style === PLAIN ? out : `${out}\u001b[0m`;
}

const FLAGS = { bold: 1, dim: 2, italic: 3, underline: 4, inverse: 7, strike: 9 } as const;

function sgr(style: TextStyle): string {
	const codes: (number | string)[] = [0];
	for (const [flag, code] of Object.entries(FLAGS)) if (flag in style) codes.push(code);
	if (style.ink !== undefined) codes.push(inkCode(style.ink, 30));
	if (style.paper !== undefined) codes.push(inkCode(style.paper, 40));
	return `\u001b[${codes.join(';')}m`;
}

function inkCode(ink: Ink, base: 30 | 40): number | string {
	if (typeof ink === 'number') return ink < 8 ? base + ink : base + 60 + ink - 8;
	const rgb = [1, 3, 5].map((at) => parseInt(ink.slice(at, at + 2), 16));
	return `${base + 8};2;${rgb.join(';')}`;
}
