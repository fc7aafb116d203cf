import { crc32, err, ok, type Result } from '$lib/base';
import { chipFamilyOf, isChipFamily, recogniseBin, type ChipFamily } from '$lib/formats';
import type { FirmwarePart, FirmwareSource } from './facts';
import { committed, openDatabase, settled } from './idb';

/** A firmware that this browser keeps, without its bytes. */
export interface RecentFirmware {
	/** Of its bytes and their places: the same firmware again is the same entry. */
	readonly id: string;
	readonly name: string;
	readonly version: string;
	/** Of its first image; absent where it has none. */
	readonly family?: ChipFamily;
	/** A manifest's address, or the names of files. */
	readonly from: string;
	readonly usedMs: number;
	readonly sizeBytes: number;
}

export type RecentError =
	/** Alone larger than all that is kept. */
	| { readonly kind: 'too-large'; readonly sizeBytes: number; readonly mostBytes: number }
	/** The browser has no room or no store for it. */
	| { readonly kind: 'not-stored'; readonly cause: string }
	| { readonly kind: 'gone' }
	/** The bytes are not those that were kept. */
	| { readonly kind: 'damaged' };

export interface RecentBounds {
	readonly mostBytes: number;
	readonly mostEntries: number;
}

const BOUNDS: RecentBounds = { mostBytes: 64 * 1024 * 1024, mostEntries: 12 };

const DATABASE = 'fieldbench-firmware';
/** Version 1: `listed` has the rows without bytes, `sources` the whole, both under the id. */
const LISTED = 'listed';
const SOURCES = 'sources';

/**
 * Firmware that was used here, kept so that it can be flashed with no network. Bounded: the longest unused goes first. It is a
 * convenience that can be had again, so it lies apart from what cannot.
 */
export class RecentFirmwares {
	#opened: Promise<IDBDatabase> | undefined;

	constructor(
		private readonly factory: IDBFactory,
		private readonly bounds: RecentBounds = BOUNDS
	) {}

	/** The newest first. Rows that are not understood are left out. */
	async list(): Promise<Result<readonly RecentFirmware[], RecentError>> {
		return this.#try(async (db) => ok(await listed(db.transaction(LISTED))));
	}

	/** Keeps it, or renews its date. @param from a manifest's address, or the names of files */
	async keep(
		source: FirmwareSource,
		from: string,
		nowMs: number
	): Promise<Result<RecentFirmware, RecentError>> {
		const { mostBytes, mostEntries } = this.bounds;
		const sizeBytes = source.parts.reduce((sum, part) => sum + part.bytes.length, 0);
		if (sizeBytes > mostBytes) return err({ kind: 'too-large', sizeBytes, mostBytes });
		const family = familyOf(source);
		const { name, version } = source;
		const row = { name, version, from, usedMs: nowMs, sizeBytes, ...(family && { family }) };
		const entry: RecentFirmware = { id: idOf(source.parts), ...row };
		return this.#try(async (db) => {
			const tx = db.transaction([LISTED, SOURCES], 'readwrite');
			const done = committed(tx);
			let total = sizeBytes;
			for (const [i, old] of (await listed(tx)).filter(({ id }) => id !== entry.id).entries()) {
				total += old.sizeBytes;
				if (total > mostBytes || i + 2 > mostEntries) remove(tx, old.id);
			}
			tx.objectStore(LISTED).put(entry, entry.id);
			tx.objectStore(SOURCES).put(source, entry.id);
			await done;
			return ok(entry);
		});
	}

	/** The whole, as it was kept. */
	async open(id: string): Promise<Result<FirmwareSource, RecentError>> {
		return this.#try(async (db) => {
			const kept: unknown = await settled(db.transaction(SOURCES).objectStore(SOURCES).get(id));
			if (kept === undefined) return err({ kind: 'gone' });
			return isSource(kept) && idOf(kept.parts) === id ? ok(kept) : err({ kind: 'damaged' });
		});
	}

	async remove(id: string): Promise<Result<void, RecentError>> {
		return this.#try(async (db) => {
			const tx = db.transaction([LISTED, SOURCES], 'readwrite');
			const done = committed(tx);
			remove(tx, id);
			await done;
			return ok(undefined);
		});
	}

	async #try<T>(work: (db: IDBDatabase) => Promise<Result<T, RecentError>>): Promise<Result<T, RecentError>> {
		try {
			this.#opened ??= openDatabase(this.factory, DATABASE, [LISTED, SOURCES]);
			return await work(await this.#opened);
		} catch (cause) {
			this.#opened = undefined;
			return err({ kind: 'not-stored', cause: cause instanceof Error ? cause.message : String(cause) });
		}
	}
}

async function listed(tx: IDBTransaction): Promise<readonly RecentFirmware[]> {
	const rows: readonly unknown[] = await settled(tx.objectStore(LISTED).getAll());
	return rows.filter(isRecent).sort((a, b) => b.usedMs - a.usedMs);
}

function remove(tx: IDBTransaction, id: string): void {
	tx.objectStore(LISTED).delete(id);
	tx.objectStore(SOURCES).delete(id);
}

const idOf = (parts: readonly FirmwarePart[]): string =>
	parts
		.map(({ offset, bytes }) => [offset, bytes.length, crc32(bytes)].map((n) => n.toString(16)).join('-'))
		.join('_');

function familyOf({ parts }: FirmwareSource): ChipFamily | undefined {
	for (const { bytes } of parts) {
		const bin = recogniseBin(bytes);
		const image =
			bin.kind === 'app' || bin.kind === 'bootloader'
				? bin.image
				: bin.kind === 'merged'
					? (bin.app ?? bin.bootloader)?.image
					: undefined;
		if (image) return chipFamilyOf(image.chipId);
	}
	return undefined;
}

function isRecent(row: unknown): row is RecentFirmware {
	const { id, name, version, from, usedMs, sizeBytes, family } = (row ?? {}) as Partial<
		Record<keyof RecentFirmware, unknown>
	>;
	const texts = [id, name, version, from].every((text) => typeof text === 'string');
	const numbers = [usedMs, sizeBytes].every((n) => typeof n === 'number' && n >= 0);
	return texts && numbers && (family === undefined || (typeof family === 'string' && isChipFamily(family)));
}

function isSource(value: unknown): value is FirmwareSource {
	const { name, version, parts } = (value ?? {}) as Partial<Record<keyof FirmwareSource, unknown>>;
	return (
		typeof name === 'string' && typeof version === 'string' && Array.isArray(parts) && parts.every(isPart)
	);
}

function isPart(value: unknown): value is FirmwarePart {
	const { name, offset, bytes, from } = (value ?? {}) as Partial<Record<keyof FirmwarePart, unknown>>;
	const named = typeof name === 'string' && typeof from === 'string';
	return named && typeof offset === 'number' && bytes instanceof Uint8Array;
}
