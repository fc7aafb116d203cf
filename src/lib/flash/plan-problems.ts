import {
	APP_TYPE,
	IMAGE_MAGIC,
	bootloaderOffset,
	chipFamilyOf,
	PARTITION_TABLE_OFFSET,
	PRACTICE_CHIP_ID,
	PRACTICE_FAMILY,
	type AppImage,
	type ChipFamily,
	type PartitionTable,
	type PlacedTable
} from '$lib/formats';
import type { BoardFacts } from './facts';
import { isSettings, SECTOR_BYTES, sectorsOf, touch } from './plan-erase';
import type { PlanProblem, PlanWishes } from './plan-facts';
import { tableIn, type PlannedPart } from './plan-read';

/** Where the first app lies in every table that ESP-IDF brings along. */
const USUAL_APP_OFFSET = 0x10000;
/** A greatest revision that names none. */
const ANY_REVISION = 0xffff;

/** What speaks against parts by themselves, and against their places. @param placed the table that will be there */
export function partProblems(
	board: BoardFacts,
	parts: readonly PlannedPart[],
	placed: PlacedTable | undefined,
	{ overridden = [], settings }: PlanWishes
): readonly PlanProblem[] {
	const after = placed?.table;
	return [
		...wrongChips(board, parts, overridden),
		...parts.flatMap((part) => [
			...placeProblems(board, part, placed),
			...part.images.flatMap(({ image }) => imageProblems(board, part.name, image))
		]),
		...headerSize(board, parts),
		...overlaps(parts),
		...parts.flatMap((part) => tooBig(board, part, placed)),
		...parts.flatMap((part) => tableBeyond(board, part)),
		...(settings && !liesInSettings(settings, after)
			? [{ kind: 'settings-nowhere', blocking: true, offset: settings.offset } as const]
			: []),
		...locks(board, parts)
	];
}

/**
 * Practice images and real chips are kept apart both ways; a real image on a practice board is harmless and does not run. A
 * practice image never meets silicon, whoever knows better.
 */
function wrongChips(
	board: BoardFacts,
	parts: readonly PlannedPart[],
	overridden: readonly ChipFamily[]
): readonly PlanProblem[] {
	const wanted = board.practice ? PRACTICE_FAMILY : board.chip;
	const labels = new Map<ChipFamily, Set<string>>();
	for (const { name, images } of parts)
		for (const { image } of images) {
			const found = chipFamilyOf(image.chipId);
			const runs = found === wanted || (board.practice && found === board.chip);
			if (found === undefined || runs || hasNoChipId(board, image)) continue;
			labels.set(found, (labels.get(found) ?? new Set()).add(name));
		}
	return [...labels].map(([found, names]) => {
		const overridable = found !== PRACTICE_FAMILY;
		const blocking = !(overridable && overridden.includes(found));
		return { kind: 'wrong-chip', blocking, labels: [...names], found, wanted, overridable };
	});
}

/** The ESP8266's header has none; the practice board's has, wherever it comes from. */
const hasNoChipId = (board: BoardFacts, image: AppImage): boolean =>
	board.chip === 'ESP8266' && image.chipId !== PRACTICE_CHIP_ID;

function imageProblems(board: BoardFacts, label: string, image: AppImage): PlanProblem[] {
	const problems: PlanProblem[] = [];
	if (!image.checksumOk || image.hash.kind === 'wrong')
		problems.push({ kind: 'hash-wrong', blocking: true, label });
	if (hasNoChipId(board, image)) return problems;
	const found = chipFamilyOf(image.chipId);
	if (found === undefined) problems.push({ kind: 'not-an-image', blocking: true, label });
	if (board.practice && found === board.chip) problems.push({ kind: 'will-not-run', blocking: false, label });
	if (found !== board.chip && found !== PRACTICE_FAMILY) return problems; // its revisions are another chip's
	const revision = revisionOf(board);
	if (revision === undefined) return problems;
	if (revision < image.minRevFull)
		problems.push({ kind: 'chip-too-old', blocking: true, label, wants: image.minRevFull });
	// The bootloader looks at an app's greatest revision, and nobody at its own.
	if (image.descriptor && image.maxRevFull !== ANY_REVISION && revision > image.maxRevFull)
		problems.push({ kind: 'chip-too-new', blocking: true, label, allows: image.maxRevFull });
	return problems;
}

/** "v0.4" as 4; one that is not known stands in nobody's way. */
function revisionOf({ revision }: BoardFacts): number | undefined {
	const found = /^v(\d+)\.(\d+)$/u.exec(revision);
	return found ? 100 * Number(found[1]) + Number(found[2]) : undefined;
}

