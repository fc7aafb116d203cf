import { unwrap, type IDBPDatabase } from 'idb';
import { renewLog } from '$lib/base';
import { parseBlockHead, type BlockHead, type NewBlock } from './codec/block';
import { ROLLUP_WIDTHS_MS } from './codec/rollup';
import type { BlockChange, Disk, Loaded } from './disk';
import { FencedWrites, type Puts } from './fenced-writes';
import { parseNameRow, type NameRow } from './names';
import type { StorePlace } from './place';
import {
	asideBytes,
	entryOf,
	figuresOf,
	INDEX_KEY,
	NOTHING_ASIDE,
	parseAside,
	parseQuarantineIndex,
	STATE_KEY,
	withAside,
	withoutSeries,
	type Aside,
	type AsideChange,
	type AsideKey,
	type QuarantineFigures,
	type QuarantineIndex
} from './quarantine';
import {
	asBytes,
	FENCE_KEY,
	keepParsed,
	OF_BLOCKS,
	ofSeries,
	openTables,
	parseLatest,
	parseState,
	salvagedState,
	TABLES,
	type Table,
	type TelemetrySchema
} from './telemetry-tables';

/** From here on one request for all rollups between the first and the last block asked for beats one a block. */
const MANY_ROLLUPS = 32;

/** Opens the database, creating it at need, takes the fence in a strict transaction, and loads. Rejects with the browser's error. */
export async function openDisk(
	place: StorePlace,
	name: string,
	fence: number,
	onEnded: () => void = () => undefined
): Promise<{ disk: IndexedDbDisk; loaded: Loaded }> {
	const { db, discarded } = await openTables(place.factory, name, onEnded);
	const disk = new IndexedDbDisk(db, place, fence, discarded);
	try {
		// Asked for at once. Each has a table of the one before, so they run in this order.
		const queued = [renewLog(unwrap(db), 'meta'), disk.enter(), disk.lookAside()];
		const [loaded] = await Promise.all([disk.load(), ...queued]);
		return { disk, loaded };
	} catch (cause) {
		disk.close();
		throw cause;
	}
}

/** The store's tables in IndexedDB: drawn in docs/telemetry-format.md. */
export class IndexedDbDisk implements Disk {
	readonly #db: IDBPDatabase<TelemetrySchema>;
	readonly #writes: FencedWrites;
	#aside: QuarantineIndex = NOTHING_ASIDE;
	/** By block: what `dropSamples` left of it, until a change has it. */
	readonly #unwritten = new Map<number, NewBlock>();
	#stateDamaged = false;

	constructor(
		db: IDBPDatabase<TelemetrySchema>,
		readonly place: StorePlace,
		readonly fence: number,
		readonly discarded: boolean
	) {
		this.#db = db;
		this.#writes = new FencedWrites(db, fence, () => place.usage());
	}

	get bucketsApart(): boolean {
		return this.place.apart;
	}

	/**
	 * Raises the fence to ours unless a higher one is there, and makes the state row of a new store. One that is none of ours goes
	 * aside: what it still tells is taken, and mending finds the rest.
	 */
	async enter(): Promise<void> {
		const tx = this.#db.transaction(['meta', 'wal', 'quarantine'], 'readwrite', { durability: 'strict' });
		const [meta, wal] = [tx.objectStore('meta'), tx.objectStore('wal')];
		const [last, state] = await Promise.all([wal.get(FENCE_KEY), meta.get('state')]);
		if (typeof last !== 'number' || last < this.fence) await wal.put(this.fence, FENCE_KEY);
		if (!parseState(state)) {
			const [oldest] = await wal.getAllKeys(IDBKeyRange.lowerBound(FENCE_KEY + 1), 1);
			await meta.put(salvagedState(state, (oldest ?? 1) - 1), 'state');
			this.#stateDamaged = state !== undefined;
			if (this.#stateDamaged) await setStateAside(tx.objectStore('quarantine'), state);
		}
		await tx.done;
	}

	async load(): Promise<Loaded> {
		const tx = this.#db.transaction([...TABLES], 'readonly');
		const pairs = async <T>(table: 'wal' | 'ledger' | 'latest') => {
			const store = tx.objectStore(table);
			const range = IDBKeyRange.lowerBound(FENCE_KEY + 1);
			const [keys, values] = await Promise.all([store.getAllKeys(range), store.getAll(range)]);
			return new Map(keys.map((key, i) => [key, values[i] as T]));
		};
		const [state, rawNames, wal, ledgers, latest] = await Promise.all([
			tx.objectStore('meta').get('state'),
			tx.objectStore('names').getAll(),
			pairs<unknown>('wal'),
			pairs<unknown>('ledger'),
			pairs<unknown>('latest')
		]);
		await tx.done;
		const parsed = parseState(state);
		if (!parsed) throw new Error('the state row is not ours');
		const names = rawNames.map(parseNameRow).filter((row) => row !== undefined);
		const goodLatest = keepParsed(latest, parseLatest);
		const goodWal = keepParsed(wal, asBytes);
		const goodLedgers = keepParsed(ledgers, asBytes);
		const malformed =
			rawNames.length +
			latest.size +
			wal.size +
			ledgers.size -
			(names.length + goodLatest.size + goodWal.size + goodLedgers.size);
		return {
			state: parsed,
			discarded: this.discarded,
			names,
			latest: goodLatest,
			wal: goodWal,
			ledgers: goodLedgers,
			malformed: malformed + (this.#stateDamaged ? 1 : 0)
		};
	}

	async isWhole(count: number): Promise<boolean> {
		const tx = this.#db.transaction(['heads', 'blocks'], 'readonly');
		const [heads, blocks] = await Promise.all([
			tx.objectStore('heads').count(),
			tx.objectStore('blocks').count()
		]);
		return heads === count && blocks + this.#unwritten.size === count;
	}

	putRecord(number: number, bytes: Uint8Array<ArrayBuffer>, names: readonly NameRow[]) {
		const tables: Table[] = names.length > 0 ? ['wal', 'names'] : ['wal'];
		return this.#writes.write(tables, 'relaxed', (tx) => {
			for (const row of names) tx.put('names', row, row.id);
			tx.put('wal', bytes, number);
		});
	}

