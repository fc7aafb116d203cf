/**
 * Rows by text key that outlive the worker, as far as this room needs them: the vault's `Rows` is one. Writes resolve when
 * committed; `strict` waits for the disk.
 */
export interface Shelf<T> {
	all(): Promise<readonly T[]>;
	put(key: string, row: T, options?: { strict?: boolean }): Promise<void>;
	delete(key: string): Promise<void>;
}
