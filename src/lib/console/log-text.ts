import type { ConsoleLine } from './console-log';

const two = (n: number): string => String(n).padStart(2, '0');

/** Time of day on this computer, to the millisecond: `14:03:27.041`. */
export function timeOfDay(atMs: number): string {
	const at = new Date(atMs);
	const seconds = `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
	return `${seconds}.${String(at.getMilliseconds()).padStart(3, '0')}`;
}

export const plainText = (line: ConsoleLine): string => line.spans.map((span) => span.text).join('');

const MARK = { board: '', page: '-- ', sent: '> ' } as const;

/** The log as a text file: a line each, without colours. @param timestamps full dates, since a file is read later */
export function logText(lines: Iterable<ConsoleLine>, { timestamps }: { timestamps: boolean }): string {
	let out = '';
	for (const line of lines) {
		const at = timestamps ? `${new Date(line.atMs).toISOString()} ` : '';
		out += `${at}${MARK[line.from]}${plainText(line)}\n`;
	}
	return out;
}
