import type { ConsoleLine } from '../console-line';
import type { ConsoleShown } from '../console-log';
import type { VisibleRows } from '../visible-rows';

/** What of a log is drawn: the lines that a reader sees, a few more, and where they begin. */
export interface LineWindow {
	readonly lines: readonly ConsoleLine[];
	/** The row in which the first of them begins. */
	readonly startRow: number;
	/** Of the whole log. */
	readonly rows: number;
	/** When the line before the first came. */
	readonly lastMs: number | undefined;
}

/** Lines drawn beyond each edge, so that a scroll shows no gap before the next frame. */
const BEYOND = 6;
/** What is drawn at most to hold on to a text that is being selected. */
const MOST_HELD = 2000;

/**
 * @param seen rows in view, from and to; may lie outside the log
 * @param open the line without an end, where it is shown
 * @param heldId a line that must not be taken away, because a selection begins in it
 */
export function lineWindow(
	{ rows, shown }: { readonly rows: VisibleRows; readonly shown: ConsoleShown },
	seen: { readonly from: number; readonly to: number },
	open: ConsoleLine | undefined,
	heldId?: number
): LineWindow {
	const total = rows.rows + (open ? rows.rowsOf(open) : 0);
	if (rows.count === 0) return { lines: open ? [open] : [], startRow: 0, rows: total, lastMs: undefined };
	let first = Math.max(0, rows.indexAtRow(Math.max(0, seen.from)) - BEYOND);
	let last = Math.min(rows.count - 1, rows.indexAtRow(Math.max(0, seen.to)) + BEYOND);
	const held = heldId === undefined ? undefined : rows.indexOfId(heldId);
	if (held !== undefined && held < first && last - held < MOST_HELD) first = held;
	if (held !== undefined && held > last && held - first < MOST_HELD) last = Math.min(rows.count - 1, held);
	const lines: ConsoleLine[] = [];
	for (let index = first; index <= last; index++) {
		const line = shown.lines.at(rows.idAt(index));
		if (line) lines.push(line);
	}
	if (open && last === rows.count - 1) lines.push(open);
	const before = first === 0 ? undefined : shown.lines.at(rows.idAt(first - 1))?.atMs;
	return { lines, startRow: rows.rowOf(first), rows: total, lastMs: before };
}
