import { crc32, err, ok, type Result } from '$lib/base';
import {
	findZipEnd,
	parseZipDirectory,
	ZIP_HEADER_BYTES,
	ZIP_TAIL_BYTES,
	zipDataOffset,
	type ZipEntry,
	type ZipFault
} from '$lib/formats';

/** A file of a folder or of a zip, which is read only where it is asked for. */
export interface FolderFile {
	/** From the top of what was chosen, with `/`. */
	readonly path: string;
	readonly sizeBytes: number;
	read(): Promise<Result<Uint8Array<ArrayBuffer>, FileError>>;
}

/** Why one file's bytes did not come. */
export type FileError =
	| { readonly kind: 'zip-fault'; readonly path: string; readonly fault: ZipFault }
	/** What came out is not what was packed: its length or its CRC is another. */
	| { readonly kind: 'damaged'; readonly path: string }
	| { readonly kind: 'too-large'; readonly path: string; readonly mostBytes: number }
	/** Gone, changed or forbidden since it was chosen. */
	| { readonly kind: 'unreadable'; readonly path: string };

/** No flash that we write is larger. */
export const MOST_FILE_BYTES = 32 * 1024 * 1024;

/** A chosen file as one of a folder. */
export function folderFile(path: string, file: Blob): FolderFile {
	return { path, sizeBytes: file.size, read: () => readWhole(path, file) };
}

async function readWhole(path: string, file: Blob): Promise<Result<Uint8Array<ArrayBuffer>, FileError>> {
	if (file.size > MOST_FILE_BYTES) return err({ kind: 'too-large', path, mostBytes: MOST_FILE_BYTES });
	try {
		return ok(new Uint8Array(await file.arrayBuffer()));
	} catch {
		return err({ kind: 'unreadable', path }); // the browser says only that it could not
	}
}

/**
 * What is in a zip. Only its directory is read, and later what is asked for: a zip of any size takes no more memory than that, and no entry
 * is unpacked beyond the size that it states.
 */
export async function openZip(name: string, zip: Blob): Promise<Result<readonly FolderFile[], FileError>> {
	const fault = (fault: ZipFault) => err({ kind: 'zip-fault', path: name, fault } as const);
	try {
		const tail = await bytesOf(zip.slice(Math.max(0, zip.size - ZIP_TAIL_BYTES)));
		const end = findZipEnd(tail, zip.size);
		if (!end.ok) return fault(end.error);
		const { offset, lengthBytes } = end.value;
		const entries = parseZipDirectory(await bytesOf(zip.slice(offset, offset + lengthBytes)), end.value);
		if (!entries.ok) return fault(entries.error);
		return ok(
			entries.value.map(({ path, entry }) => ({
				path,
				sizeBytes: entry.ok ? entry.value.sizeBytes : 0,
				read: async () =>
					entry.ok ? unpack(zip, entry.value) : err({ kind: 'zip-fault', path, fault: entry.error } as const)
			}))
		);
	} catch {
		return err({ kind: 'unreadable', path: name }); // as above
	}
}

async function unpack(zip: Blob, entry: ZipEntry): Promise<Result<Uint8Array<ArrayBuffer>, FileError>> {
	const { path, headerOffset, packedBytes, sizeBytes } = entry;
	if (sizeBytes > MOST_FILE_BYTES) return err({ kind: 'too-large', path, mostBytes: MOST_FILE_BYTES });
	try {
		const header = await bytesOf(zip.slice(headerOffset, headerOffset + ZIP_HEADER_BYTES));
		const data = zipDataOffset(header);
		if (!data.ok) return err({ kind: 'zip-fault', path, fault: data.error });
		const start = headerOffset + data.value;
		const packed = zip.slice(start, start + packedBytes);
		const bytes = entry.method === 'stored' ? await bytesOf(packed) : await inflate(packed, sizeBytes);
		return bytes?.length === sizeBytes && crc32(bytes) === entry.crc
			? ok(bytes)
			: err({ kind: 'damaged', path });
	} catch {
		return err({ kind: 'unreadable', path });
	}
}

/** Off the page's thread, by the platform. @returns undefined where it is no deflate stream of at most `sizeBytes` */
async function inflate(packed: Blob, sizeBytes: number): Promise<Uint8Array<ArrayBuffer> | undefined> {
	const reader = packed.stream().pipeThrough(new DecompressionStream('deflate-raw')).getReader();
	const out = new Uint8Array(sizeBytes);
	let at = 0;
	try {
		for (;;) {
			const { done, value } = await reader.read();
			if (done) return out.subarray(0, at);
			if (at + value.length > sizeBytes) {
				await reader.cancel();
				return undefined;
			}
			out.set(value, at);
			at += value.length;
		}
	} catch {
		return undefined; // not deflated as its entry says
	}
}

const bytesOf = async (part: Blob): Promise<Uint8Array<ArrayBuffer>> =>
	new Uint8Array(await part.arrayBuffer());
