import { IDBFactory } from 'fake-indexeddb';
import { expect, it } from 'vitest';
import type { Sample } from '$lib/model';
import type { ImportStep } from '$lib/telemetry';
import { FOR_EVER, type RetentionPlan } from '../retention-plan';
import type { FieldStorage } from '../storage';
import {
	backUp,
	clock,
	never,
	open,
	restore,
	series,
	START_MS
} from '../../../../../tests/fixtures/workspaces';
import { Transfers } from './transfer-calls';

const DAY_MS = 86_400_000;
const PLAN: RetentionPlan = { ...FOR_EVER, samplesDays: 30, rollupsDays: 365 };
const aged = (days: number, seq: number, values: Sample['values']): Sample => ({
	...{ ...series, identity: { epoch: 7, seq }, timeMs: START_MS - days * DAY_MS, clock: 'synchronised' },
	values
});
const SAMPLES = [
	aged(1, 0, { power: 1 }),
	aged(60, 1, { power: 1, wifi_rssi: -50 }),
	aged(61, 2, { wifi_rssi: -50 }),
	aged(400, 3, { wifi_rssi: -50 })
];
const keep = (storage: FieldStorage, plan: RetentionPlan) =>
	storage.settings.put('retention', { key: 'retention', plan });

it('counts what a file brings that is older than it would be kept, by class', async () => {
	const storage = await open(new IDBFactory());
	await keep(storage, PLAN);
	const { feeds } = new Transfers({
		...{ clock, storage, flush: async () => undefined },
		...{ onImported: async () => undefined, onRestored: () => {} }
	});
	const file = new Blob([SAMPLES.map((one) => `${JSON.stringify({ ...one, ...one.identity })}\n`).join('')]);
	const look = () =>
		new Promise<ImportStep>((resolve) =>
			feeds.importFile(
				{ file, form: { kind: 'ndjson' }, write: false },
				(step) => step.kind !== 'reading' && resolve(step),
				never
			)
		);
	expect(await look()).toMatchObject({ report: { samples: 4, older: { thinned: 1, removed: 1 } } });
	await keep(storage, FOR_EVER);
	expect(await look()).toMatchObject({ report: { older: { thinned: 0, removed: 0 } } });
});

it('tells of a backup whose own bounds would take of it, and restores it without them where that is wanted', async () => {
	const there = await open(new IDBFactory());
	await keep(there, { ...PLAN, maxBytes: 1e9 });
	for (const block of [SAMPLES.slice(0, 3), SAMPLES.slice(3)]) {
		void there.telemetry.append(block);
		const sealed = await there.telemetry.snapshot();
		if (sealed.ok) sealed.value.release();
	}
	const file = await backUp(there, '');
	await there.close();
	for (const keepAll of [false, true]) {
		const factory = new IDBFactory();
		const here = await open(factory);
		expect(await restore(here, file, { apply: false, passphrase: '' })).toMatchObject({
			contents: { samples: 4, older: { thinned: 1, removed: 1 }, retention: { samplesDays: 30 } }
		});
		expect(await restore(here, file, { passphrase: '', keepAll })).toEqual({ kind: 'restored' });
		await here.close();
		const after = await open(factory);
		expect(await after.settings.get('retention')).toMatchObject({
			plan: { ...(keepAll ? FOR_EVER : PLAN), maxBytes: 1e9 }
		});
		await after.close();
	}
});
