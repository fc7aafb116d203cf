import { type AppImage, type ChipFamily, PRACTICE_FAMILY } from '$lib/formats';
import type { BoardFacts, PlanProblem, PlanRange, WritePlan } from '../facts';
import { flashSize, hexAddress, type StripLook, type StripPart, type StripRow } from './strip';

/** One line of the plan as a table. */
export interface PlanLine {
	readonly offsetBytes: number;
	readonly lengthBytes: number;
	readonly fate: 'written' | 'erased' | 'kept';
	readonly what: string;
	readonly details?: string;
}

/** A trouble with a plan, in words. */
export interface PlanTrouble {
	readonly blocking: boolean;
	readonly what: string;
	readonly means: string;
	readonly todo: string;
}

/** Everything of a plan that a person sees. */
export interface PlanView {
	readonly sizeBytes: number;
	readonly practice: boolean;
	readonly rows: readonly StripRow[];
	readonly looks: readonly StripLook[];
	/** The picture in words. */
	readonly picture: string;
	readonly lines: readonly PlanLine[];
	readonly problems: readonly PlanTrouble[];
	/** What stays when not all is erased. */
	readonly keepWords: string;
	/** What the button does: "Write 3 parts · 312 KB". */
	readonly button: string;
	readonly writable: boolean;
	/** The whole plan in half a line: "3 parts · 312 KB, nothing else is touched". */
	readonly summary: string;
	/** All regions together. */
	readonly writtenBytes: number;
}

/** Where a chip does not say how much flash it has, the plan itself says how much there must be. */
const LEAST_FLASH_BYTES = 4 * 1024 * 1024;

/** What a person sees of a plan for this board. */
export function planView(board: BoardFacts, plan: WritePlan): PlanView {
	const ends = [...plan.regions, ...plan.kept, ...plan.erased].map(({ offset, length }) => offset + length);
	const sizeBytes = board.flashSizeBytes ?? Math.max(LEAST_FLASH_BYTES, ...ends);
	const written = plan.regions.map((region) => part(region, 'new'));
	const kept = plan.kept.map((range) => part(range, 'kept'));
	const erased = plan.erased.map((range) => part(range, 'dies'));
	const totalBytes = plan.regions.reduce((sum, region) => sum + region.length, 0);
	const writable = plan.regions.length > 0 && !plan.problems.some((problem) => problem.blocking);
	return {
		sizeBytes,
		practice: board.practice,
		rows: [
			{ title: 'Now', parts: [...kept, ...erased] },
			{ title: 'After', parts: [...kept, ...written] }
		],
		looks: ['new', 'dies', 'kept'],
		picture: `The flash of ${flashSize(sizeBytes)}: ${counted(written.length, 'part is', 'parts are')} written, ${counted(erased.length, 'stretch dies', 'stretches die')}, ${counted(kept.length, 'stretch stays', 'stretches stay')}. The table below says the same.`,
		lines: [
			...plan.regions.map((region) => ({
				...line(region, 'written'),
				...(region.image && detailsOf(region.image))
			})),
			...plan.erased.map((range) => line(range, 'erased')),
			...plan.kept.map((range) => line(range, 'kept'))
		].toSorted((a, b) => a.offsetBytes - b.offsetBytes),
		problems: plan.problems.map((problem) => ({ blocking: problem.blocking, ...problemWords(problem) })),
		keepWords:
			plan.kept.length > 0
				? `${plan.kept.map((range) => range.label).join(', ')}: as they are.`
				: 'Settings that the board has stay, where the firmware keeps its place for them.',
		button: `Write ${counted(plan.regions.length, 'part', 'parts')} · ${flashSize(totalBytes)}`,
		writable,
		summary: `${counted(plan.regions.length, 'part', 'parts')} · ${flashSize(totalBytes)}, ${plan.eraseAll ? 'everything else erased' : 'the rest as it was'}`,
		writtenBytes: totalBytes
	};
}

const counted = (n: number, one: string, many: string): string => `${n} ${n === 1 ? one : many}`;

const part = ({ offset, length, label }: PlanRange, look: StripLook): StripPart => ({
	offsetBytes: offset,
	lengthBytes: length,
	label,
	look
});

const line = ({ offset, length, label }: PlanRange, fate: PlanLine['fate']): PlanLine => ({
	offsetBytes: offset,
	lengthBytes: length,
	fate,
	what: label
});

