import { err, ok, type Result } from '$lib/base';
import { parseNvs, recogniseBin, type NvsContents } from '$lib/formats';
import { isNvs } from './holding';

export type NvsFileFault =
	| { readonly kind: 'not-nvs'; readonly found: ReturnType<typeof recogniseBin>['kind'] }
	/** A whole flash whose table has no settings of this name. */
	| { readonly kind: 'no-partition'; readonly label: string }
	/** Every entry fails its checksum. */
	| { readonly kind: 'undecodable' };

/** Settings from a file: an image of one NVS partition, or a whole flash with one called `label`. */
export function nvsFromFile(bytes: Uint8Array, label: string): Result<NvsContents, NvsFileFault> {
	const bin = recogniseBin(bytes);
	if (bin.kind === 'nvs') return readable(bin.contents);
	if (bin.kind === 'nvs-encrypted') return err({ kind: 'undecodable' });
	if (bin.kind !== 'merged') return err({ kind: 'not-nvs', found: bin.kind });
	const place = bin.table.partitions.find((row) => isNvs(row) && row.label === label);
	if (!place) return err({ kind: 'no-partition', label });
	const read = parseNvs(bytes.subarray(place.offset, place.offset + place.size));
	if (read.ok) return readable(read.value);
	return err(read.error.kind === 'encrypted' ? { kind: 'undecodable' } : { kind: 'no-partition', label });
}

function readable(contents: NvsContents): Result<NvsContents, NvsFileFault> {
	const nothing = contents.entries.length === 0 && contents.namespaces.length === 0;
	return nothing && contents.damage.length > 0 ? err({ kind: 'undecodable' }) : ok(contents);
}
