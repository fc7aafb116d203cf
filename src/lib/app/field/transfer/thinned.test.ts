import { IDBFactory } from 'fake-indexeddb';
import { expect, it } from 'vitest';
import type { Sample } from '$lib/model';
import { importSamples, KEEP_ALL } from '$lib/telemetry';
import { clock, context, never, open, series, START_MS } from '../../../../../tests/fixtures/workspaces';
import { Transfers } from './transfer-calls';

const DAY_MS = 86_400_000;
const all = { ...series, fromMs: 0, toMs: 2e12 };
const whole = (seq: number): Sample => ({
	...{ ...series, identity: { epoch: 7, seq }, timeMs: START_MS + seq * 1000, clock: 'synchronised' },
	values: { power: seq, wifi_rssi: -50 }
});

it('claims no number for what retention left of a sample, so that the whole is still taken after it', async () => {
	const from = await open(new IDBFactory());
	void from.telemetry.append([0, 1, 2].map(whole));
	const sealed = await from.telemetry.snapshot();
	if (sealed.ok) sealed.value.release();
	clock.advance(30 * DAY_MS);
	from.telemetry.retain({ ...KEEP_ALL, samplesMs: { measurement: DAY_MS, diagnostic: Infinity } });
	void from.telemetry.append([whole(5_000_000)]);
	await from.telemetry.flush();
	expect(await from.telemetry.extents()).toMatchObject([{ samples: 4 }]);
	const { calls } = new Transfers({
		...{ clock, storage: from, flush: async () => undefined },
		...{ onImported: async () => undefined, onRestored: () => {} }
	});
	const page = await calls.exportPage({ form: 'ndjson', query: all, columns: [] }, context);
	const bytes = 'transfer' in page ? page.value.bytes : page.bytes;
	const rows = new TextDecoder().decode(bytes).trim().split('\n');
	const { identity: _, ...thinned } = { ...whole(2), values: { wifi_rssi: -50 } };
	const row: unknown = JSON.parse(rows[2]!);
	expect(row).toMatchObject(thinned);
	expect(row).not.toHaveProperty('seq');
	expect(JSON.parse(rows[3]!), 'what is whole keeps its number').toMatchObject({ epoch: 7, seq: 5_000_000 });

	const into = await open(new IDBFactory());
	for await (const step of importSamples(new Blob([bytes]), { kind: 'ndjson' }, into.telemetry, never))
		expect(step.kind).not.toBe('failed');
	const taken = into.telemetry.append([whole(2)]);
	await into.telemetry.flush();
	expect(await taken).toMatchObject({ value: { duplicates: 0 } });
	const power = { ...all, metric: 'power', buckets: 10 };
	expect([...(await into.telemetry.range(power, never)).avg]).toContain(2);
});
