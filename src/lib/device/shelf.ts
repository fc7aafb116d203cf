/**
 * Rows by text key that outlive the worker, as far as this room needs them: the vault's `Rows` is one. Writes resolve when
 * committed; `strict` waits for the disk.
 */
export interface Shelf<T> {
	all(): Promise<readonly T[]>;
	put(key: string, row: T, options?: { strict?: boolean }): Promise<void>;
	delete(key: string): Promise<void>;
}

/** Rows that are too many to be read all at once. */
export interface KeyedShelf<T> extends Shelf<T> {
	get(key: string): Promise<T | undefined>;
}
