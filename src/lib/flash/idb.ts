/** What a request gives, or why it failed. */
export function settled<T>(request: IDBRequest<T>): Promise<T> {
	return new Promise((resolve, reject) => {
		request.onsuccess = () => resolve(request.result);
		request.onerror = () => reject(request.error ?? new DOMException('the request failed', 'UnknownError'));
	});
}

/** Resolves when the transaction is done, rejects when it was undone. */
export function committed(tx: IDBTransaction): Promise<void> {
	return new Promise((resolve, reject) => {
		tx.oncomplete = () => resolve();
		tx.onabort = () => reject(tx.error ?? new DOMException('the transaction was aborted', 'AbortError'));
	});
}

/** Opens a database of one version with these tables, which are made where it is new. */
export async function openDatabase(
	factory: IDBFactory,
	name: string,
	tables: readonly string[]
): Promise<IDBDatabase> {
	const request = factory.open(name, 1);
	request.onupgradeneeded = () => {
		for (const table of tables) request.result.createObjectStore(table);
	};
	const db = await settled(request);
	db.onversionchange = () => db.close(); // a newer page wants it
	return db;
}
