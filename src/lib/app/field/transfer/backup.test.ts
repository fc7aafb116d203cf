import 'fake-indexeddb/auto';
import { IDBFactory } from 'fake-indexeddb';
import { expect, it } from 'vitest';
import { importSamples } from '$lib/telemetry';
import type { FieldStorage } from '../storage';
import {
	backUp,
	broker,
	clock,
	command,
	context,
	fill,
	never,
	open,
	restore,
	sample,
	seqsOf,
	series,
	START_MS,
	troubles
} from '../../../../../tests/fixtures/workspaces';
import { Transfers } from './transfer-calls';

/** A workspace with something of everything, and its backup. */
async function made(passphrase = '') {
	const there = await open(new IDBFactory());
	await fill(there, [0, 1, 2, 5]);
	await there.brokers.put('b1', broker('Home'));
	await there.outbox.put('c1', command);
	await there.settings.put('client-id', { key: 'client-id', text: 'theirs' });
	await there.secrets.put('broker:b1', 'hunter2');
	const file = await backUp(there, passphrase);
	await there.close();
	return file;
}

it(
	'brings a whole workspace to another browser, and says nothing of a loss',
	{ timeout: 20_000 },
	async () => {
		const file = await made('correct horse');
		expect(await file.text(), 'no secret in the clear').not.toContain('hunter2');
		const factory = new IDBFactory();
		const here = await open(factory);
		await fill(here, [77]);
		await here.brokers.put('old', { ...broker('Old'), id: 'old' });
		await here.settings.put('client-id', { key: 'client-id', text: 'mine' });
		let told: string | null = null;
		here.watchSentinel((text) => (told = text), never);
		expect(await restore(here, file, { apply: false })).toMatchObject({
			kind: 'checked',
			contents: { madeMs: START_MS, samples: 4, secrets: { kind: 'open', count: 1 }, rows: { brokers: 1 } }
		});
		expect(await restore(here, file, { apply: false, passphrase: 'wrong' })).toEqual({
			kind: 'refused',
			error: { kind: 'wrong-passphrase' }
		});
		expect(await seqsOf(here), 'a check changes nothing').toEqual([77]);
		expect(await restore(here, file)).toEqual({ kind: 'restored' });
		// What the leader that ends still holds in memory reaches nothing any more.
		await expect(here.brokers.put('old', { ...broker('Old'), id: 'old' })).rejects.toThrow();
		await here.close();

		const after = await open(factory, told);
		expect(after.losses).toEqual([]);
		expect(troubles).toEqual([]);
		expect(await seqsOf(after)).toEqual([0, 1, 2, 5]);
		expect(after.telemetry.missing(series, 9), 'the ledger came too').toEqual([[3, 4]]);
		expect((await after.brokers.all()).map(({ name }) => name)).toEqual(['Home']);
		expect(await after.settings.get('client-id')).toMatchObject({ text: 'mine' });
		expect(await after.outbox.get('c1')).toMatchObject({ state: 'expired', settledMs: START_MS });
		expect(await after.secrets.open('broker:b1')).toEqual({ ok: true, value: 'hunter2' });
		await fill(after, [5, 6]);
		expect(await seqsOf(after)).toEqual([0, 1, 2, 5, 6]);
		expect(await restore(after, file), 'the same act again does nothing').toEqual({ kind: 'restored' });
		expect(await seqsOf(after)).toEqual([0, 1, 2, 5, 6]);
		await after.close();
	}
);