function placeProblems(
	board: BoardFacts,
	{ name: label, offset, bytes, bin, images, rest }: PlannedPart,
	placed: PlacedTable | undefined
): PlanProblem[] {
	const after = placed?.table;
	const problems: PlanProblem[] = [];
	if (offset % SECTOR_BYTES !== 0) problems.push({ kind: 'misaligned', blocking: true, label, offset });
	if (rest) return problems;
	const wantsImage =
		offset === bootloaderOffset(board.chip) ||
		after?.partitions.some((partition) => partition.type === APP_TYPE && partition.offset === offset);
	const isImage = images.length > 0 || (board.chip === 'ESP8266' && bytes[0] === IMAGE_MAGIC);
	const wantsTable = offset === tableAt(placed) && board.chip !== 'ESP8266';
	const misplaced = (wantsImage && !isImage) || (wantsTable && bin.kind !== 'partition-table');
	const cutShort = bin.kind === 'unknown' && bytes[0] === IMAGE_MAGIC && board.chip !== 'ESP8266';
	if (cutShort) problems.push({ kind: 'cut-short', blocking: true, label });
	else if (misplaced || looksLikeAPage(bytes)) problems.push({ kind: 'not-an-image', blocking: true, label });
	else if (!after && offset === USUAL_APP_OFFSET && !isImage)
		problems.push({ kind: 'not-recognised', blocking: false, label });
	return problems;
}

/** Only the header of the image that the ROM starts is believed. */
function headerSize(board: BoardFacts, parts: readonly PlannedPart[]): readonly PlanProblem[] {
	const place = bootloaderOffset(board.chip);
	return parts.flatMap(({ name: label, images }) =>
		images.flatMap(({ offset, image: { flashSizeBytes: saysBytes = 0 } }) =>
			offset === place && board.flashSizeBytes !== null && saysBytes > board.flashSizeBytes
				? [{ kind: 'header-flash-size', blocking: false, label, saysBytes } as const]
				: []
		)
	);
}

/** Erasing is by sectors, so two that share one overlap even where their bytes do not. */
function overlaps(parts: readonly PlannedPart[]): readonly PlanProblem[] {
	const taken = parts.map(({ offset, bytes }) => sectorsOf({ offset, length: bytes.length }));
	return parts.flatMap(({ name: label }, i) =>
		parts.flatMap(({ name: other }, j) =>
			j > i && touch(taken[i]!, taken[j]!) ? [{ kind: 'overlap', blocking: true, label, other } as const] : []
		)
	);
}

/** Whether parts lie on sectors, side by side, and within their places: of what they are, nothing. */
export const fitProblems = (
	board: BoardFacts,
	parts: readonly PlannedPart[],
	placed: PlacedTable | undefined
): readonly PlanProblem[] => [
	...parts.flatMap(({ name: label, offset }) =>
		offset % SECTOR_BYTES === 0 ? [] : [{ kind: 'misaligned', blocking: true, label, offset } as const]
	),
	...overlaps(parts),
	...parts.flatMap((part) => tooBig(board, part, placed))
];

const tableAt = (placed: PlacedTable | undefined): number => placed?.offset ?? PARTITION_TABLE_OFFSET;

/** Beyond the flash, its partition or, a bootloader, the table. */
function tooBig(
	board: BoardFacts,
	{ name: label, offset, bytes, bin, rest }: PlannedPart,
	placed: PlacedTable | undefined
): readonly PlanProblem[] {
	const after = placed?.table;
	const end = offset + bytes.length;
	const row = rest ? undefined : after?.partitions.find((partition) => partition.offset === offset);
	const places: { readonly end: number; readonly place?: string }[] = [];
	if (board.flashSizeBytes !== null) places.push({ end: board.flashSizeBytes });
	if (row) places.push({ end: row.offset + row.size, place: row.label });
	if (after && bin.kind === 'bootloader' && offset === bootloaderOffset(board.chip))
		places.push({ end: tableAt(placed), place: 'bootloader' });
	const [tightest] = places.toSorted((a, b) => a.end - b.end);
	if (!tightest || end <= tightest.end) return [];
	const { place } = tightest;
	return [{ kind: 'too-big', blocking: true, label, overBytes: end - tightest.end, ...(place && { place }) }];
}

function tableBeyond({ flashSizeBytes }: BoardFacts, { name, bin }: PlannedPart): readonly PlanProblem[] {
	const ends = tableIn(bin)?.partitions.map(({ offset, size }) => offset + size) ?? [];
	const overBytes = flashSizeBytes === null ? 0 : Math.max(0, ...ends) - flashSizeBytes;
	return overBytes > 0 ? [{ kind: 'table-beyond-flash', blocking: true, label: name, overBytes }] : [];
}

const liesInSettings = (
	{ offset }: { readonly offset: number },
	after: PartitionTable | undefined
): boolean => after?.partitions.some((row) => isSettings(row) && row.offset === offset) ?? false;

function locks(board: BoardFacts, parts: readonly PlannedPart[]): readonly PlanProblem[] {
	const found = [
		...(board.secureBoot ? (['secure-boot'] as const) : []),
		...(board.flashEncryption ? (['flash-encryption'] as const) : [])
	];
	return parts.some(({ images }) => images.length > 0)
		? found.map((by) => ({ kind: 'locked-chip', blocking: false, by }))
		: [];
}

/** A web page saved or served in a file's place. */
export function looksLikeAPage(bytes: Uint8Array): boolean {
	const start = String.fromCharCode(...bytes.subarray(0, 64))
		.trimStart()
		.toLowerCase();
	return start.startsWith('<!doctype') || start.startsWith('<html');
}
