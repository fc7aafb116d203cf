import 'fake-indexeddb/auto';
import { IDBFactory } from 'fake-indexeddb';
import { beforeEach, expect, it } from 'vitest';
import { ManualClock } from '$lib/base';
import type { DeviceId, Sample } from '$lib/model';
import { openTelemetryStore, sampleColumns, type StoreTrouble, type TelemetryStore } from './index';

const START_MS = 1_763_690_000_000;
const never = new AbortController().signal;
const series = { device: 'fb-1' as DeviceId, provenance: 'real' } as const;
const sampleOf = (seq: number, more: Partial<Sample> = {}): Sample => ({
	...{ ...series, identity: { epoch: 7, seq }, timeMs: START_MS + seq, clock: 'synchronised' },
	...{ values: { v: seq }, ...more }
});

let factory: IDBFactory;
let troubles: StoreTrouble[];
beforeEach(() => {
	factory = new IDBFactory();
	troubles = [];
});

const open = async () =>
	openTelemetryStore({
		...{ fence: 1, known: [null], onSentinel: () => undefined, indexedDB: factory },
		...{ clock: new ManualClock(START_MS), onTrouble: (trouble: StoreTrouble) => troubles.push(trouble) }
	});

const ways = {
	append: async (store: TelemetryStore, samples: readonly Sample[]) => {
		const appended = store.append(samples);
		await store.flush();
		return appended;
	},
	bulk: (store: TelemetryStore, samples: readonly Sample[]) => store.bulk(sampleColumns(samples), never)
};

async function rowsOf(store: TelemetryStore): Promise<readonly Sample[]> {
	const found: Sample[] = [];
	for await (const page of store.scan({ ...series, fromMs: -Infinity, toMs: Infinity }, never))
		found.push(...page);
	return found;
}

const IMPOSSIBLE: readonly Partial<Sample>[] = [
	...[NaN, Infinity, -Infinity, 1e300, 8.64e15, START_MS * 1000, -START_MS * 2].map((timeMs) => ({ timeMs })),
	{ timeMs: NaN, identity: undefined },
	...[0.5, -1, NaN, 2 ** 32].map((seq) => ({ identity: { epoch: 7, seq } })),
	{ identity: { epoch: 2 ** 32 + 7, seq: 3 } },
	{ clock: 'guess' as unknown as Sample['clock'] }
];

it.each(['append', 'bulk'] as const)('%s refuses what nobody could read back, and counts it', async (way) => {
	const { store } = await open();
	const given = IMPOSSIBLE.map((more, i) => sampleOf(i, more));
	const refused = { time: 8, identity: 6, value: 0 };
	expect(await ways[way](store, given)).toStrictEqual({
		ok: true,
		value: { stored: 0, duplicates: 0, refused }
	});
	expect(await rowsOf(store)).toStrictEqual([]);
	expect(await ways[way](store, [...given, sampleOf(0), sampleOf(0)])).toStrictEqual({
		...{ ok: true, value: { stored: 1, duplicates: 1, refused } }
	});
	expect(troubles).toStrictEqual(Array(2).fill({ kind: 'refused', device: series.device, refused }));
	const again = await open();
	expect(again.losses).toStrictEqual([]);
	expect(await rowsOf(again.store)).toStrictEqual([sampleOf(0)]);
	expect(again.store.missing(series, 7)).toStrictEqual([]);
});

it.each(['append', 'bulk'] as const)(
	'%s keeps every double to the bit, and counts what is none',
	async (way) => {
		const { store } = await open();
		const exact = [-0, 0, 5e-324, -2.2250738585072014e-308, 1.7976931348623157e308, 0.1 + 0.2, -21.25, 1 / 3];
		const given = exact.map((v, seq) => sampleOf(seq, { values: { v } }));
		expect(await ways[way](store, given)).toMatchObject({ ok: true, value: { stored: 8 } });
		const infinite = sampleOf(8, { values: { v: 1, high: Infinity, low: -Infinity } });
		expect(await ways[way](store, [infinite])).toStrictEqual({
			...{ ok: true, value: { stored: 1, duplicates: 0, refused: { time: 0, identity: 0, value: 2 } } }
		});
		const found = await rowsOf((await open()).store);
		expect(found.map(({ values }) => values['v'])).toStrictEqual([...exact, 1]); // toStrictEqual tells −0 from 0
		expect(found.at(-1)?.values).toStrictEqual({ v: 1 });
	}
);
