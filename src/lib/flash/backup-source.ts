import { ok, type Result } from '$lib/base';
import { PARTITION_TABLE_OFFSET, type BackupDescription, type PartitionTable } from '$lib/formats';
import type { FirmwarePart, FirmwareSource } from './facts';
import { isSettings, placesOf, SECTOR_BYTES } from './plan-erase';
import { writtenTable } from './plan-read';
import { fitSettings, placeOfSettings, type SettingsFault } from './settings-fit';

/** A backup whose digest held. */
export interface Backup {
	/** Of its file. */
	readonly name: string;
	readonly description: BackupDescription;
	readonly bytes: Uint8Array<ArrayBuffer>;
}

export interface Restorable {
	readonly source: FirmwareSource;
	/** Settings that could not be read and do not come back. */
	readonly leftOut: number;
}

/**
 * What writes a backup back. A partition goes to the one of the same name, settings built anew where that has another size; where
 * the board has none it goes to where it was. Anything larger goes to where it was, cut at the partitions that it had.
 * @param current the table that the board has now
 */
export function backupSource(
	backup: Backup,
	current: PartitionTable | undefined
): Result<Restorable, SettingsFault> {
	const { name, description, bytes } = backup;
	const { chip, mac, practice, takenMs, partition } = description;
	const copy = {
		name: partition === undefined ? 'Backup' : `Backup of ${partition}`,
		version: '',
		eraseFirst: 'never',
		copyOf: { chip, mac, practice, takenMs }
	} as const;
	if (partition === undefined)
		return ok({ source: { ...copy, parts: partsOf(name, description, bytes) }, leftOut: 0 });
	const was = description.partitions.find(({ label }) => label === partition);
	if (was && isSettings(was)) {
		const place = placeOfSettings(was, current);
		const fitted = place ? fitSettings(partition, bytes, place.size) : ok({ bytes, leftOut: 0 });
		if (!fitted.ok) return fitted;
		const part = {
			...{ name: place?.label ?? partition, offset: place?.offset ?? description.offset },
			...{ bytes: fitted.value.bytes, from: name }
		};
		return ok({ source: { ...copy, parts: [part] }, leftOut: fitted.value.leftOut });
	}
	const place = current?.partitions.find(
		({ label, type }) => label === partition && (!was || type === was.type)
	);
	const part = { name: partition, offset: place?.offset ?? description.offset, bytes, from: name };
	return ok({ source: { ...copy, parts: [part] }, leftOut: 0 });
}

/** Each partition a part of its own, and what lies between them too: so a plan tells them by their names. */
function partsOf(
	from: string,
	{ chip, offset, partitions }: BackupDescription,
	bytes: Uint8Array<ArrayBuffer>
): readonly FirmwarePart[] {
	const end = offset + bytes.length;
	const table = writtenTable([{ offset, bytes, kind: 'merged' }]) ?? { offset: PARTITION_TABLE_OFFSET };
	const own = placesOf({ chip }, { offset: table.offset, table: { partitions: [], md5: 'none' } });
	const places = [...own.map(({ length, ...place }) => ({ ...place, size: length })), ...partitions]
		.filter((place) => place.size > 0 && place.offset >= offset && place.offset + place.size <= end)
		.toSorted((a, b) => a.offset - b.offset);
	const part = (name: string, start: number, stop: number): FirmwarePart => ({
		...{ name, offset: start, from },
		bytes: bytes.subarray(start - offset, stop - offset)
	});
	const isTidy = places.every(
		(place, i) =>
			(place.offset - offset) % SECTOR_BYTES === 0 &&
			place.size % SECTOR_BYTES === 0 &&
			place.offset >= (places[i - 1] ? places[i - 1]!.offset + places[i - 1]!.size : offset)
	);
	if (partitions.length === 0 || !isTidy) return [part('flash', offset, end)];
	/** What lies where no partition is whole: of a range that was chosen by its addresses, perhaps pieces of them. */
	const nameOf = (start: number, stop: number): string => {
		const cut = partitions.filter((row) => row.offset < stop && start < row.offset + row.size);
		if (cut.length > 0) return `part of ${cut.map(({ label }) => label).join(' and ')}`;
		return stop < end ? 'between' : 'after the last';
	};
	const parts: FirmwarePart[] = [];
	let at = offset;
	for (const { label, offset: start, size } of places) {
		if (start > at) parts.push(part(nameOf(at, start), at, start));
		parts.push(part(label, start, start + size));
		at = start + size;
	}
	if (at < end) parts.push(part(nameOf(at, end), at, end));
	return parts;
}
