import type { FlashReport } from '../facts';

/** "about 40 s", "2 min 10 s": told in steps that a person can follow. @param seconds undefined where nothing tells yet */
export function timeLeft(seconds: number | undefined): string {
	if (seconds === undefined || !Number.isFinite(seconds)) return '–';
	if (seconds < 1.5) return '1 s';
	if (seconds < 60) return `${Math.ceil(seconds)} s`;
	const minutes = Math.floor(seconds / 60);
	return `${minutes} min ${String(Math.floor((seconds % 60) / 10) * 10).padStart(2, '0')} s`;
}

/** "8.4 s", "1 min 24 s". */
export function duration(ms: number): string {
	const seconds = ms / 1000;
	if (seconds < 60) return `${seconds.toFixed(1)} s`;
	return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
}

/** The quarter that a write has reached, 0 … 4: a screen reader hears these and not each per cent. */
export function quarter(writtenBytes: number, totalBytes: number): number {
	return totalBytes === 0 ? 0 : Math.floor((4 * writtenBytes) / totalBytes);
}

/** What came of the line's rate; nothing where it kept what it was wished to. */
export function lineWords({ baud, slowedFrom }: Pick<FlashReport, 'baud' | 'slowedFrom'>): string {
	if (slowedFrom === undefined) return '';
	return `The line lost bytes at ${baudWords(slowedFrom)} and was slowed to ${baudWords(baud)}, where the next write begins: a shorter cable or another USB socket may be faster.`;
}

/** "921,600 baud". */
export const baudWords = (baud: number): string => `${baud.toLocaleString('en')} baud`;
