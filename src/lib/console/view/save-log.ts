import { saveFile } from '$lib/ui';
import { logFile, logFileHead, type LogFileWishes } from '../log-file';
import type { ConsoleView } from './console-view.svelte';

/** Hands a person the lines that are shown, and those a pause holds back, as a file. Made in pieces, so that the page goes on meanwhile. */
export async function saveLog(
	view: ConsoleView,
	{ name, atMs, dropped }: { readonly name: string; readonly atMs: number; readonly dropped: number },
	wishes: LogFileWishes
): Promise<void> {
	const lines = [...view.passing()];
	const pieces: string[] = [];
	for (const piece of logFile(lines, wishes)) {
		pieces.push(piece);
		await new Promise((resolve) => setTimeout(resolve));
	}
	const hidden = view.kept - lines.length;
	const head = logFileHead({ name, atMs, dropped, hidden, lines: lines.length });
	const when = new Date(atMs).toISOString().slice(0, 19).replaceAll(':', '-');
	saveFile(`${name}-${when}.txt`, [head, ...pieces]);
}