it('refuses a file with any byte changed but in a block, any end missing, or more behind it, and leaves what is there', async () => {
	const bytes = new Uint8Array(await (await made()).arrayBuffer());
	const here = await open(new IDBFactory());
	await fill(here, [77]);
	const kinds = new Map<string, number>();
	let passed = 0;
	const tried = async (part: Uint8Array<ArrayBuffer>) => {
		const step = await restore(here, new Blob([part]), { apply: false });
		if (step.kind === 'checked') {
			// Nothing is believed of the block but that it was one.
			expect(step.contents).toMatchObject({ samples: 0, blocks: 1, damaged: [expect.any(Number)] });
			passed++;
		} else expect(step.kind).toBe('refused');
		if (step.kind === 'refused') kinds.set(step.error.kind, (kinds.get(step.error.kind) ?? 0) + 1);
	};
	for (let at = 0; at < bytes.length; at += 41) {
		const flipped = bytes.slice();
		flipped[at]! ^= 0x10;
		await tried(flipped);
		await tried(bytes.slice(0, at));
	}
	await tried(new Uint8Array([...bytes, 0]));
	expect([...kinds.keys()].sort()).toEqual(['damaged', 'foreign', 'truncated']);
	expect(passed).toBeGreaterThan(3);
	expect(passed, 'the block is the smaller part').toBeLessThan(bytes.length / 41 / 2);
	expect(await seqsOf(here)).toEqual([77]);
	await here.close();
});

/** Three blocks of ten. */
async function threeBlocks(factory: IDBFactory) {
	const there = await open(factory);
	for (const from of [0, 10, 20]) {
		await fill(
			there,
			Array.from({ length: 10 }, (_, i) => from + i)
		);
		const sealed = await there.telemetry.snapshot();
		if (sealed.ok) sealed.value.release();
	}
	return there;
}

/** Flips a bit of the second block on the disk. */
async function rot(factory: IDBFactory): Promise<void> {
	const request = factory.open('fieldbench-telemetry');
	await new Promise((resolve) => (request.onsuccess = resolve));
	const tx = request.result.transaction(['blocks'], 'readwrite');
	const rows = tx.objectStore('blocks');
	const keys = rows.getAllKeys();
	keys.onsuccess = () => {
		const second = keys.result[1]!;
		const found: IDBRequest<unknown> = rows.get(second);
		found.onsuccess = () => {
			const bytes = (found.result as Uint8Array).slice();
			bytes[bytes.length - 2]! ^= 4;
			rows.put(bytes, second);
		};
	};
	await new Promise((resolve) => (tx.oncomplete = resolve));
	request.result.close();
}
const first20 = [...Array(10).keys(), ...Array.from({ length: 10 }, (_, i) => 20 + i)];

it('leaves a damaged block out of a backup and counts it, so that the rest is restored and it is asked for again', async () => {
	const factory = new IDBFactory();
	const there = await threeBlocks(factory);
	await rot(factory);
	const file = await backUp(there, '');
	await there.close();
	expect(troubles).toMatchObject([{ kind: 'lost', loss: { cause: 'unreadable', of: { samples: 10 } } }]);
	const into = new IDBFactory();
	const here = await open(into);
	expect(await restore(here, file, { apply: false })).toMatchObject({
		contents: { samples: 20, leftOut: 1, damaged: [] }
	});
	expect(await restore(here, file)).toEqual({ kind: 'restored' });
	await here.close();
	const after = await open(into);
	expect(after.losses).toEqual([]);
	expect(await seqsOf(after)).toEqual(first20);
	expect(after.telemetry.missing(series, 9)).toEqual([[10, 19]]);
	await after.close();
});

it('restores what is whole of a file with a damaged block, and asks for the rest', async () => {
	const there = await threeBlocks(new IDBFactory());
	const bytes = new Uint8Array(await (await backUp(there, '')).arrayBuffer());
	await there.close();
	const text = Buffer.from(bytes).toString('latin1');
	const second = text.indexOf('"kind":"block"', text.indexOf('"kind":"block"') + 1);
	bytes[second + 3]! ^= 1;
	const file = new Blob([bytes]);
	const into = new IDBFactory();
	const here = await open(into);
	const checked = await restore(here, file, { apply: false });
	expect(checked).toMatchObject({ contents: { samples: 20, blocks: 3, leftOut: 0 } });
	const [place] = checked.kind === 'checked' ? checked.contents.damaged : [];
	expect(second - place!, 'where its frame begins').toBeLessThan(20);
	expect(await restore(here, file)).toEqual({ kind: 'restored' });
	await here.close();
	const after = await open(into);
	clock.advance(5000); // the store counts now
	await fill(after, [30]);
	expect(troubles).toMatchObject([{ kind: 'lost', loss: { cause: 'corrupt-record' } }]);
	expect(await seqsOf(after)).toEqual([...first20, 30]);
	expect(after.telemetry.missing(series, 9)).toEqual([[10, 19]]);
	await after.close();
});