/** "fieldbench-node 0.1.0, built Nov 21 2026 05:00:00 with IDF v5.3". */
function detailsOf({ descriptor }: AppImage): { details: string } | undefined {
	if (!descriptor) return undefined;
	const { project, version, date, time, idfVersion } = descriptor;
	const built = date ? `, built ${date} ${time}` : '';
	return { details: `${project} ${version}${built}${idfVersion ? ` with ESP-IDF ${idfVersion}` : ''}` };
}

/** What is wrong with a plan: what it is, what it means, what to do. */
export function problemWords(problem: PlanProblem): Omit<PlanTrouble, 'blocking'> {
	switch (problem.kind) {
		case 'wrong-chip':
			return {
				what: `This firmware is for another chip`,
				means: `It is made for ${chipName(problem.found)}, and the board has ${chipName(problem.wanted)}. It would not start.`,
				todo: 'Take the build for this chip.'
			};
		case 'not-an-image':
			return {
				what: `${problem.label} is no firmware image`,
				means: 'Its first bytes are not what a chip starts from. A web page saved as a file looks like this.',
				todo: 'Choose the .bin file of the build.'
			};
		case 'overlap':
			return {
				what: `${problem.label} and ${problem.other} overlap`,
				means: 'One would be written over the other.',
				todo: 'Correct the offset of one of them.'
			};
		case 'too-big':
			return {
				what: `${problem.label} does not fit`,
				means: `It is ${flashSize(problem.overBytes)} longer than the place it goes to.`,
				todo: 'Take a smaller build, or another partition table.'
			};
		case 'misaligned':
			return {
				what: `${problem.label} lies off the grid`,
				means: `Flash is erased in sectors of 4 KB, and ${hexAddress(problem.offset)} is in the middle of one.`,
				todo: 'Give it an offset that ends in 000.'
			};
		case 'will-not-run':
			return {
				what: `${problem.label} will not run on the practice board`,
				means:
					'It is real machine code, and the practice board has no such processor: it is kept, shown, and not run.',
				todo: 'Write it to see how that goes, or take the practice firmware to see a board come alive.'
			};
		case 'cut-short':
			return {
				what: `${problem.label} is cut short`,
				means:
					'It begins like a firmware image and ends before its own header says. A download that broke off looks like this.',
				todo: 'Build or download it again.'
			};
		case 'table-beyond-flash':
			return {
				what: `${problem.label} is for a larger flash`,
				means: `It names places up to ${flashSize(problem.overBytes)} beyond the end of the flash on this board.`,
				todo: 'Build for the flash size that this board has.'
			};
		case 'chip-too-old':
			return {
				what: `${problem.label} wants a later chip`,
				means: `It was built for revision v${Math.floor(problem.wants / 100)}.${problem.wants % 100} or later, and would not start on this one.`,
				todo: 'Build it for the revision that this board has, or take another board.'
			};
		case 'header-flash-size':
			return {
				what: `${problem.label} was built for ${flashSize(problem.saysBytes)} of flash`,
				means:
					'This board has less. Most programs then stop while they start, saying that the detected size is smaller.',
				todo: 'Build for the flash size that this board has.'
			};
		case 'nothing-starts-it':
			return {
				what: `There is no ${MISSING[problem.missing]} for it`,
				means:
					'A chip starts an app by both a bootloader and a partition table. Neither these parts nor the board would have them.',
				todo: `Add the build’s ${MISSING[problem.missing]}, or go on if it is there without a table that can be read.`
			};
		case 'not-recognised':
			return {
				what: `${problem.label} is not recognised`,
				means: 'It goes where an app usually lies, and does not begin like one.',
				todo: 'Check that this is the file, and the offset, that you mean.'
			};
		case 'locked-chip':
			return {
				what: LOCKS[problem.by],
				means:
					'What is written here as it is would not start, unless it was made with the key of whoever locked the chip.',
				todo: 'Go on only with images that are signed or encrypted for this chip.'
			};
		case 'hash-wrong':
			return {
				what: `${problem.label} is damaged`,
				means: 'The digest at its end does not fit its bytes. The chip would refuse to start it.',
				todo: 'Build or download it again.'
			};
	}
}

const MISSING = { bootloader: 'bootloader', 'partition-table': 'partition table' } as const;
const LOCKS = {
	'secure-boot': 'This chip starts only signed programs',
	'flash-encryption': 'The flash of this chip is encrypted'
} as const;

const chipName = (family: ChipFamily): string =>
	family === PRACTICE_FAMILY ? 'the practice board' : `an ${family}`;
