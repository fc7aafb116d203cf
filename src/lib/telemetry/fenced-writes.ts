import type { IDBPDatabase } from 'idb';
import { done, err, type Result } from '$lib/base';
import type { StorePlace } from './place';
import type { StoreError } from './store';
import { FENCE_KEY, type Table, type TelemetrySchema } from './telemetry-tables';

/** Thrown inside a write to abort its transaction; caught at the door. */
class Fenced extends Error {
	constructor(readonly by: number) {
		super('a newer leader writes');
	}
}

/** Write transactions that a newer leader's fence number ends. */
export class FencedWrites {
	constructor(
		private readonly db: IDBPDatabase<TelemetrySchema>,
		private readonly fence: number,
		private readonly usage: StorePlace['usage']
	) {}

	/**
	 * Reads the fence first, in the same transaction; `puts` only queues requests, which need not be awaited one by one.
	 * @param committed called where and when all of it is on the disk
	 */
	async write(
		tables: readonly Table[],
		durability: 'strict' | 'relaxed',
		puts: (tx: Puts) => void,
		committed: () => void = () => undefined
	): Promise<Result<void, StoreError>> {
		try {
			const tx = this.db.transaction([...tables], 'readwrite', { durability });
			const store = (table: Table) => tx.objectStore(table) as unknown as AnyTable;
			try {
				const highest: unknown = await tx.objectStore('wal').get(FENCE_KEY);
				if (typeof highest === 'number' && highest > this.fence) throw new Fenced(highest);
				puts({
					// A request that fails aborts the transaction, and `done` tells of it.
					put: (table, value, key) =>
						void store(table)
							.put(value, key)
							.catch(() => undefined),
					delete: (table, key) =>
						void store(table)
							.delete(key)
							.catch(() => undefined)
				});
			} catch (cause) {
				// One that cannot be queued would leave those before it to be committed alone.
				try {
					tx.abort();
				} catch {
					// it has ended already
				}
				await tx.done.catch(() => undefined); // aborted by us
				throw cause;
			}
			await tx.done;
			committed();
			return done;
		} catch (cause) {
			return err(await this.#toError(cause));
		}
	}

	async #toError(cause: unknown): Promise<StoreError> {
		if (cause instanceof Fenced) return { kind: 'fenced', by: cause.by };
		if (!(cause instanceof DOMException) || cause.name !== 'QuotaExceededError')
			return { kind: 'unavailable', cause: String(cause) };
		const { usedBytes, quotaBytes } = await this.usage();
		return { kind: 'quota', usedBytes: usedBytes ?? 0, quotaBytes: quotaBytes ?? 0 };
	}
}

/** What a write may do: queue requests. */
export interface Puts {
	put(table: Table, value: unknown, key: IDBValidKey): void;
	delete(table: Table, key: IDBValidKey | IDBKeyRange): void;
}

/** A table seen without its row type: which row goes where is decided by the callers above. */
interface AnyTable {
	put(value: unknown, key: IDBValidKey): Promise<unknown>;
	delete(key: IDBValidKey | IDBKeyRange): Promise<void>;
}
