import { concatBytes, utf8 } from '$lib/base';
import { ZIP_HEADER_BYTES } from './zip-directory';

/** A file that lies in a zip as it is. */
export interface StoredFile {
	readonly path: string;
	readonly sizeBytes: number;
	/** Of its bytes, CRC-32. */
	readonly crc: number;
	/** Of its local header, from the zip's start. */
	readonly headerOffset: number;
	/** When it was made, told in UTC: a zip's times have no zone. */
	readonly madeMs: number;
}

/** Stored files need no later version (APPNOTE 4.4.3.2); names are UTF-8 (4.4.4, bit 11). */
const VERSION = 10;
const UTF8_FLAG = 0x0800;
const STORED = 0;

/** What lies before a file's bytes. Source: PKWARE's APPNOTE, 4.3.7. */
export function storedHeader(file: StoredFile): Uint8Array<ArrayBuffer> {
	const name = utf8(file.path);
	const header = new Uint8Array(ZIP_HEADER_BYTES);
	const view = new DataView(header.buffer);
	view.setUint32(0, 0x04034b50, true);
	setShared(view, 4, file, name.length);
	return concatBytes([header, name]);
}

/** The directory and its end record, which make the last bytes of a zip (4.3.12, 4.3.16). @param offset where they begin */
export function storedDirectory(files: readonly StoredFile[], offset: number): Uint8Array<ArrayBuffer> {
	const rows = files.map((file) => {
		const name = utf8(file.path);
		const row = new Uint8Array(46);
		const view = new DataView(row.buffer);
		view.setUint32(0, 0x02014b50, true);
		view.setUint16(4, VERSION, true);
		setShared(view, 6, file, name.length);
		view.setUint32(42, file.headerOffset, true);
		return concatBytes([row, name]);
	});
	const directory = concatBytes(rows);
	const end = new Uint8Array(22);
	const view = new DataView(end.buffer);
	view.setUint32(0, 0x06054b50, true);
	view.setUint16(8, files.length, true);
	view.setUint16(10, files.length, true);
	view.setUint32(12, directory.length, true);
	view.setUint32(16, offset, true);
	return concatBytes([directory, end]);
}

/** From "version needed" to "extra field length", which both kinds of header have alike. */
function setShared(view: DataView, at: number, { sizeBytes, crc, madeMs }: StoredFile, nameBytes: number) {
	const made = new Date(Math.max(madeMs, Date.UTC(1980, 0, 1)));
	const time = (made.getUTCHours() << 11) | (made.getUTCMinutes() << 5) | (made.getUTCSeconds() >> 1);
	const date = ((made.getUTCFullYear() - 1980) << 9) | ((made.getUTCMonth() + 1) << 5) | made.getUTCDate();
	view.setUint16(at, VERSION, true);
	view.setUint16(at + 2, UTF8_FLAG, true);
	view.setUint16(at + 4, STORED, true);
	view.setUint16(at + 6, time, true);
	view.setUint16(at + 8, date, true);
	view.setUint32(at + 10, crc, true);
	view.setUint32(at + 14, sizeBytes, true);
	view.setUint32(at + 18, sizeBytes, true);
	view.setUint16(at + 22, nameBytes, true);
}
