import { openDB, type IDBPDatabase } from 'idb';
import type { Sample } from '$lib/model';
import type { SampleColumns } from '$lib/telemetry';
import { metricName } from '../walks';
import { reduce, type Contender } from './contender';

const RECORDS_PER_TRANSACTION = 1000;

/** One record a message. */
interface Message extends Readonly<Record<string, number>> {
	readonly device: number;
	readonly timeMs: number;
	readonly seq: number;
}

/** The record of one message. */
export const recordOf = ({ device, timeMs, identity, values }: Sample): Message => ({
	...values,
	...{ device: numberOf(device), timeMs, seq: identity?.seq ?? 0 }
});

/** What the ids of the walks end in. */
export const numberOf = (device: string): number => Number(/\d+$/u.exec(device)?.[0]);

/** The records of a batch, a transaction's worth at a time. */
export function* recordsOf({ device, timeMs, seq, values }: SampleColumns): Generator<Message[]> {
	const number = numberOf(device);
	const columns = [...values];
	for (let start = 0; start < timeMs.length; start += RECORDS_PER_TRANSACTION) {
		const count = Math.min(RECORDS_PER_TRANSACTION, timeMs.length - start);
		yield Array.from({ length: count }, (_, i) => {
			const record: Record<string, number> = {};
			for (const [name, column] of columns) record[name] = column[start + i]!;
			return { ...record, device: number, timeMs: timeMs[start + i]!, seq: seq[start + i]! };
		});
	}
}

/** IndexedDB by idb: one record a message, by device and time, in relaxed transactions, none of whose requests is waited for. */
export function idb(): Contender {
	let opened: IDBPDatabase | undefined;
	const database = () => {
		if (!opened) throw new Error('not open');
		return opened;
	};
	return {
		async open() {
			opened = await openDB('contest-idb', 1, {
				upgrade: (db) => void db.createObjectStore('samples', { keyPath: ['device', 'timeMs'] })
			});
		},
		async bulk(batches) {
			for (const batch of batches)
				for (const records of recordsOf(batch)) {
					const tx = database().transaction('samples', 'readwrite', { durability: 'relaxed' });
					for (const record of records) void tx.store.put(record);
					await tx.done;
				}
		},
		async live(samples) {
			const tx = database().transaction('samples', 'readwrite', { durability: 'relaxed' });
			for (const sample of samples) void tx.store.put(recordOf(sample));
			await tx.done;
			return 0;
		},
		async query(of) {
			const range = IDBKeyRange.bound([of.device, of.fromMs], [of.device, of.toMs], false, true);
			const records = (await database().getAll('samples', range)) as Message[];
			const name = metricName(0);
			return reduce(
				records.map((record) => ({ timeMs: record.timeMs, value: record[name]! })),
				of
			);
		},
		bytes: async () => undefined,
		close: async () => opened?.close()
	};
}
