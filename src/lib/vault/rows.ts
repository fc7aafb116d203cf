/**
 * A table of small rows by text key, in the store that outlives the telemetry (settings, brokers, outbox, devices, notices).
 * Writes resolve when committed; `strict` waits for the disk (IndexedDB durability 'strict').
 */
export interface Rows<T> {
	get(key: string): Promise<T | undefined>;
	all(): Promise<readonly T[]>;
	put(key: string, row: T, options?: { strict?: boolean }): Promise<void>;
	delete(key: string): Promise<void>;
}
