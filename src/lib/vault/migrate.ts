/** Changes the schema by one version, inside the version-change transaction. */
export type Migration = (db: IDBDatabase, transaction: IDBTransaction) => void;

/** Chromium's own extension: it says so in the event when it threw a damaged database away. */
interface DataLossEvent extends IDBVersionChangeEvent {
	readonly dataLoss?: 'none' | 'total';
}

/**
 * Opens `name` at the version that `steps` reach, running the steps it still lacks. All or nothing: where a step throws, the
 * database stays as it was. Rejects with the browser's DOMException (`VersionError` where a newer schema is on disk).
 * Another tab's later upgrade closes this connection rather than waiting for it.
 */
export function migrate(
	factory: IDBFactory,
	name: string,
	steps: readonly Migration[]
): Promise<{ db: IDBDatabase; dataLoss: boolean }> {
	return new Promise((resolve, reject) => {
		const request = factory.open(name, steps.length);
		let dataLoss = false;
		let broken: Error | undefined;
		request.onupgradeneeded = (event: DataLossEvent) => {
			dataLoss = event.dataLoss === 'total';
			const { result: db, transaction } = request;
			try {
				for (const step of steps.slice(event.oldVersion)) if (transaction) step(db, transaction);
			} catch (cause) {
				broken = cause instanceof Error ? cause : new Error(String(cause));
				transaction?.abort();
			}
		};
		request.onerror = () => reject(broken ?? request.error ?? new Error('the database gave no reason'));
		request.onsuccess = () => {
			const db = request.result;
			db.onversionchange = () => db.close();
			resolve({ db, dataLoss });
		};
	});
}
