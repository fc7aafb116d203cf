import { openDB, type DBSchema } from 'idb';
import type { StoreLoss } from '../store';
import type { PickedDirectory } from './folder';

/** What a lost store has not had back yet. */
export interface Owed {
	/** Of the store that was lost: what a copy of it holds comes back without a question. */
	readonly generation: string;
	/** As it was announced; absent where it has been made good, and only the copy is yet to be made anew. */
	readonly loss?: StoreLoss;
}

/** What is remembered of the second copy besides the copy itself. */
export interface CopyMemory {
	/** The folder a person picked; undefined where none is. */
	picked(): Promise<PickedDirectory | undefined>;
	keepPicked(picked: PickedDirectory | undefined): Promise<void>;
	owed(): Promise<Owed | undefined>;
	keepOwed(owed: Owed | undefined): Promise<void>;
}

interface Schema extends DBSchema {
	facts: { key: 'picked' | 'owed'; value: PickedDirectory | Owed };
}

/**
 * A database of its own in the default bucket: handles of folders are kept by IndexedDB alone, and no backup can hold one. Opened for
 * each act, so that it holds up nobody who deletes it. Each act rejects with the browser's error.
 */
export function copyMemory(): CopyMemory {
	const inFacts = async <T>(act: (db: Awaited<ReturnType<typeof open>>) => Promise<T>): Promise<T> => {
		const db = await open();
		try {
			return await act(db);
		} finally {
			db.close();
		}
	};
	const read = <T>(key: 'picked' | 'owed') =>
		inFacts(async (db) => (await db.get('facts', key)) as T | undefined);
	const keep = (key: 'picked' | 'owed', value: PickedDirectory | Owed | undefined) =>
		inFacts(async (db) => {
			await (value ? db.put('facts', value, key) : db.delete('facts', key));
		});
	return {
		picked: () => read<PickedDirectory>('picked'),
		keepPicked: (picked) => keep('picked', picked),
		owed: () => read<Owed>('owed'),
		keepOwed: (owed) => keep('owed', owed)
	};
}

const open = () =>
	openDB<Schema>('fieldbench-copy', 1, { upgrade: (db) => void db.createObjectStore('facts') });
