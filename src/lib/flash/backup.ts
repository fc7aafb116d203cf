import { sha256 } from '@noble/hashes/sha2.js';
import { concatBytes, crc32, err, ok, sameBytes, toHex, utf8, type Result } from '$lib/base';
import {
	storedDirectory,
	storedHeader,
	writeBackupDescription,
	type BackupDescription,
	type PartitionTable
} from '$lib/formats';
import type { BoardFacts, FlashError } from './facts';
import type { FlashRange, ReadReport } from './read-loop';

/** Where a backup goes, byte after byte. What a method rejects with ends the backup. */
export interface BackupSink {
	write(bytes: Uint8Array<ArrayBuffer>): Promise<void>;
	/** Over what was written before. @param position bytes from the file's start */
	patch(position: number, bytes: Uint8Array<ArrayBuffer>): Promise<void>;
	/** @returns the file as it lies there now, where it can be read back */
	finish(): Promise<Blob | undefined>;
	/** Nothing of it stays. Never rejects. */
	discard(): Promise<void>;
}

/** `zip`: the bytes with their description; `bin`: the bytes alone, as other tools take them. */
export type BackupForm = 'zip' | 'bin';

export interface BackupWish {
	readonly board: BoardFacts;
	/** What the board has. */
	readonly table: PartitionTable | undefined;
	readonly range: FlashRange;
	/** Whose range it is. */
	readonly partition?: string;
	readonly form: BackupForm;
	readonly takenMs: number;
}

export type BackupError =
	| FlashError
	/** The file could not be written, or not whole. */
	| { readonly kind: 'not-saved'; readonly cause: string }
	/** What lies in the file is not what was read. */
	| { readonly kind: 'saved-damaged' };

export interface TakenBackup {
	readonly description: BackupDescription;
	readonly report: ReadReport;
	/** The file was read back, and its digest is right; false where it cannot be read back. */
	readonly readBack: boolean;
}

/** Reads the flash out: see `Flasher.readOut`. */
export type ReadOut = (
	range: FlashRange,
	take: (bytes: Uint8Array<ArrayBuffer>) => Promise<void>
) => Promise<Result<ReadReport, FlashError>>;

export const BACKUP_BYTES_NAME = 'flash.bin';
export const BACKUP_DESCRIPTION_NAME = 'backup.json';
/** Of a file that is read back. */
const CHUNK_BYTES = 0x100000;

/**
 * A range of the flash to a file, never held whole in memory. The bytes come first, so that what describes them can tell their
 * digest. What could not be finished is discarded. Rejects with what `readOut` rejects with, such as a cancel.
 */
export async function takeBackup(
	wish: BackupWish,
	readOut: ReadOut,
	sink: BackupSink
): Promise<Result<TakenBackup, BackupError>> {
	const disk = new Disk(sink);
	let taken: Result<TakenBackup, BackupError> | undefined;
	try {
		taken = await readInto(disk, wish, readOut);
		return taken;
	} catch (cause) {
		if (cause !== disk.failure) throw cause;
		taken = err({ kind: 'not-saved', cause: cause instanceof Error ? cause.message : String(cause) });
		return taken;
	} finally {
		if (!taken?.ok) await sink.discard();
	}
}

