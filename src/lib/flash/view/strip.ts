/** How a stretch of the flash looks: what it is now, or what becomes of it. */
export type StripLook = 'kept' | 'dies' | 'new' | 'empty' | 'unknown';

/** A stretch of the flash as the strip draws it. */
export interface StripPart {
	readonly offsetBytes: number;
	readonly lengthBytes: number;
	readonly label: string;
	/** Shown where the label has no room. */
	readonly shortLabel?: string;
	readonly look: StripLook;
	/** 0 … 1: how much of it is written. Absent: nothing is being written. */
	readonly filled?: number;
	/** Read back by the chip and found right. */
	readonly verified?: boolean;
}

/** One strip: the flash at one moment. */
export interface StripRow {
	readonly title: string;
	readonly parts: readonly StripPart[];
}

/** A stretch that is drawn, in bytes; `toBytes` is the first that is not. */
export interface StripWindow {
	readonly fromBytes: number;
	readonly toBytes: number;
}

/** A part laid out in a window, in per cent of its width. */
export interface StripBox extends StripPart {
	readonly leftPercent: number;
	readonly widthPercent: number;
	/** Its label or its short one, whichever has room; empty where none has. */
	readonly text: string;
}

/** A label needs about this many per cent of the narrowest strip for each of its letters. */
const LETTER_PERCENT = 2.4;
/** What is thinner than this on the whole strip is a line without a name: it is worth a lens. */
const THIN_PERCENT = 2;

/** Lays parts out to scale. What lies outside of the window is left out, what crosses its edge is cut. */
export function layOut(parts: readonly StripPart[], window: StripWindow): readonly StripBox[] {
	const span = window.toBytes - window.fromBytes;
	return parts.flatMap((part) => {
		const from = Math.max(part.offsetBytes, window.fromBytes);
		const to = Math.min(part.offsetBytes + part.lengthBytes, window.toBytes);
		if (to <= from) return [];
		const widthPercent = (100 * (to - from)) / span;
		return [
			{
				...part,
				leftPercent: (100 * (from - window.fromBytes)) / span,
				widthPercent,
				text:
					[part.label, part.shortLabel ?? ''].find((text) => text.length * LETTER_PERCENT < widthPercent) ??
					''
			}
		];
	});
}

/**
 * The start of the flash, where the small things lie, if two or more of them are too thin to be seen on the whole strip.
 * @returns undefined where the whole strip shows everything
 */
export function lensOf(rows: readonly StripRow[], sizeBytes: number): StripWindow | undefined {
	const thin = rows
		.flatMap((row) => row.parts)
		.filter(
			(part) => (100 * part.lengthBytes) / sizeBytes < THIN_PERCENT && part.offsetBytes < sizeBytes / 8
		);
	if (new Set(thin.map((part) => part.offsetBytes)).size < 2) return undefined;
	const end = Math.max(...thin.map((part) => part.offsetBytes + part.lengthBytes));
	const toBytes = Math.min(sizeBytes, 2 ** Math.ceil(Math.log2(end)));
	return toBytes * 4 <= sizeBytes ? { fromBytes: 0, toBytes } : undefined;
}

/** Round addresses to write under a strip: its ends and quarters. */
export function ticks(
	window: StripWindow
): readonly { readonly atBytes: number; readonly leftPercent: number }[] {
	return [0, 0.25, 0.5, 0.75, 1].map((share) => ({
		atBytes: window.fromBytes + share * (window.toBytes - window.fromBytes),
		leftPercent: 100 * share
	}));
}

const KIB = 1024;
const MIB = KIB * KIB;

/** Flash is made and cut in powers of two, so its sizes are told in them: "0", "64 KB", "1.5 MB". */
export function flashSize(bytes: number): string {
	if (bytes === 0) return '0';
	if (bytes < KIB) return `${bytes} B`;
	const [size, unit] = bytes < MIB ? [bytes / KIB, 'KB'] : [bytes / MIB, 'MB'];
	return `${Number(size.toFixed(size < 10 && !Number.isInteger(size) ? 2 : 0))} ${unit}`;
}

/** "0x010000": addresses of one flash are equally wide, so that they stand in a column. */
export const hexAddress = (bytes: number): string => `0x${bytes.toString(16).padStart(6, '0')}`;

/** "0x009000 – 0x00dfff". */
export const spanWords = (offset: number, size: number): string =>
	`${hexAddress(offset)} – ${hexAddress(offset + size - 1)}`;
