import 'fake-indexeddb/auto';
import { IDBFactory } from 'fake-indexeddb';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { ManualClock } from '$lib/base';
import { memoryKeep, openKeep, type Keep } from './index';
import { migrate, type Migration } from './migrate';
import { KEEP_MIGRATIONS } from './open-keep';

let factory: IDBFactory;
beforeEach(() => {
	factory = new IDBFactory();
});

async function durable(clock = new ManualClock()): Promise<Keep> {
	const opened = await openKeep({ indexedDB: factory, clock });
	if (!opened.ok) throw new Error(opened.error.kind);
	return opened.value;
}

const asText = (row: unknown) => (typeof row === 'string' ? row : undefined);

describe.each([
	['on disk', durable],
	['in memory', async () => memoryKeep(new ManualClock())]
])('keep %s', (_, make) => {
	it('gives back rows by key, and all of them', async () => {
		const rows = (await make()).rows('settings', asText);
		await rows.put('a', 'one');
		await rows.put('b', 'two', { strict: true });
		await rows.put('a', 'three');
		expect(await rows.get('a')).toBe('three');
		expect(await rows.all()).toStrictEqual(['three', 'two']);
		await rows.delete('a');
		expect(await rows.get('a')).toBeUndefined();
	});

	it('does not show a row that its parser refuses, and leaves it there', async () => {
		const keep = await make();
		await keep.rows('brokers', (row) => row).put('odd', 42);
		expect(await keep.rows('brokers', asText).all()).toStrictEqual([]);
		expect(await keep.rows('brokers', (row) => row).get('odd')).toBe(42);
	});

	it('gives fence numbers that rise even when the clock stands still', async () => {
		const keep = await make();
		const first = await keep.takeFence('telemetry');
		expect(await keep.takeFence('telemetry')).toBe(first + 1);
	});

	it('keeps a secret under its name only', async () => {
		const { secrets } = await make();
		expect(await secrets.put('broker.home', 'correct horse ü')).toStrictEqual({ ok: true, value: undefined });
		expect(await secrets.open('broker.home')).toStrictEqual({ ok: true, value: 'correct horse ü' });
		expect(await secrets.has('broker.home')).toBe(true);
		expect(await secrets.open('broker.away')).toStrictEqual({ ok: false, error: { kind: 'absent' } });
		await secrets.delete('broker.home');
		expect(await secrets.has('broker.home')).toBe(false);
	});

	it('remembers the sentinel', async () => {
		const { sentinel } = await make();
		expect(await sentinel.read()).toBeNull();
		await sentinel.write('fb1:a:1:2');
		expect(await sentinel.read()).toBe('fb1:a:1:2');
	});
});

it('writes nothing for a worker that another has taken over from', async () => {
	const old = await durable();
	await old.takeFence('field');
	const outbox = old.rows('outbox', asText);
	await outbox.put('a', 'sent');
	const young = await durable();
	const by = await young.takeFence('field');
	await expect(outbox.put('a', 'failed')).rejects.toMatchObject({ name: 'KeepFenced', by });
	await expect(outbox.delete('a')).rejects.toThrow('another worker');
	expect(await young.rows('outbox', asText).all()).toStrictEqual(['sent']);
	await young.rows('outbox', asText).put('a', 'acknowledged');
	expect(await outbox.get('a')).toBe('acknowledged');
});

/** Edits a raw row beside the keep. */
async function tamper(edit: (table: IDBObjectStore, row: Record<string, unknown>) => void): Promise<void> {
	const { db } = await migrate(factory, 'fieldbench-keep', KEEP_MIGRATIONS);
	await new Promise<void>((resolve, reject) => {
		const tx = db.transaction('secrets', 'readwrite');
		const table = tx.objectStore('secrets');
		const read = table.get('a');
		read.onsuccess = () => edit(table, read.result as Record<string, unknown>);
		tx.oncomplete = () => resolve();
		tx.onerror = () => reject(tx.error ?? new Error('the database gave no reason'));
	});
	db.close();
}

