import type { TextStyle } from './text-style';

/** How grave a line is, by the letter that ESP-IDF, Arduino and ESPHome write for it. */
export type LogLevel = 'error' | 'warning' | 'info' | 'debug' | 'verbose';
export const LOG_LEVELS: readonly LogLevel[] = ['error', 'warning', 'info', 'debug', 'verbose'];

/** From `at` (in UTF-16 units) to the next run, or to the end of the line. */
export interface StyleRun {
	readonly at: number;
	readonly style: TextStyle;
}

/** What a line is made of before it has a number. */
export interface LineText {
	/** When its first character came: ms since the epoch, by this computer's clock. */
	readonly atMs: number;
	readonly text: string;
	/** Ascending; text before the first one is plain. */
	readonly runs: readonly StyleRun[];
	/** It was too long: the next line goes on with it. */
	readonly cut?: true;
}

export interface ConsoleLine extends LineText {
	/** Rises by one from line to line; never used again. */
	readonly id: number;
	/** `board`: it came over the cable. `page`: said by Fieldbench itself. `sent`: typed by a person. */
	readonly from: 'board' | 'page' | 'sent';
	readonly level?: LogLevel;
	/** Who of the program wrote it. */
	readonly tag?: string;
}

/** Lines with ascending ids without a hole, from firstId to before endId; the oldest may be given up at any time. */
export interface Lines {
	readonly firstId: number;
	readonly endId: number;
	/** undefined where it is not kept. */
	at(id: number): ConsoleLine | undefined;
}
