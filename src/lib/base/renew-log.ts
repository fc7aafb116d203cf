/** LevelDB begins a new log once one holds more than 4 MB (Chromium's `leveldb_env::WriteBufferSize`; less on a small disk). */
const ROWS = 40;
/** Below the 64 KiB from which Chromium keeps a value in a file of its own. */
const ROW_BYTES = 60_000;
const FILLER_KEY = 'filler';

/**
 * Makes Chromium begin a new log file for the databases of a storage bucket; to be the first write after opening. LevelDB goes
 * on in the log it finds, and where a killed browser left half a record at its end, what is written behind that is read
 * as damage at the next start but one: all the bucket held is thrown away then (seen, docs/telemetry-format.md). Some 5 MB
 * of zeros and 25 ms; each row is logged twice, since undoing it must be possible. Nothing is left of them in the table.
 * Never rejects: a full disk takes no filler, and the log stays as it is.
 */
export function renewLog(db: IDBDatabase, table: string): Promise<void> {
	return new Promise((resolve) => {
		const tx = db.transaction(table, 'readwrite', { durability: 'relaxed' });
		tx.oncomplete = () => resolve();
		tx.onabort = () => resolve();
		const rows = tx.objectStore(table);
		const zeros = new Uint8Array(ROW_BYTES);
		for (let row = 0; row < ROWS; row++) rows.put(zeros, FILLER_KEY);
		rows.delete(FILLER_KEY);
	});
}
