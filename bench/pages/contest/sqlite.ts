import sqlite3InitModule, { type Database, type SAHPoolUtil } from '@sqlite.org/sqlite-wasm';
import { metricName } from '../walks';
import type { Contender } from './contender';

const ROWS_PER_TRANSACTION = 1000;
const METRICS = 5;

/**
 * SQLite-WASM on the origin's private file system by its pool of access handles, which is its fastest VFS and needs no
 * cross-origin isolation; one wide row a message, by device and time without another key; one prepared statement.
 */
export function sqlite(): Contender {
	let pool: SAHPoolUtil | undefined;
	let opened: Database | undefined;
	const database = () => {
		if (!opened) throw new Error('not open');
		return opened;
	};
	return {
		async open() {
			const sqlite3 = await sqlite3InitModule();
			pool = await sqlite3.installOpfsSAHPoolVfs({});
			opened = new pool.OpfsSAHPoolDb('/bench.sqlite');
			const columns = Array.from({ length: METRICS }, (_, i) => `${metricName(i)} REAL`).join(', ');
			opened.exec(
				`PRAGMA locking_mode=exclusive; PRAGMA journal_mode=wal; PRAGMA synchronous=normal; PRAGMA cache_size=-65536;
				CREATE TABLE IF NOT EXISTS samples (device INTEGER, timeMs INTEGER, seq INTEGER, ${columns}, PRIMARY KEY (device, timeMs)) WITHOUT ROWID`
			);
		},
		async bulk(batches) {
			const db = database();
			const marks = Array.from({ length: METRICS + 3 }, () => '?').join(', ');
			const insert = db.prepare(`INSERT INTO samples VALUES (${marks})`);
			try {
				for (const { device, timeMs, seq, values } of batches) {
					const number = Number(/\d+$/u.exec(device)?.[0]);
					const columns = [...values.values()];
					for (let start = 0; start < timeMs.length; start += ROWS_PER_TRANSACTION) {
						db.exec('BEGIN');
						const end = Math.min(timeMs.length, start + ROWS_PER_TRANSACTION);
						for (let i = start; i < end; i++) {
							insert.bind(1, number).bind(2, timeMs[i]!).bind(3, seq[i]!);
							for (let metric = 0; metric < columns.length; metric++)
								insert.bind(metric + 4, columns[metric]![i]!);
							insert.stepReset();
						}
						db.exec('COMMIT');
					}
				}
			} finally {
				insert.finalize();
			}
		},
		async query({ device, fromMs, toMs, buckets }) {
			const rows = database().selectArrays(
				`SELECT (timeMs - ?2) * ?4 / (?3 - ?2) AS bucket, min(metric_0), max(metric_0), avg(metric_0), count(*)
				FROM samples WHERE device = ?1 AND timeMs >= ?2 AND timeMs < ?3 GROUP BY bucket`,
				[device, fromMs, toMs, buckets]
			);
			return { points: rows.reduce((sum, row) => sum + Number(row[4]), 0), buckets: rows.length };
		},
		async bytes() {
			database().exec('PRAGMA wal_checkpoint(TRUNCATE)');
			return Number(
				database().selectValue('SELECT page_count * page_size FROM pragma_page_count, pragma_page_size')
			);
		},
		async close() {
			opened?.close();
		}
	};
}