	change(change: BlockChange) {
		const aside = this.#asideOf(change);
		const put = (tx: Puts) => {
			tx.put('meta', change.state, 'state');
			for (const { series, block } of change.remove) {
				tx.delete('heads', [series, block]);
				tx.delete('blocks', [series, block]);
				for (const widthMs of ROLLUP_WIDTHS_MS) tx.delete('rollups', [series, widthMs, block]);
			}
			for (const { head, bytes } of change.add) tx.put('blocks', bytes, [head.series, head.block]);
			for (const { head, rollups } of [...change.add, ...(change.roll ?? [])]) {
				const { series, block } = head;
				tx.put('heads', head, [series, block]);
				for (const { widthMs, encoded } of rollups) tx.put('rollups', encoded, [series, widthMs, block]);
			}
			for (const row of change.names ?? []) tx.put('names', row, row.id);
			for (const [series, bytes] of change.ledgers ?? []) tx.put('ledger', bytes, series);
			for (const [series, row] of change.latest ?? []) tx.put('latest', row, series);
			if (change.walUpTo !== undefined) tx.delete('wal', IDBKeyRange.bound(FENCE_KEY + 1, change.walUpTo));
			for (const series of change.forget ?? []) {
				for (const table of OF_BLOCKS) tx.delete(table, ofSeries(series));
				for (const table of ['ledger', 'latest', 'names'] as const) tx.delete(table, series);
			}
			for (const row of change.aside ?? []) tx.put('quarantine', row, [row.series, row.block]);
			if (aside) putAside(tx, aside);
		};
		return this.#writes.write(TABLES, 'strict', put, () => {
			if (aside) this.#aside = aside.index;
			for (const { block } of [...change.remove, ...change.add.map(({ head }) => head)])
				this.#unwritten.delete(block);
		});
	}

	empty(series: number) {
		return this.#writes.write(['wal', ...OF_BLOCKS], 'strict', (tx) => {
			for (const table of OF_BLOCKS) tx.delete(table, ofSeries(series));
		});
	}

	dropSamples(left: readonly NewBlock[]) {
		const put = (tx: Puts) => {
			for (const { head } of left) tx.delete('blocks', [head.series, head.block]);
			tx.delete('quarantine', IDBKeyRange.lowerBound(-Infinity));
		};
		return this.#writes.write(['wal', 'quarantine', 'blocks'], 'strict', put, () => {
			const { entries, letGo } = this.#aside;
			this.#aside = { entries: [], letGo: letGo + entries.length };
			for (const one of left) this.#unwritten.set(one.head.block, one);
		});
	}

	quarantine(records: ReadonlyMap<number, Uint8Array>) {
		const aside = withAside(
			this.#aside,
			[...records].map(([key, { length }]) => ({ key, bytes: length }))
		);
		const put = (tx: Puts) => {
			for (const [number, bytes] of records) {
				tx.delete('wal', number);
				tx.put('quarantine', bytes, number);
			}
			putAside(tx, aside);
		};
		return this.#writes.write(['wal', 'quarantine'], 'strict', put, () => {
			this.#aside = aside.index;
		});
	}

	get quarantined(): QuarantineFigures {
		return figuresOf(this.#aside);
	}

	async aside(): Promise<readonly Aside[]> {
		const tx = this.#db.transaction('quarantine', 'readonly');
		const [keys, rows] = await Promise.all([tx.store.getAllKeys(), tx.store.getAll()]);
		return keys.flatMap((key, i) => parseAside(key, rows[i]) ?? []);
	}

	/** Learns what is set aside. Rows of an earlier version have no index. */
	async lookAside(): Promise<void> {
		// The fence's table too, to be behind it.
		const tx = this.#db.transaction(['wal', 'quarantine'], 'readonly');
		const index = parseQuarantineIndex(await tx.objectStore('quarantine').get(INDEX_KEY));
		this.#aside = index ?? {
			entries: (await this.aside()).map(entryOf),
			letGo: 0
		};
	}

	#asideOf({ aside, forget }: BlockChange): AsideChange | undefined {
		if (aside && aside.length > 0)
			return withAside(
				this.#aside,
				aside.map((row) => ({ key: [row.series, row.block], bytes: asideBytes(row) }))
			);
		return forget && forget.length > 0 ? withoutSeries(this.#aside, forget) : undefined;
	}

	async heads(series: number): Promise<readonly BlockHead[]> {
		const rows: unknown[] = await this.#db.getAll('heads', ofSeries(series));
		return rows.flatMap((row) => {
			const head = parseBlockHead(row);
			return (head && this.#unwritten.get(head.block)?.head) ?? head ?? [];
		});
	}

	async blocks(
		heads: readonly Pick<BlockHead, 'series' | 'block'>[]
	): Promise<readonly (Uint8Array | undefined)[]> {
		const tx = this.#db.transaction('blocks', 'readonly');
		const rows = await Promise.all(heads.map(({ series, block }) => tx.store.get([series, block])));
		return rows.map((row, i) => this.#unwritten.get(heads[i]!.block)?.bytes ?? asBytes(row));
	}

	async rollups(heads: readonly BlockHead[], widthMs: number): Promise<readonly (Uint8Array | undefined)[]> {
		const written = await this.#writtenRollups(heads, widthMs);
		return heads.map(({ block }, i) => {
			const made = this.#unwritten.get(block)?.rollups.find((rollup) => rollup.widthMs === widthMs);
			return made?.encoded ?? asBytes(written[i]);
		});
	}

	async #writtenRollups(heads: readonly BlockHead[], widthMs: number): Promise<readonly unknown[]> {
		const [first] = heads;
		if (!first) return [];
		const tx = this.#db.transaction('rollups', 'readonly');
		if (heads.length < MANY_ROLLUPS)
			return Promise.all(heads.map(({ series, block }) => tx.store.get([series, widthMs, block])));
		const numbers = heads.map(({ block }) => block);
		const ends = [
			numbers.reduce((a, b) => Math.min(a, b)),
			numbers.reduce((a, b) => Math.max(a, b))
		] as const;
		const range = IDBKeyRange.bound([first.series, widthMs, ends[0]], [first.series, widthMs, ends[1]]);
		const [keys, rows] = await Promise.all([tx.store.getAllKeys(range), tx.store.getAll(range)]);
		const byBlock = new Map(keys.map(([, , block], i) => [block, rows[i]]));
		return numbers.map((block) => byBlock.get(block));
	}

	async blockKeys() {
		const tx = this.#db.transaction(OF_BLOCKS, 'readonly');
		const [heads, blocks, rollups] = await Promise.all([
			tx.objectStore('heads').getAllKeys(),
			tx.objectStore('blocks').getAllKeys(),
			tx.objectStore('rollups').getAllKeys()
		]);
		return [...heads, ...blocks, ...rollups.map(([series, , block]) => [series, block] as const)];
	}

	usage() {
		return this.place.usage();
	}

	close(): void {
		this.#db.close();
	}
}

const validKey = (key: AsideKey): IDBValidKey => (typeof key === 'object' ? [...key] : key);

/** With what else lies there; where that has no index, it is found by its row. */
async function setStateAside(
	table: {
		get(key: IDBValidKey): Promise<unknown>;
		put(row: unknown, key: IDBValidKey): Promise<unknown>;
		delete(key: IDBValidKey): Promise<unknown>;
	},
	found: unknown
): Promise<void> {
	await table.put(found, STATE_KEY);
	const known = parseQuarantineIndex(await table.get(INDEX_KEY));
	if (!known) return;
	const { index, gone } = withAside(known, [entryOf({ kind: 'state', found })]);
	for (const key of gone) await table.delete(validKey(key));
	await table.put(index, INDEX_KEY);
}

function putAside(tx: Puts, { index, gone }: AsideChange): void {
	for (const key of gone) tx.delete('quarantine', validKey(key));
	tx.put('quarantine', index, INDEX_KEY);
}