describe('secrets on disk', () => {
	it('outlive a restart, and the text is nowhere in the row', async () => {
		const first = await durable();
		await first.secrets.put('a', 'correct horse');
		first.close();
		await tamper((_, row) => expect(JSON.stringify(row)).not.toContain('correct'));
		expect(await (await durable()).secrets.open('a')).toStrictEqual({ ok: true, value: 'correct horse' });
	});

	it.each([
		[
			'moved to another name',
			(table: IDBObjectStore, row: Record<string, unknown>) => table.put(row, 'b'),
			'b'
		],
		[
			'dated anew',
			(table: IDBObjectStore, row: Record<string, unknown>) => table.put({ ...row, createdMs: 1 }, 'a'),
			'a'
		],
		[
			'with one bit flipped',
			(table: IDBObjectStore, row: Record<string, unknown>) => {
				(row['ciphertext'] as Uint8Array)[0]! ^= 1;
				table.put(row, 'a');
			},
			'a'
		],
		[
			'of a newer version',
			(table: IDBObjectStore, row: Record<string, unknown>) => table.put({ ...row, version: 2 }, 'a'),
			'a'
		]
	])('are refused when %s', async (_, edit, name) => {
		const keep = await durable();
		await keep.secrets.put('a', 'correct horse');
		await tamper((table, row) => edit(table, row));
		expect(await keep.secrets.open(name)).toStrictEqual({ ok: false, error: { kind: 'damaged' } });
	});

	it('use one key even when two tabs make the first one at once', async () => {
		const [one, two] = [await durable(), await durable()];
		await Promise.all([one.secrets.put('a', 'first'), two.secrets.put('b', 'second')]);
		expect(await two.secrets.open('a')).toStrictEqual({ ok: true, value: 'first' });
		expect(await one.secrets.open('b')).toStrictEqual({ ok: true, value: 'second' });
	});

	it('are refused, not kept in the clear, without WebCrypto', async () => {
		vi.stubGlobal('crypto', { getRandomValues: crypto.getRandomValues.bind(crypto) });
		try {
			const { secrets } = await durable();
			expect(secrets.available).toBe(false);
			expect(await secrets.put('a', 'x')).toStrictEqual({ ok: false, error: { kind: 'no-vault' } });
			expect(await secrets.has('a')).toBe(false);
		} finally {
			vi.unstubAllGlobals();
		}
	});
});

describe('migrations', () => {
	const first: Migration = (db) => void db.createObjectStore('one');
	const second: Migration = (db, tx) => {
		db.createObjectStore('two');
		tx.objectStore('one').put('moved', 'row');
	};

	it('run the missing steps once, in order, over the data that is there', async () => {
		(await migrate(factory, 'm', [first])).db.close();
		const { db } = await migrate(factory, 'm', [first, second]);
		expect([...db.objectStoreNames]).toStrictEqual(['one', 'two']);
		db.close();
		await expect(migrate(factory, 'm', [first, second])).resolves.toMatchObject({ dataLoss: false });
	});

	it('leave everything as it was where a step throws', async () => {
		(await migrate(factory, 'm', [first])).db.close();
		const bad: Migration = (db) => {
			db.createObjectStore('half');
			throw new Error('half way');
		};
		await expect(migrate(factory, 'm', [first, bad])).rejects.toThrow('half way');
		const { db } = await migrate(factory, 'm', [first]);
		expect([...db.objectStoreNames]).toStrictEqual(['one']);
	});

	it('give a keep of each earlier version the tables it lacks, and leave its rows alone', async () => {
		for (const [i, _] of KEEP_MIGRATIONS.entries()) {
			factory = new IDBFactory();
			const { db } = await migrate(factory, 'fieldbench-keep', KEEP_MIGRATIONS.slice(0, i + 1));
			await new Promise<void>((resolve) => {
				const tx = db.transaction('settings', 'readwrite');
				tx.objectStore('settings').put('kept', 'a');
				tx.oncomplete = () => resolve();
			});
			db.close();
			const keep = await durable();
			expect(await keep.rows('settings', asText).get('a')).toBe('kept');
			await keep.rows('annotations', asText).put('n', 'noted');
			expect(await keep.rows('annotations', asText).all()).toStrictEqual(['noted']);
		}
	});

	it('refuse a keep of a later version', async () => {
		(await migrate(factory, 'fieldbench-keep', [...KEEP_MIGRATIONS, () => undefined])).db.close();
		expect(await openKeep({ indexedDB: factory })).toMatchObject({
			ok: false,
			error: { kind: 'newer-version' }
		});
	});
});
