import { chipFamilyOf, PRACTICE_CHIP_ID, PRACTICE_FAMILY, type AppImage } from '$lib/formats';
import {
	bootloaderOffset,
	PARTITION_TABLE_OFFSET,
	recogniseBin,
	type Partition,
	type PartitionTable,
	type RecognisedBin
} from '$lib/formats';
import type {
	BoardFacts,
	FirmwareSource,
	PlanProblem,
	PlanRange,
	PlanRegion,
	PlanWishes,
	WritePlan
} from './facts';

/** The least that a flash erases, bytes. */
export const SECTOR_BYTES = 0x1000;

/** The first byte of every image. */
const IMAGE_MAGIC = 0xe9;
/** Where the first app lies in every table that ESP-IDF brings along. */
const USUAL_APP_OFFSET = 0x10000;

/** ESP-IDF's `ESP_PARTITION_TYPE_APP`, and the subtype of `data` that holds NVS. */
const APP_TYPE = 0;
const DATA_TYPE = 1;
const NVS_SUBTYPE = 2;

/**
 * What a write would do to this board, and what speaks against it. Pure.
 * @param wishes.current the table that the board has now, where it has one
 */
export function planWrite(
	board: BoardFacts,
	source: FirmwareSource,
	{ eraseAll: erase, settings, current }: PlanWishes & { readonly current?: PartitionTable }
): WritePlan {
	const read = [
		...source.parts.filter(({ offset }) => offset !== settings?.offset),
		...(settings ? [settings] : [])
	]
		.filter((part) => part.bytes.length > 0)
		.map((part) => ({ part, bin: recogniseBin(part.bytes) }))
		.toSorted((a, b) => a.part.offset - b.part.offset);
	const regions = read.map(({ part, bin }): PlanRegion => {
		const image = imagesIn(bin).at(-1);
		return {
			offset: part.offset,
			length: part.bytes.length,
			label: part.name,
			kind: bin.kind,
			bytes: part.bytes,
			...(image && { image })
		};
	});
	const table = read.map(({ bin }) => tableIn(bin)).find((found) => found !== undefined) ?? current;
	const problems = [
		...read.flatMap(({ part, bin }) => [
			...placeProblems(board, part.name, part.offset, part.bytes, bin, table),
			...imagesIn(bin).flatMap((image) => imageProblems(board, part.name, image))
		]),
		...overlaps(regions),
		...sizeProblems(board, regions, table),
		...tableProblems(board, read),
		...startProblems(board, read, current, erase),
		...lockProblems(board, read)
	];
	return {
		mac: board.mac,
		regions,
		eraseAll: erase,
		problems,
		...fates(board, regions, erase, current, table)
	};
}

function imagesIn(bin: RecognisedBin): readonly AppImage[] {
	switch (bin.kind) {
		case 'app':
		case 'bootloader':
			return [bin.image];
		case 'merged':
			return [bin.bootloader, bin.app].flatMap((found) => (found ? [found.image] : []));
		default:
			return [];
	}
}

const tableIn = (bin: RecognisedBin): PartitionTable | undefined =>
	bin.kind === 'partition-table' || bin.kind === 'merged' ? bin.table : undefined;

/** Practice images and real chips are kept apart both ways; a real image on a practice board is harmless and does not run. */
function imageProblems(board: BoardFacts, label: string, image: AppImage): PlanProblem[] {
	const problems: PlanProblem[] = [];
	if (!image.checksumOk || image.hash.kind === 'wrong')
		problems.push({ kind: 'hash-wrong', blocking: true, label });
	if (board.chip === 'ESP8266' && image.chipId !== PRACTICE_CHIP_ID) return problems; // its header has no chip id
	if (board.flashSizeBytes !== null && (image.flashSizeBytes ?? 0) > board.flashSizeBytes)
		problems.push({
			kind: 'header-flash-size',
			blocking: false,
			label,
			saysBytes: image.flashSizeBytes ?? 0
		});
	const found = chipFamilyOf(image.chipId);
	const wanted = board.practice ? PRACTICE_FAMILY : board.chip;
	if (found === undefined) problems.push({ kind: 'not-an-image', blocking: true, label });
	else if (board.practice && found === board.chip)
		problems.push({ kind: 'will-not-run', blocking: false, label });
	else if (found !== wanted) problems.push({ kind: 'wrong-chip', blocking: true, found, wanted });
	else if (revisionOf(board) < image.minRevFull)
		problems.push({ kind: 'chip-too-old', blocking: true, label, wants: image.minRevFull });
	return problems;
}

