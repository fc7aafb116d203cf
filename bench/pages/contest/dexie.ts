import { Dexie } from 'dexie';
import { metricName } from '../walks';
import { reduce, type Contender } from './contender';
import { recordOf, recordsOf } from './idb';

/** Dexie: one record a message, `bulkAdd` of a transaction's worth. */
export function dexie(): Contender {
	const db = new Dexie('contest-dexie', { chromeTransactionDurability: 'relaxed' });
	db.version(1).stores({ samples: '[device+timeMs]' });
	const samples = db.table<Readonly<Record<string, number>>>('samples');
	return {
		async open() {
			await db.open();
		},
		async bulk(batches) {
			for (const batch of batches) for (const records of recordsOf(batch)) await samples.bulkAdd(records);
		},
		async live(messages) {
			await samples.bulkAdd(messages.map(recordOf));
			return 0;
		},
		async query(of) {
			const between = samples
				.where('[device+timeMs]')
				.between([of.device, of.fromMs], [of.device, of.toMs], true, false);
			const name = metricName(0);
			return reduce(
				(await between.toArray()).map((record) => ({ timeMs: record['timeMs']!, value: record[name]! })),
				of
			);
		},
		bytes: async () => undefined,
		close: async () => db.close()
	};
}
