import { err, ok, type Result } from '$lib/base';
import { u16At, u32At } from './little-endian';

/** A file in a zip. */
export interface ZipEntry {
	/** With `/`, as it stands in the directory. */
	readonly path: string;
	readonly method: 'stored' | 'deflated';
	/** As it lies in the zip, and unpacked, bytes. */
	readonly packedBytes: number;
	readonly sizeBytes: number;
	/** Of the unpacked bytes. */
	readonly crc: number;
	/** Of its local header, from the zip's start. */
	readonly headerOffset: number;
}

export type ZipFault =
	| { readonly kind: 'not-a-zip' }
	| { readonly kind: 'cut-short' }
	/** Larger than 4 GiB, or over several disks. */
	| { readonly kind: 'zip64' }
	| { readonly kind: 'encrypted'; readonly path: string }
	| { readonly kind: 'unknown-method'; readonly path: string; readonly method: number }
	| { readonly kind: 'too-many-entries'; readonly most: number };

/** Where the directory lies; bytes from the zip's start. */
export interface ZipEnd {
	readonly offset: number;
	readonly lengthBytes: number;
	readonly entries: number;
}

const END_MAGIC = 0x06054b50;
const END_BYTES = 22;
const ENTRY_MAGIC = 0x02014b50;
const ENTRY_BYTES = 46;
const HEADER_MAGIC = 0x04034b50;

/** The end record with the longest comment: no more of a zip's tail need be read to find its directory. */
export const ZIP_TAIL_BYTES = END_BYTES + 0xffff;
/** Of the header before each file's bytes, without its name and extra field. */
export const ZIP_HEADER_BYTES = 30;

/** ESP-IDF's build folders have some 5,000 files. */
const MOST_ENTRIES = 20_000;
const MOST_DIRECTORY_BYTES = 8 * 1024 * 1024;

/**
 * Total. Source: PKWARE's APPNOTE, 4.3.16.
 * @param tail the zip's last bytes, ZIP_TAIL_BYTES of them or all
 * @param sizeBytes of the whole zip
 */
export function findZipEnd(tail: Uint8Array, sizeBytes: number): Result<ZipEnd, ZipFault> {
	for (let at = tail.length - END_BYTES; at >= 0; at--) {
		if (u32At(tail, at) !== END_MAGIC || at + END_BYTES + u16At(tail, at + 20) !== tail.length) continue;
		const entries = u16At(tail, at + 10);
		const lengthBytes = u32At(tail, at + 12);
		const offset = u32At(tail, at + 16);
		if (entries === 0xffff || offset === 0xffffffff || u16At(tail, at + 4) !== 0)
			return err({ kind: 'zip64' });
		if (entries > MOST_ENTRIES || lengthBytes > MOST_DIRECTORY_BYTES)
			return err({ kind: 'too-many-entries', most: MOST_ENTRIES });
		return offset + lengthBytes <= sizeBytes - END_BYTES
			? ok({ offset, lengthBytes, entries })
			: err({ kind: 'cut-short' });
	}
	return err({ kind: 'not-a-zip' });
}

/**
 * Total. Folders are left out. What a file's entry names is not judged: an entry that cannot be read is refused when it is asked for.
 * @param bytes the directory
 */
export function parseZipDirectory(
	bytes: Uint8Array,
	{ entries: count }: ZipEnd
): Result<readonly ListedZipEntry[], ZipFault> {
	const entries: ListedZipEntry[] = [];
	let at = 0;
	for (let i = 0; i < count; i++) {
		if (at + ENTRY_BYTES > bytes.length || u32At(bytes, at) !== ENTRY_MAGIC)
			return err({ kind: 'cut-short' });
		const nameEnd = at + ENTRY_BYTES + u16At(bytes, at + 28);
		if (nameEnd > bytes.length) return err({ kind: 'cut-short' });
		const path = new TextDecoder().decode(bytes.subarray(at + ENTRY_BYTES, nameEnd));
		if (!path.endsWith('/')) entries.push({ path, entry: entryOf(bytes, at, path) });
		at = nameEnd + u16At(bytes, at + 30) + u16At(bytes, at + 32);
	}
	return ok(entries);
}

/** A name in the directory, and what it stands for or why it cannot be read. */
export interface ListedZipEntry {
	readonly path: string;
	readonly entry: Result<ZipEntry, ZipFault>;
}

function entryOf(bytes: Uint8Array, at: number, path: string): Result<ZipEntry, ZipFault> {
	const method = u16At(bytes, at + 10);
	if ((u16At(bytes, at + 8) & 1) !== 0) return err({ kind: 'encrypted', path });
	if (method !== 0 && method !== 8) return err({ kind: 'unknown-method', path, method });
	const packedBytes = u32At(bytes, at + 20);
	const sizeBytes = u32At(bytes, at + 24);
	const headerOffset = u32At(bytes, at + 42);
	if ([packedBytes, sizeBytes, headerOffset].includes(0xffffffff)) return err({ kind: 'zip64' });
	return ok({
		path,
		method: method === 0 ? 'stored' : 'deflated',
		packedBytes,
		sizeBytes,
		crc: u32At(bytes, at + 16),
		headerOffset
	});
}

/**
 * Where a file's bytes begin, from the start of its local header.
 * @param header its first ZIP_HEADER_BYTES
 */
export function zipDataOffset(header: Uint8Array): Result<number, ZipFault> {
	if (header.length < ZIP_HEADER_BYTES || u32At(header, 0) !== HEADER_MAGIC)
		return err({ kind: 'cut-short' });
	return ok(ZIP_HEADER_BYTES + u16At(header, 26) + u16At(header, 28));
}
