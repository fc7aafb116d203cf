import sqlite3InitModule, {
	type Database,
	type PreparedStatement,
	type SAHPoolUtil
} from '@sqlite.org/sqlite-wasm';
import { metricName } from '../walks';
import type { Contender } from './contender';
import { numberOf } from './idb';

const ROWS_PER_TRANSACTION = 1000;
const METRICS = 5;
const NAMES = Array.from({ length: METRICS }, (_, i) => metricName(i));

/**
 * SQLite-WASM on the origin's private file system by its pool of access handles, which is its fastest VFS and needs no
 * cross-origin isolation; one wide row a message, by device and time without another key; one prepared statement.
 */
export function sqlite(): Contender {
	let pool: SAHPoolUtil | undefined;
	let opened: Database | undefined;
	let insert: PreparedStatement | undefined;
	const database = () => {
		if (!opened) throw new Error('not open');
		return opened;
	};
	const inserting = () => {
		if (!insert) throw new Error('not open');
		return insert;
	};
	return {
		async open() {
			const sqlite3 = await sqlite3InitModule();
			pool = await sqlite3.installOpfsSAHPoolVfs({});
			opened = new pool.OpfsSAHPoolDb('/bench.sqlite');
			const columns = NAMES.map((name) => `${name} REAL`).join(', ');
			opened.exec(
				`PRAGMA locking_mode=exclusive; PRAGMA journal_mode=wal; PRAGMA synchronous=normal; PRAGMA cache_size=-65536;
				CREATE TABLE IF NOT EXISTS samples (device INTEGER, timeMs INTEGER, seq INTEGER, ${columns}, PRIMARY KEY (device, timeMs)) WITHOUT ROWID`
			);
			const marks = Array.from({ length: METRICS + 3 }, () => '?').join(', ');
			insert = opened.prepare(`INSERT INTO samples VALUES (${marks})`);
		},
		async bulk(batches) {
			const db = database();
			const row = inserting();
			for (const { device, timeMs, seq, values } of batches) {
				const number = numberOf(device);
				const columns = [...values.values()];
				for (let start = 0; start < timeMs.length; start += ROWS_PER_TRANSACTION) {
					db.exec('BEGIN');
					const end = Math.min(timeMs.length, start + ROWS_PER_TRANSACTION);
					for (let i = start; i < end; i++) {
						row.bind(1, number).bind(2, timeMs[i]!).bind(3, seq[i]!);
						for (let metric = 0; metric < columns.length; metric++)
							row.bind(metric + 4, columns[metric]![i]!);
						row.stepReset();
					}
					db.exec('COMMIT');
				}
			}
		},
		async live(samples) {
			const db = database();
			const row = inserting();
			db.exec('BEGIN');
			for (const { device, timeMs, identity, values } of samples) {
				row
					.bind(1, numberOf(device))
					.bind(2, timeMs)
					.bind(3, identity?.seq ?? 0);
				for (let metric = 0; metric < METRICS; metric++) row.bind(metric + 4, values[NAMES[metric]!]!);
				row.stepReset();
			}
			db.exec('COMMIT');
			return 0;
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
			insert?.finalize();
			opened?.close();
		}
	};
}
