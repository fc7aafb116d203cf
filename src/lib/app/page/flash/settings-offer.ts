import { writtenTable, type PlanRegion } from '$lib/flash';
import { DATA_SUBTYPE, DATA_TYPE, type Partition, type PartitionTable } from '$lib/formats';

/** Our own firmware, as its images name it (firmware/apps/node/CMakeLists.txt). */
const OWN_PROJECT = 'fieldbench-node';

/** Whether settings can be written with a firmware, and where they go. */
export type SettingsOffer =
	| { readonly kind: 'here'; readonly place: Partition }
	/** Only its own program knows how it keeps its settings. */
	| { readonly kind: 'other-firmware' }
	/** Neither it nor the board has a partition for settings. */
	| { readonly kind: 'no-place' }
	/** It keeps its settings under a key that never leaves the chip. */
	| { readonly kind: 'encrypted' }
	/** What is written fills that place already: a whole flash, a backup. */
	| { readonly kind: 'covered' }
	/** There is no program in it. */
	| { readonly kind: 'no-firmware' };

/** @param current the table that the board has now, where the firmware brings none */
export function settingsOffer(
	regions: readonly PlanRegion[],
	current: PartitionTable | undefined
): SettingsOffer {
	const apps = regions.filter(({ kind }) => kind === 'app' || kind === 'merged');
	if (apps.length === 0) return { kind: 'no-firmware' };
	if (!apps.some(({ images }) => images.some(({ image }) => image.descriptor?.project === OWN_PROJECT)))
		return { kind: 'other-firmware' };
	const table = writtenTable(regions)?.table ?? current;
	const place = nvsOf(table);
	if (!table || !place) return { kind: 'no-place' };
	const keys = table.partitions.some(
		({ type, subtype }) => type === DATA_TYPE && subtype === DATA_SUBTYPE.nvs_keys
	);
	if (keys || place.encrypted) return { kind: 'encrypted' };
	return regions.some((region) => covers(region, place)) ? { kind: 'covered' } : { kind: 'here', place };
}

/** One that begins where the settings do is theirs, and gives way. */
const covers = ({ offset, length }: PlanRegion, place: Partition): boolean =>
	offset !== place.offset && offset < place.offset + place.size && offset + length > place.offset;

/** The partition that ESP-IDF opens unless it is told another: `nvs`; else the first of its kind. */
export function nvsOf(table: PartitionTable | undefined): Partition | undefined {
	const rows = (table?.partitions ?? []).filter(
		({ type, subtype }) => type === DATA_TYPE && subtype === DATA_SUBTYPE.nvs
	);
	return rows.find(({ label }) => label === 'nvs') ?? rows[0];
}