async function readInto(
	disk: Disk,
	wish: BackupWish,
	readOut: ReadOut
): Promise<Result<TakenBackup, BackupError>> {
	const { range, form, takenMs } = wish;
	const isZip = form === 'zip';
	const bytesFile = { path: BACKUP_BYTES_NAME, sizeBytes: range.length, headerOffset: 0, madeMs: takenMs };
	if (isZip) await disk.write(storedHeader({ ...bytesFile, crc: 0 }));
	const digest = sha256.create();
	let crc = 0;
	let head = new Uint8Array(0);
	let tail = head;
	const read = await readOut(range, async (bytes) => {
		digest.update(bytes);
		if (isZip) crc = crc32(bytes, crc);
		await disk.write(bytes);
	});
	if (!read.ok) return read;
	const description = describe(wish, toHex(digest.digest()));
	if (isZip) {
		const text = utf8(writeBackupDescription(description));
		const flash = { ...bytesFile, crc };
		const words = {
			...{ path: BACKUP_DESCRIPTION_NAME, sizeBytes: text.length, crc: crc32(text) },
			...{ headerOffset: disk.written, madeMs: takenMs }
		};
		head = storedHeader(flash);
		const before = concatBytes([storedHeader(words), text]);
		tail = concatBytes([before, storedDirectory([flash, words], disk.written + before.length)]);
		await disk.write(tail);
		await disk.patch(0, head);
	}
	const saved = await disk.finish();
	if (saved && !(await isSaved(saved, head, range.length, description.sha256, tail)))
		return err({ kind: 'saved-damaged' });
	return ok({ description, report: read.value, readBack: saved !== undefined });
}

/** A sink that remembers how much it has and what it failed with. */
class Disk {
	#written = 0;
	#failure: unknown;

	constructor(private readonly sink: BackupSink) {}

	get written(): number {
		return this.#written;
	}

	get failure(): unknown {
		return this.#failure;
	}

	write(bytes: Uint8Array<ArrayBuffer>): Promise<void> {
		this.#written += bytes.length;
		return this.#try(() => this.sink.write(bytes));
	}

	patch(position: number, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
		return this.#try(() => this.sink.patch(position, bytes));
	}

	finish(): Promise<Blob | undefined> {
		return this.#try(() => this.sink.finish());
	}

	async #try<T>(act: () => Promise<T>): Promise<T> {
		try {
			return await act();
		} catch (cause) {
			this.#failure = cause;
			throw cause;
		}
	}
}

function describe({ board, table, range, partition, takenMs }: BackupWish, sha: string): BackupDescription {
	const { chip, practice, revision, mac, flashSizeBytes, flashEncryption } = board;
	return {
		...{ chip, practice, revision, mac, takenMs, flashSizeBytes, encrypted: flashEncryption },
		...{ offset: range.offset, length: range.length, sha256: sha },
		...(partition !== undefined && { partition }),
		partitions: table?.partitions ?? []
	};
}

/** Whether all of a file is as it was written: what comes before and after the flash's bytes too. */
async function isSaved(
	file: Blob,
	head: Uint8Array,
	length: number,
	sha: string,
	tail: Uint8Array
): Promise<boolean> {
	const end = head.length + length;
	if (file.size !== end + tail.length) return false;
	const at = async (from: number, to: number) => new Uint8Array(await file.slice(from, to).arrayBuffer());
	return (
		sameBytes(await at(0, head.length), head) &&
		sameBytes(await at(end, file.size), tail) &&
		(await digestOf(file.slice(head.length, end))) === sha
	);
}

async function digestOf(file: Blob): Promise<string> {
	const digest = sha256.create();
	for (let at = 0; at < file.size; at += CHUNK_BYTES)
		digest.update(new Uint8Array(await file.slice(at, at + CHUNK_BYTES).arrayBuffer()));
	return toHex(digest.digest());
}

/** "fieldbench-fab012345678-nvs-2026-11-21-1402.zip": names a file by its board, what of it, and when (UTC). */
export function backupName({ board, partition, range, form, takenMs }: BackupWish): string {
	const whole = range.offset === 0 && range.length === board.flashSizeBytes;
	const what = partition ?? (whole ? 'flash' : `0x${range.offset.toString(16)}`);
	const when = new Date(takenMs).toISOString().slice(0, 16).replace('T', '-').replace(':', '');
	const safe = what.replaceAll(/[^\w.-]/gu, '_');
	return `fieldbench-${board.mac.replaceAll(':', '')}-${safe}-${when}.${form}`;
}
