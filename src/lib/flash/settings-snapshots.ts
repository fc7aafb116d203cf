import { sha256 } from '@noble/hashes/sha2.js';
import { concatBytes, err, ok, toHex, type Result } from '$lib/base';
import { isChipFamily } from '$lib/formats';
import { committed, openDatabase, settled } from './idb';
import type { KeptPartition, SettingsSnapshot } from './settings-snapshot';

export type SnapshotError =
	/** Alone larger than all that is kept. */
	| { readonly kind: 'too-large'; readonly sizeBytes: number; readonly mostBytes: number }
	/** The browser has no room or no store for it. */
	| { readonly kind: 'not-stored'; readonly cause: string }
	| { readonly kind: 'gone' }
	/** The bytes are not those that were kept. */
	| { readonly kind: 'damaged' };

export interface SnapshotBounds {
	readonly mostBytes: number;
	readonly mostEntries: number;
}

/** What was kept, and what had to go for it. */
export interface KeptSnapshot {
	readonly snapshot: SettingsSnapshot;
	/** The oldest, by which the bounds are held. */
	readonly dropped: readonly SettingsSnapshot[];
}

const BOUNDS: SnapshotBounds = { mostBytes: 4 * 1024 * 1024, mostEntries: 40 };

const DATABASE = 'fieldbench-settings';
/** Version 1: `listed` has the rows without bytes, `partitions` the bytes, both under the id. */
const LISTED = 'listed';
const PARTITIONS = 'partitions';

/**
 * Settings of boards as they were before something was written over them (docs/storage.md). Bounded: the oldest goes first, and is
 * told. Passwords lie in it as they lie on the board: in the clear.
 */
export class SettingsSnapshots {
	#opened: Promise<IDBDatabase> | undefined;

	constructor(
		private readonly factory: IDBFactory,
		private readonly bounds: SnapshotBounds = BOUNDS
	) {}

	/** The newest first. Rows that are not understood are left out. */
	list(): Promise<Result<readonly SettingsSnapshot[], SnapshotError>> {
		return this.#try(async (db) => ok(await listed(db.transaction(LISTED))));
	}

	/** Resolves when it is on the disk. The same settings of the same board again are one entry, of the later time. */
	async keep(
		facts: Omit<SettingsSnapshot, 'id' | 'labels' | 'sizeBytes'>,
		partitions: readonly KeptPartition[]
	): Promise<Result<KeptSnapshot, SnapshotError>> {
		const { mostBytes, mostEntries } = this.bounds;
		const sizeBytes = partitions.reduce((sum, { bytes }) => sum + bytes.length, 0);
		if (sizeBytes > mostBytes) return err({ kind: 'too-large', sizeBytes, mostBytes });
		const labels = partitions.map(({ label }) => label);
		const snapshot = { id: idOf(facts.mac, partitions), ...facts, labels, sizeBytes };
		return this.#try(async (db) => {
			const tx = db.transaction([LISTED, PARTITIONS], 'readwrite', { durability: 'strict' });
			const done = committed(tx);
			let total = sizeBytes;
			const others = (await listed(tx)).filter(({ id }) => id !== snapshot.id);
			const dropped = others.filter((other, i) => {
				total += other.sizeBytes;
				return total > mostBytes || i + 2 > mostEntries;
			});
			for (const { id } of dropped) remove(tx, id);
			tx.objectStore(LISTED).put(snapshot, snapshot.id);
			tx.objectStore(PARTITIONS).put(partitions, snapshot.id);
			await done;
			return ok({ snapshot, dropped });
		});
	}

	/** The bytes, as they were kept. */
	open(id: string): Promise<Result<readonly KeptPartition[], SnapshotError>> {
		return this.#try(async (db) => {
			const tx = db.transaction([LISTED, PARTITIONS]);
			const row: unknown = await settled(tx.objectStore(LISTED).get(id));
			const kept: unknown = await settled(tx.objectStore(PARTITIONS).get(id));
			if (row === undefined || kept === undefined) return err({ kind: 'gone' });
			return isSnapshot(row) && isPartitions(kept) && idOf(row.mac, kept) === id
				? ok(kept)
				: err({ kind: 'damaged' });
		});
	}

	remove(id: string): Promise<Result<void, SnapshotError>> {
		return this.#try(async (db) => {
			const tx = db.transaction([LISTED, PARTITIONS], 'readwrite');
			const done = committed(tx);
			remove(tx, id);
			await done;
			return ok(undefined);
		});
	}

	async #try<T>(
		work: (db: IDBDatabase) => Promise<Result<T, SnapshotError>>
	): Promise<Result<T, SnapshotError>> {
		try {
			this.#opened ??= openDatabase(this.factory, DATABASE, [LISTED, PARTITIONS]);
			return await work(await this.#opened);
		} catch (cause) {
			this.#opened = undefined;
			return err({ kind: 'not-stored', cause: cause instanceof Error ? cause.message : String(cause) });
		}
	}
}

async function listed(tx: IDBTransaction): Promise<readonly SettingsSnapshot[]> {
	const rows: readonly unknown[] = await settled(tx.objectStore(LISTED).getAll());
	return rows.filter(isSnapshot).sort((a, b) => b.takenMs - a.takenMs);
}

function remove(tx: IDBTransaction, id: string): void {
	tx.objectStore(LISTED).delete(id);
	tx.objectStore(PARTITIONS).delete(id);
}

/** Of the board, the places and the bytes. */
function idOf(mac: string, partitions: readonly KeptPartition[]): string {
	const digests = partitions.map(({ label, subtype, offset, bytes }) =>
		concatBytes([new TextEncoder().encode(`${label}/${subtype}/${offset}/`), sha256(bytes)])
	);
	return `${mac} ${toHex(sha256(concatBytes(digests)))}`;
}

function isSnapshot(row: unknown): row is SettingsSnapshot {
	const fields = (row ?? {}) as Partial<Record<keyof SettingsSnapshot, unknown>>;
	const { id, mac, chip, practice, takenMs, before, labels, sizeBytes } = fields;
	const texts = [id, mac, before].every((text) => typeof text === 'string');
	const numbers = [takenMs, sizeBytes].every((n) => typeof n === 'number' && n >= 0);
	const named = Array.isArray(labels) && labels.every((label) => typeof label === 'string');
	return (
		texts &&
		numbers &&
		named &&
		typeof practice === 'boolean' &&
		typeof chip === 'string' &&
		isChipFamily(chip)
	);
}

function isPartitions(value: unknown): value is readonly KeptPartition[] {
	return Array.isArray(value) && value.length > 0 && value.every(isPartition);
}

function isPartition(value: unknown): boolean {
	const fields = (value ?? {}) as Partial<Record<keyof KeptPartition, unknown>>;
	const { label, subtype, offset, bytes } = fields;
	const numbers = [subtype, offset].every((n) => typeof n === 'number' && n >= 0);
	return typeof label === 'string' && numbers && bytes instanceof Uint8Array;
}