function placeProblems(
	board: BoardFacts,
	label: string,
	offset: number,
	bytes: Uint8Array,
	bin: RecognisedBin,
	table: PartitionTable | undefined
): PlanProblem[] {
	const problems: PlanProblem[] = [];
	if (offset % SECTOR_BYTES !== 0) problems.push({ kind: 'misaligned', blocking: true, label, offset });
	const wantsImage =
		offset === bootloaderOffset(board.chip) ||
		table?.partitions.some((partition) => partition.type === APP_TYPE && partition.offset === offset);
	const isImage = imagesIn(bin).length > 0 || (board.chip === 'ESP8266' && bytes[0] === IMAGE_MAGIC);
	const wantsTable = offset === PARTITION_TABLE_OFFSET && board.chip !== 'ESP8266';
	const misplaced = (wantsImage && !isImage) || (wantsTable && bin.kind !== 'partition-table');
	const cutShort = bin.kind === 'unknown' && bytes[0] === IMAGE_MAGIC && board.chip !== 'ESP8266';
	if (cutShort) problems.push({ kind: 'cut-short', blocking: true, label });
	else if (misplaced || looksLikeAPage(bytes)) problems.push({ kind: 'not-an-image', blocking: true, label });
	else if (!table && offset === USUAL_APP_OFFSET && !isImage)
		problems.push({ kind: 'not-recognised', blocking: false, label });
	return problems;
}

/** "v0.4" as 4; a revision that is not known stands in nobody's way. */
function revisionOf({ revision }: BoardFacts): number {
	const found = /^v(\d+)\.(\d+)$/u.exec(revision);
	return found ? 100 * Number(found[1]) + Number(found[2]) : Infinity;
}

interface ReadPart {
	readonly part: { readonly name: string };
	readonly bin: RecognisedBin;
}

function tableProblems({ flashSizeBytes }: BoardFacts, read: readonly ReadPart[]): PlanProblem[] {
	if (flashSizeBytes === null) return [];
	return read.flatMap(({ part, bin }) => {
		const ends = tableIn(bin)?.partitions.map(({ offset, size }) => offset + size) ?? [];
		const overBytes = Math.max(0, ...ends) - flashSizeBytes;
		return overBytes > 0
			? [{ kind: 'table-beyond-flash', blocking: true, label: part.name, overBytes } as const]
			: [];
	});
}

/** An app needs a bootloader and a table; a board with a table is taken to have both. */
function startProblems(
	board: BoardFacts,
	read: readonly ReadPart[],
	current: PartitionTable | undefined,
	erase: boolean
): PlanProblem[] {
	const has = (kind: RecognisedBin['kind']) => read.some(({ bin }) => bin.kind === kind);
	if (board.chip === 'ESP8266' || !has('app') || has('merged') || (current && !erase)) return [];
	const missing = (['bootloader', 'partition-table'] as const).filter((kind) => !has(kind));
	return missing.map((kind) => ({ kind: 'nothing-starts-it', blocking: false, missing: kind }));
}

function lockProblems(board: BoardFacts, read: readonly ReadPart[]): PlanProblem[] {
	const locks = [
		...(board.secureBoot ? (['secure-boot'] as const) : []),
		...(board.flashEncryption ? (['flash-encryption'] as const) : [])
	];
	return read.some(({ bin }) => imagesIn(bin).length > 0)
		? locks.map((by) => ({ kind: 'locked-chip', blocking: false, by }))
		: [];
}

