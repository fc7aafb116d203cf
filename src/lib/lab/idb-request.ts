/** The request's result, or its DOMException. */
export function settled<T>(request: IDBRequest<T>): Promise<T> {
	return new Promise((resolve, reject) => {
		request.onsuccess = () => resolve(request.result);
		request.onerror = () => reject(request.error ?? new DOMException('the request failed', 'UnknownError'));
	});
}

/** Resolves once the transaction is committed; rejects where it was aborted. */
export function committed(tx: IDBTransaction): Promise<void> {
	return new Promise((resolve, reject) => {
		tx.oncomplete = () => resolve();
		tx.onabort = () => reject(tx.error ?? new DOMException('the transaction was aborted', 'AbortError'));
	});
}
