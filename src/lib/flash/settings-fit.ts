import { err, ok, type Result } from '$lib/base';
import { buildNvs, parseNvs, type NvsBuildFault, type Partition, type PartitionTable } from '$lib/formats';

export type SettingsFault =
	/** Nothing in it can be read: encrypted, or no settings. Only a partition of its own size takes it. */
	| { readonly kind: 'unreadable'; readonly label: string }
	/** Its entries do not fit into the partition that there is. */
	| { readonly kind: 'does-not-fit'; readonly label: string; readonly sizeBytes: number }
	| { readonly kind: 'not-built'; readonly label: string; readonly fault: NvsBuildFault }
	/** The board has no partition for settings of this name, nor a single one. */
	| { readonly kind: 'no-place'; readonly label: string };

export interface FittedSettings {
	readonly bytes: Uint8Array<ArrayBuffer>;
	/** Entries that could not be read, and are not in it. */
	readonly leftOut: number;
}

type Kind = Pick<Partition, 'label' | 'type' | 'subtype'>;

/** The partition that takes the settings of another: of the same kind and name, else the only one of its kind. */
export function placeOfSettings(
	{ label, type, subtype }: Kind,
	table: PartitionTable | undefined
): Partition | undefined {
	const places = table?.partitions.filter((row) => row.type === type && row.subtype === subtype) ?? [];
	return places.find((place) => place.label === label) ?? (places.length === 1 ? places[0] : undefined);
}

/** An NVS partition's bytes for one of another size: built anew from its entries. Of the same size they stay as they are. */
export function fitSettings(
	label: string,
	bytes: Uint8Array<ArrayBuffer>,
	sizeBytes: number
): Result<FittedSettings, SettingsFault> {
	if (bytes.length === sizeBytes) return ok({ bytes, leftOut: 0 });
	const read = parseNvs(bytes);
	if (!read.ok || (read.value.entries.length === 0 && read.value.damage.length > 0))
		return err({ kind: 'unreadable', label });
	const built = buildNvs(read.value.entries, sizeBytes);
	if (built.ok) return ok({ bytes: built.value, leftOut: read.value.damage.length });
	return err(
		built.error.kind === 'full'
			? { kind: 'does-not-fit', label, sizeBytes }
			: { kind: 'not-built', label, fault: built.error }
	);
}