/** A web page saved or served in a file's place. */
export function looksLikeAPage(bytes: Uint8Array): boolean {
	const start = String.fromCharCode(...bytes.subarray(0, 64))
		.trimStart()
		.toLowerCase();
	return start.startsWith('<!doctype') || start.startsWith('<html');
}

/** Regions are erased by sectors, so two that share one overlap even where their bytes do not. */
function overlaps(regions: readonly PlanRegion[]): PlanProblem[] {
	return regions.flatMap((region, i) => {
		const next = regions[i + 1];
		return next && sectorEnd(region) > sectorStart(next)
			? [{ kind: 'overlap', blocking: true, label: region.label, other: next.label } as const]
			: [];
	});
}

function sizeProblems(
	board: BoardFacts,
	regions: readonly PlanRegion[],
	table: PartitionTable | undefined
): PlanProblem[] {
	return regions.flatMap((region) => {
		const end = region.offset + region.length;
		const place = table?.partitions.find((partition) => partition.offset === region.offset);
		const limits = [board.flashSizeBytes, place && place.offset + place.size];
		const over = Math.max(...limits.map((limit) => (typeof limit === 'number' ? end - limit : -Infinity)));
		return over > 0
			? [{ kind: 'too-big', blocking: true, label: region.label, overBytes: over } as const]
			: [];
	});
}

const sectorStart = (range: { offset: number }) => range.offset - (range.offset % SECTOR_BYTES);
const sectorEnd = (range: { offset: number; length: number }) =>
	Math.ceil((range.offset + range.length) / SECTOR_BYTES) * SECTOR_BYTES;

/** Which stretches of what is there now die and which stay. */
function fates(
	board: BoardFacts,
	regions: readonly PlanRegion[],
	erase: boolean,
	current: PartitionTable | undefined,
	after: PartitionTable | undefined
): Pick<WritePlan, 'erased' | 'kept'> {
	const written = regions.map((region) => ({ start: sectorStart(region), end: sectorEnd(region) }));
	if (!current) {
		const all = board.flashSizeBytes ?? Math.max(0, ...written.map(({ end }) => end));
		const stretches = erase ? [{ start: 0, end: all }] : written;
		return {
			erased: stretches.map(({ start, end }) => ({
				offset: start,
				length: end - start,
				label: 'what is there'
			})),
			kept: []
		};
	}
	const erased: PlanRange[] = [];
	const kept: PlanRange[] = [];
	const places = [
		...fixedPlaces(board).map((range) => ({ range, found: true })),
		...current.partitions.map((row) => ({ range: namedRange(row), found: isIn(after, row) }))
	];
	for (const { range, found } of places) {
		const end = range.offset + range.length;
		const dies = erase || written.some((area) => area.start < end && area.end > range.offset);
		// What the new table does not name where it was is there still, and lost to the program.
		(dies || !found ? erased : kept).push(range);
	}
	return { erased, kept };
}

const isIn = (table: PartitionTable | undefined, row: Partition): boolean =>
	table?.partitions.some(
		({ label, type, subtype, offset, size }) =>
			label === row.label &&
			type === row.type &&
			subtype === row.subtype &&
			offset === row.offset &&
			size === row.size
	) ?? false;

/** What every flash with a table has before its first partition. */
function fixedPlaces(board: BoardFacts): PlanRange[] {
	const offset = bootloaderOffset(board.chip);
	return [
		{ offset, length: PARTITION_TABLE_OFFSET - offset, label: 'bootloader' },
		{ offset: PARTITION_TABLE_OFFSET, length: SECTOR_BYTES, label: 'partition table' }
	];
}

/** NVS is where a board keeps its Wi-Fi and its broker, so it is named for what it means to a person. */
function namedRange({ label, type, subtype, offset, size }: Partition): PlanRange {
	const isSettings = type === DATA_TYPE && subtype === NVS_SUBTYPE;
	return { offset, length: size, label: isSettings ? `settings (${label})` : label };
}
