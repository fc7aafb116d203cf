import { crc32, type Frame } from '$lib/base';
import {
	openBlock,
	parseBlockHead,
	samplesIn,
	type BlockHead,
	type ColumnStats,
	type NewBlock
} from '../codec/block';
import { Malformed } from '../codec/byte-stream';
import { openRollup, type NewRollup } from '../codec/rollup';
import { MAX_ROWS, type RowGroup } from '../codec/row-group';
import type { LatestRow, StateRow } from '../disk';
import { openDisk } from '../indexeddb-disk';
import { Ledger } from '../ledger';
import { parseNameRow, type NameRow } from '../names';
import { placeOf, TELEMETRY_DATABASE } from '../place';
import { formatSentinel } from '../sentinel';
import type { StoreError } from '../store';
import { parseLatest, SCHEMA_VERSION } from '../telemetry-tables';

/** What a store's snapshot is written as, so that an older Fieldbench knows what it cannot read. */
export const SNAPSHOT_VERSION = SCHEMA_VERSION;

/** A frame of a snapshot, checked: a block's bytes are those that its header tells of, and can be decoded. */
export type SnapshotPart =
	| { readonly kind: 'names'; readonly rows: readonly NameRow[] }
	| {
			readonly kind: 'series';
			readonly id: number;
			readonly latest: LatestRow;
			readonly ledger: Uint8Array<ArrayBuffer> | undefined;
	  }
	| { readonly kind: 'block'; readonly block: NewBlock };

/** What a store is built of. `lost`: a block that was there once, and is damaged or left out. */
export type StorePart = SnapshotPart | { readonly kind: 'lost' };

/** Total: undefined for what is no frame of a snapshot, or not whole. */
export function parseSnapshotPart({ meta, bytes }: Frame): SnapshotPart | undefined {
	if (typeof meta !== 'object' || meta === null) return undefined;
	const f = meta as Readonly<Record<string, unknown>>;
	switch (f['kind']) {
		case 'names': {
			if (!Array.isArray(f['rows'])) return undefined;
			const rows = f['rows'].map(parseNameRow);
			return rows.every((row) => row !== undefined) ? { kind: 'names', rows } : undefined;
		}
		case 'series': {
			const latest = parseLatest(f['latest']);
			if (typeof f['id'] !== 'number' || !latest) return undefined;
			if (bytes.length > 0 && !Ledger.decode(bytes)) return undefined;
			return { kind: 'series', id: f['id'], latest, ledger: bytes.length > 0 ? bytes : undefined };
		}
		case 'block': {
			const head = parseBlockHead(f['head']);
			const block = head && blockOf(head, bytes);
			return block && { kind: 'block', block };
		}
		default:
			return undefined;
	}
}

function blockOf(head: BlockHead, all: Uint8Array<ArrayBuffer>): NewBlock | undefined {
	const bytes = all.slice(0, head.bytes);
	try {
		const group = openBlock(head, bytes);
		if (!group || !isLikely(head, group)) return undefined;
		group.columns();
	} catch (error) {
		if (error instanceof Malformed) return undefined;
		throw error;
	}
	let at = head.bytes;
	const rollups = head.rollups.map((stat) => {
		const encoded = all.slice(at, at + stat.bytes);
		at += stat.bytes;
		return { ...stat, encoded };
	});
	const whole = rollups.every((rollup) => head.columns.every((column) => tellsNoMore(rollup, column)));
	return whole && at === all.length ? { head, bytes, rollups } : undefined;
}

/** Whether a header's counts can be those of its rows: a made-up one would keep a browser busy. */
function isLikely({ rows, columns, fromMs, toMs }: BlockHead, { count }: RowGroup): boolean {
	const thinned = columns.some(({ gone }) => gone);
	const counted = columns.every((one) => Number.isInteger(one.count) && one.count > 0 && one.count <= rows);
	return counted && fromMs <= toMs && rows <= MAX_ROWS && (thinned ? count <= rows : count === rows);
}

function tellsNoMore(rollup: NewRollup, { metric, count }: ColumnStats): boolean {
	const { encoded } = rollup;
	if (encoded.length !== rollup.bytes || crc32(encoded) !== rollup.crc) return false;
	const told = openRollup(rollup, encoded, metric);
	return !told || told.count.reduce((sum, n) => sum + n, 0) <= count;
}

/** In one transaction; blocks are some kilobytes to some hundred each. */
const BYTES_AT_ONCE = 4 << 20;