it('leaves the old or the new, and nothing between, wherever it is broken off', async () => {
	const file = await made();
	const outcomes: string[] = [];
	for (const breakAt of ['build', 'replace', 'after'] as const) {
		const factory = new IDBFactory();
		const here = await open(factory);
		await fill(here, [77]);
		const { workspace } = here;
		const cut = () => Promise.reject(new Error('the browser was killed'));
		const broken: FieldStorage = {
			...here,
			workspace: {
				...workspace!,
				...(breakAt === 'build'
					? {
							build: (parts) =>
								workspace!.build(
									(async function* () {
										for await (const part of parts) if (part.kind !== 'block') yield part;
										throw new Error('the browser was killed');
									})()
								)
						}
					: {}),
				...(breakAt === 'replace' ? { replace: cut } : {})
			}
		};
		await restore(broken, file).catch(() => undefined);
		const again = await open(factory);
		outcomes.push(`${breakAt}: ${String(await seqsOf(again))}, ${again.losses.length} lost`);
		await again.close();
	}
	expect(outcomes).toEqual(['build: 77, 0 lost', 'replace: 77, 0 lost', 'after: 0,1,2,5, 0 lost']);
});

it('is not interrupted by a time that is learned meanwhile, which is right when it is done', async () => {
	const there = await open(new IDBFactory());
	const guessed = { ...sample(1), timeMs: START_MS - 5000, clock: 'unsynchronised' as const };
	const stored = there.telemetry.append([guessed]);
	await there.telemetry.flush();
	await stored;
	const times = async () => {
		const all = { ...series, metric: 'v', fromMs: -Infinity, toMs: Infinity, buckets: 9 };
		return [...(await there.telemetry.range(all, never)).timeMs];
	};
	const file = await backUp(there, '', async () => {
		await fill(there, [1]);
		clock.advance(30_000); // what is learned is gathered for two seconds
		await there.telemetry.flush();
	});
	expect(file.size).toBeGreaterThan(0);
	await there.telemetry.flush();
	expect(await times()).toEqual([sample(1).timeMs]);
	await there.close();
});

it('exports some of the metrics without their numbers, so that two such files make the whole, in either order', async () => {
	const from = await open(new IDBFactory());
	await fill(from, [1, 2, 3]);
	const { calls } = new Transfers({
		...{ clock, storage: from, flush: async () => undefined },
		...{ onImported: async () => undefined, onRestored: () => {} }
	});
	const exported = async (metrics: readonly string[] | undefined): Promise<Blob> => {
		const columns = metrics ?? ['v', 'third'];
		const query = { ...series, fromMs: 0, toMs: 2e12, ...(metrics ? { metrics } : {}) };
		const page = await calls.exportPage({ form: 'ndjson', query, columns }, context);
		return new Blob(['transfer' in page ? page.value.bytes : page.bytes]);
	};
	const [all, v, third] = [await exported(undefined), await exported(['v']), await exported(['third'])];
	for (const files of [
		[v, third],
		[third, v],
		[all, v, third]
	]) {
		const into = await open(new IDBFactory());
		for (const file of files)
			for await (const step of importSamples(file, { kind: 'ndjson' }, into.telemetry, never))
				expect(step.kind).not.toBe('failed');
		for (const metric of ['v', 'third']) {
			const found = await into.telemetry.range(
				{ ...series, metric, fromMs: 0, toMs: 2e12, buckets: 10 },
				never
			);
			expect([...found.avg]).toEqual([1, 2, 3].map((seq) => sample(seq).values[metric]));
			expect([...found.count]).toEqual([1, 1, 1]);
		}
		expect((await into.telemetry.stats()).samples).toBe(files.length === 3 ? 3 : 6);
	}
});
