import type { IDBFactory } from 'fake-indexeddb';
import type { SeriesKey } from '$lib/telemetry';

/** What becomes of one row: a bit of a block flips, or it is gone with its block's bytes, header or its series' ledger. */
export type Damage = 'bit' | 'bytes' | 'header' | 'ledger';

interface Head {
	readonly rows: number;
	readonly fromMs: number;
	readonly toMs: number;
}

/** Whose it was. */
export interface Damaged extends SeriesKey {
	/** Of the block, where it was one's. */
	readonly head: Head | undefined;
	/** Whether the series has a block: then a ledger's loss is noticed. */
	readonly sealed: boolean;
}

const answered = <T>(request: IDBRequest<T>) =>
	new Promise<T>((resolve, reject) => {
		request.onsuccess = () => resolve(request.result);
		request.onerror = () => reject(request.error ?? new Error('no reason given'));
	});

/** Damages a row of a store of docs/telemetry-format.md. @returns undefined where there is none */
export async function damage(factory: IDBFactory, what: Damage, which: number): Promise<Damaged | undefined> {
	const db = await answered(factory.open('fieldbench-telemetry'));
	try {
		const tables = ['names', 'heads', 'blocks', 'ledger'];
		const table = (name: string) => db.transaction(tables, 'readwrite').objectStore(name);
		const keys = await answered(table(what === 'ledger' ? 'ledger' : 'blocks').getAllKeys());
		const key = keys[which % keys.length];
		if (key === undefined) return undefined;
		const series = Array.isArray(key) ? (key[0] as number) : (key as number);
		const name = (await answered(table('names').get(series))) as SeriesKey;
		const of = { device: name.device, provenance: name.provenance };
		const sealed = (await answered(table('heads').count(IDBKeyRange.bound([series], [series, []])))) > 0;
		const head = what === 'ledger' ? undefined : ((await answered(table('heads').get(key))) as Head);
		if (what === 'bit') {
			const bytes = ((await answered(table('blocks').get(key))) as Uint8Array).slice();
			bytes[bytes.length >> 1]! ^= 0x20;
			await answered(table('blocks').put(bytes, key));
		} else await answered(table({ bytes: 'blocks', header: 'heads', ledger: 'ledger' }[what]).delete(key));
		return { ...of, head, sealed };
	} finally {
		db.close();
	}
}