export interface RestoreTarget {
	readonly indexedDB?: IDBFactory | undefined;
	/** The database in use; what is restored goes into another. */
	readonly inUse: string | undefined;
}

/** The other of the two databases that take turns in being the store. */
export const otherDatabase = (inUse: string | undefined): string =>
	inUse === undefined || inUse === TELEMETRY_DATABASE ? `${TELEMETRY_DATABASE}-2` : TELEMETRY_DATABASE;

/**
 * A store made of a snapshot, beside the one in use: nothing refers to it until somebody opens it by its name, so breaking off
 * at any moment changes nothing. A half one is deleted, and what an earlier attempt left there goes first. Rejects with the browser's error.
 */
export async function buildStore(
	{ indexedDB, inUse }: RestoreTarget,
	parts: AsyncIterable<StorePart>
): Promise<{ name: string; sentinel: string } | StoreError> {
	const name = otherDatabase(inUse);
	const place = await placeOf({ indexedDB });
	await place.drop(name);
	const { disk, loaded } = await openDisk(place, name, 0);
	let built = false;
	try {
		let { state } = loaded;
		let add: NewBlock[] = [];
		let [bytes, lost] = [0, 0];
		const ledgers = new Map<number, Uint8Array<ArrayBuffer>>();
		const latest = new Map<number, LatestRow>();
		let names: readonly NameRow[] = [];
		const write = async () => {
			state = withAdded(state, add);
			const changed = await disk.change({ state, add, remove: [], ledgers, latest, names });
			[add, bytes, names] = [[], 0, []];
			ledgers.clear();
			latest.clear();
			return changed;
		};
		for await (const part of parts) {
			if (part.kind === 'names') names = part.rows;
			else if (part.kind === 'series') {
				latest.set(part.id, part.latest);
				if (part.ledger) ledgers.set(part.id, part.ledger);
			} else if (part.kind === 'lost') {
				lost++;
			} else {
				add.push(part.block);
				bytes += part.block.bytes.length;
			}
			if (bytes < BYTES_AT_ONCE) continue;
			const written = await write();
			if (!written.ok) return written.error;
		}
		// A store that opens finds fewer than there were, and takes from the ledgers what only these had.
		state = { ...state, blocks: state.blocks + lost };
		const written = await write();
		if (!written.ok) return written.error;
		built = true;
		const { generation, seal } = state;
		return { name, sentinel: formatSentinel({ generation, seal, wal: state.sealedWal }) };
	} finally {
		disk.close();
		// What is left in spite of that goes at the next start.
		if (!built) await place.drop(name).catch(() => undefined);
	}
}

/** Deletes what is not in use: a store that was replaced, or one that was never finished. Never rejects. */
export async function dropUnused({ indexedDB, inUse }: RestoreTarget): Promise<void> {
	try {
		const place = await placeOf({ indexedDB });
		const known = await place.factory.databases();
		const other = otherDatabase(inUse);
		// Where only the other is there, what said which is in use was lost: that one is all there is.
		if (
			known.some(({ name }) => name === (inUse ?? TELEMETRY_DATABASE)) &&
			known.some(({ name }) => name === other)
		)
			await place.drop(other);
	} catch {
		// It stays, and is tried again at the next start: it takes room and does nothing else.
	}
}

/** Which database to open: the one named, or the only one there is where that name was lost. */
export async function databaseInUse(named: string | undefined, indexedDB?: IDBFactory): Promise<string> {
	const name = named ?? TELEMETRY_DATABASE;
	try {
		const known = (await (await placeOf({ indexedDB })).factory.databases()).map((found) => found.name);
		return !known.includes(name) && known.includes(otherDatabase(name)) && named === undefined
			? otherDatabase(name)
			: name;
	} catch {
		return name; // storage that will not list itself will hardly open either, which is told there
	}
}

function withAdded(state: StateRow, add: readonly NewBlock[]): StateRow {
	const sum = (of: (block: NewBlock) => number) => add.reduce((total, block) => total + of(block), 0);
	return {
		...state,
		seal: Math.max(state.seal, ...add.map(({ head }) => head.block)),
		blocks: state.blocks + add.length,
		blockBytes: state.blockBytes + sum(({ head }) => head.bytes),
		rollupBytes: state.rollupBytes + sum(({ rollups }) => rollups.reduce((n, rollup) => n + rollup.bytes, 0)),
		samples: state.samples + sum(({ head }) => samplesIn(head))
	};
}
