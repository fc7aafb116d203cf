import { PARTITION_TABLE_OFFSET, type ChipFamily } from '$lib/formats';
import type { Words } from '$lib/ui';
import { estimateMs } from '../estimate';
import type { BoardFacts } from '../facts';
import type { EraseChoice, Halfway, PlanRange, WritePlan } from '../plan-facts';
import { eraseView, type EraseView, settingsWords } from './erase-words';
import { headerView, type HeaderView } from './header-words';
import { imageFacts, type ImageFacts } from './image-words';
import { problemWords } from './problem-words';
import { flashSize, hexAddress, type StripLook, type StripPart, type StripRow } from './strip';
import { baudWords, timeLeft } from './write-words';

/** One line of the plan as a table. */
export interface PlanLine {
	readonly offsetBytes: number;
	readonly lengthBytes: number;
	readonly fate: 'written' | 'erased' | 'kept';
	readonly what: string;
	readonly details?: string;
}

/** A trouble with a plan, in words. */
export interface PlanTrouble extends Omit<Words, 'details'> {
	readonly blocking: boolean;
	/** A person may say that they know better: for this chip's images, by typing the name of the board's. */
	readonly override?: { readonly found: ChipFamily; readonly type: string };
}

/** One part of what is written. */
export interface PlanPart {
	readonly label: string;
	readonly offsetBytes: number;
	readonly lengthBytes: number;
	readonly images: readonly ImageFacts[];
	/** What is there now and dies of it. */
	readonly overwrites: readonly string[];
}

/** Everything of a plan that a person sees. */
export interface PlanView {
	readonly sizeBytes: number;
	readonly practice: boolean;
	readonly parts: readonly PlanPart[];
	readonly rows: readonly StripRow[];
	readonly looks: readonly StripLook[];
	/** The picture in words. */
	readonly picture: string;
	readonly lines: readonly PlanLine[];
	readonly problems: readonly PlanTrouble[];
	/** Settings that die, said loudly; absent where they live. */
	readonly settings?: Omit<Words, 'details'>;
	readonly erase: EraseView;
	readonly header?: HeaderView;
	/** Which app starts, where it would not be the one that is written. */
	readonly boot?: { readonly changed: boolean; readonly would: string; readonly written: string };
	/** "About 12 s at 921,600 baud, less for what is there already." */
	readonly time: string;
	/** What the button does: "Write 3 parts · 312 KB". */
	readonly button: string;
	readonly writable: boolean;
	/** Why nobody knows what dies; absent where it is known. */
	readonly unseen?: string;
	readonly halfway: Halfway;
	/** Bits per second that the write begins with; absent for a chip's own USB, which has none. */
	readonly baud?: number;
	/** The whole plan in half a line: "3 parts · 312 KB, the rest as it was". */
	readonly summary: string;
	/** All regions together. */
	readonly writtenBytes: number;
}

/** Where a chip does not say how much flash it has, the plan itself says how much there must be. */
const LEAST_FLASH_BYTES = 4 * 1024 * 1024;
/** Where the line has no rate, nothing waits for it but the flash. */
const NO_LINE_LIMIT = 8_000_000;

/** What a person sees of a plan for this board. @param baud that the write begins with; undefined for a chip's own USB */
export function planView(board: BoardFacts, plan: WritePlan, baud: number | undefined): PlanView {
	const ends = [...plan.regions, ...plan.kept, ...plan.erased].map(({ offset, length }) => offset + length);
	const sizeBytes = board.flashSizeBytes ?? Math.max(LEAST_FLASH_BYTES, ...ends);
	const written = plan.regions.map((region) => part(region, 'new'));
	const kept = plan.kept.map((range) => part(range, 'kept'));
	const erased = plan.erased.map((range) => part(range, 'dies'));
	const bare = plan.places.filter(({ offset }) => !plan.kept.some((range) => range.offset === offset));
	const empty = bare.map((range) => part(range, 'empty'));
	const totalBytes = plan.regions.reduce((sum, region) => sum + region.length, 0);
	const writable = plan.regions.length > 0 && !plan.problems.some((problem) => problem.blocking);
	const settings = settingsWords(plan);
	const header = headerView(board, plan);
	const amount = `${counted(plan.regions.length, 'part', 'parts')} · ${flashSize(totalBytes)}`;
	return {
		sizeBytes,
		practice: board.practice,
		parts: plan.regions.map((region) => ({
			label: region.label,
			offsetBytes: region.offset,
			lengthBytes: region.length,
			images: region.images.map(({ image }) => imageFacts(image)),
			overwrites: region.overwrites
		})),
		rows: [
			{ title: 'Now', parts: [...kept, ...erased] },
			{ title: 'After', parts: [...empty, ...kept, ...written] }
		],
		looks: ['new', 'dies', 'kept', ...(empty.length > 0 ? (['empty'] as const) : [])],
		picture: `The flash of ${flashSize(sizeBytes)}: ${counted(written.length, 'part is', 'parts are')} written, ${counted(erased.length, 'stretch dies', 'stretches die')}, ${counted(kept.length, 'stretch stays', 'stretches stay')}. The table below says the same.`,
		lines: [
			...plan.regions.map((region) => ({
				...line(region, 'written'),
				...(region.overwrites.length > 0 && { details: `over ${region.overwrites.join(', ')}` })
			})),
			...plan.erased.map((range) => line(range, 'erased')),
			...plan.kept.map((range) => line(range, 'kept'))
		].toSorted((a, b) => a.offsetBytes - b.offsetBytes),
		problems: plan.problems
			.filter(({ kind }) => kind !== 'erase-undecided' && kind !== 'settings-unknown')
			.map((problem) => ({
				blocking: problem.blocking,
				...problemWords(problem),
				...(problem.kind === 'wrong-chip' &&
					problem.overridable && { override: { found: problem.found, type: board.chip } })
			})),
		...(settings && { settings }),
		erase: eraseView(plan),
		...(header && { header }),
		...(plan.boot && { boot: plan.boot }),
		time: `About ${timeLeft(estimateMs(plan, baud ?? NO_LINE_LIMIT, sizeBytes) / 1000)}${baud === undefined ? '' : ` at ${baudWords(baud)}`}${plan.eraseAll ? '' : '; what is there already is left out'}.`,
		...(plan.unseen && { unseen: UNSEEN }),
		halfway: plan.halfway,
		...(baud !== undefined && { baud }),
		button: `Write ${amount}`,
		writable,
		summary: `${amount}, ${REST[plan.erase.choice]}`,
		writtenBytes: totalBytes
	};
}

const REST = {
	nothing: 'the rest as it was',
	'all-but-settings': 'the settings as they were, everything else erased',
	all: 'everything else erased'
} as const satisfies Record<EraseChoice, string>;

const UNSEEN = `No partition table was found, at ${hexAddress(PARTITION_TABLE_OFFSET)} or where larger bootloaders leave room for it: this page cannot say what is on the board now. If you know its address: “Change” at Firmware, and give it under Board.`;

const counted = (n: number, one: string, many: string): string => `${n} ${n === 1 ? one : many}`;

const part = ({ offset, length, label, row }: PlanRange, look: StripLook): StripPart => ({
	offsetBytes: offset,
	lengthBytes: length,
	label,
	...(row !== undefined && { shortLabel: row }),
	look
});

const line = ({ offset, length, label }: PlanRange, fate: PlanLine['fate']): PlanLine => ({
	offsetBytes: offset,
	lengthBytes: length,
	fate,
	what: label
});
