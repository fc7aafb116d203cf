import {
	parsePartitionTable,
	PARTITION_TABLE_OFFSETS,
	recogniseBin,
	type PartitionTable,
	type PlacedTable,
	type PlacedImage,
	type RecognisedBin
} from '$lib/formats';
import type { FirmwarePart } from './facts';

/** Bytes for one stretch of the flash, and what they are. */
export interface PlannedPart {
	readonly name: string;
	readonly offset: number;
	readonly bytes: Uint8Array<ArrayBuffer>;
	readonly bin: RecognisedBin;
	/** By offset in the flash. */
	readonly images: readonly PlacedImage[];
	/** What follows the settings in a file that they were cut out of: the file is judged by its first piece. */
	readonly rest: boolean;
	readonly isSettings: boolean;
	readonly madeFrom?: Uint8Array;
}

/** A plan is made anew at each choice of a person, and a digest over 16 MiB takes longer than a frame. */
const KNOWN = new WeakMap<Uint8Array, RecognisedBin>();

function recognised(bytes: Uint8Array): RecognisedBin {
	const known = KNOWN.get(bytes);
	if (known) return known;
	const bin = recogniseBin(bytes);
	KNOWN.set(bytes, bin);
	return bin;
}

/**
 * The parts by offset, with the settings in the place of what the firmware has there: a part that begins where they do gives way,
 * and from a whole flash their stretch is cut out.
 */
export function plannedParts(
	parts: readonly FirmwarePart[],
	settings: FirmwarePart | undefined
): readonly PlannedPart[] {
	const own = parts
		.filter(({ offset, bytes }) => bytes.length > 0 && offset !== settings?.offset)
		.flatMap((part) => (settings ? cutOut(plannedPart(part), settings) : [plannedPart(part)]));
	const made = settings && settings.bytes.length > 0 ? [{ ...plannedPart(settings), isSettings: true }] : [];
	return [...own, ...made].toSorted((a, b) => a.offset - b.offset);
}

function plannedPart({ name, offset, bytes, madeFrom }: FirmwarePart): PlannedPart {
	const bin = recognised(bytes);
	const images = imagesIn(bin).map((found) => ({ ...found, offset: offset + found.offset }));
	const made = madeFrom && { madeFrom };
	return { name, offset, bytes, bin, images, rest: false, isSettings: false, ...made };
}

/** Only a whole flash is cut: any other part that reaches there is in the wrong place, and the overlap says so. */
function cutOut(part: PlannedPart, settings: FirmwarePart): readonly PlannedPart[] {
	const [from, to] = [settings.offset, settings.offset + settings.bytes.length];
	const end = part.offset + part.bytes.length;
	if (part.bin.kind !== 'merged' || from >= end || to <= part.offset) return [part];
	const cut = (start: number, stop: number) => part.bytes.slice(start - part.offset, stop - part.offset);
	const inside = (start: number, stop: number) =>
		part.images.filter(({ offset }) => offset >= start && offset < stop);
	return [
		...(from > part.offset
			? [{ ...part, bytes: cut(part.offset, from), images: inside(part.offset, from) }]
			: []),
		...(to < end
			? [
					{
						...part,
						name: `${part.name}, the rest`,
						offset: to,
						bytes: cut(to, end),
						images: inside(to, end),
						rest: true
					}
				]
			: [])
	];
}

function imagesIn(bin: RecognisedBin): readonly PlacedImage[] {
	switch (bin.kind) {
		case 'app':
		case 'bootloader':
			return [{ offset: 0, image: bin.image }];
		case 'merged':
			return [bin.bootloader, bin.app].filter((found) => found !== undefined);
		default:
			return [];
	}
}

export const tableIn = (bin: RecognisedBin): PartitionTable | undefined =>
	bin.kind === 'partition-table' || bin.kind === 'merged' ? bin.table : undefined;

/** What may have a table in it. */
const HAS_TABLE: ReadonlySet<RecognisedBin['kind']> = new Set(['partition-table', 'merged']);

/** The table that comes with what is written, and where it will lie: a table by itself says where, of others it stands at a usual place. */
export function writtenTable(
	parts: readonly {
		readonly offset: number;
		readonly bytes: Uint8Array;
		readonly kind: RecognisedBin['kind'];
	}[]
): PlacedTable | undefined {
	const own = parts.find(({ kind }) => kind === 'partition-table');
	for (const offset of own ? [own.offset] : PARTITION_TABLE_OFFSETS)
		for (const part of parts.filter(({ kind }) => HAS_TABLE.has(kind))) {
			const at = offset - part.offset;
			const found = at >= 0 ? parsePartitionTable(part.bytes.subarray(at)) : undefined;
			if (found?.ok) return { table: found.value, offset };
		}
	return undefined;
}
