import { IDBDatabase as FDBDatabase, IDBFactory, IDBObjectStore as FDBObjectStore } from 'fake-indexeddb';
import { expect, vi } from 'vitest';
import { ManualClock } from '$lib/base';
import type { DeviceId, Provenance, Sample } from '$lib/model';
import {
	KEEP_ALL,
	openTelemetryStore,
	sampleColumns,
	type Retention,
	type SeriesKey,
	type StoreTrouble,
	type TelemetryStore
} from '$lib/telemetry';
import { bucketsOf, PlainSeries, reduced } from './plain-series';
import { damage, type Damage } from './row-damage';

export const DAY_MS = 86_400_000;
export const START_MS = 1_763_690_000_000;
const NOW_MS = START_MS + 7 * DAY_MS;
const WHOLE = { fromMs: START_MS - DAY_MS, toMs: START_MS + 20 * DAY_MS, buckets: 50 };
export const EPOCHS = [7, 8];
export const MOST_SEQ = 220;
const NUMBERS = EPOCHS.flatMap((epoch) => Array.from({ length: MOST_SEQ }, (_, seq) => ({ epoch, seq })));
/** One is what a device measures, the other what it says of itself: retention tells them apart. */
const METRICS = ['power', 'uptime'] as const;
type Metric = (typeof METRICS)[number];
const isMetric = (name: string | undefined): name is Metric => METRICS.some((metric) => metric === name);
const never = new AbortController().signal;

export type Act =
	| { readonly kind: 'append' | 'bulk'; readonly samples: readonly Sample[] }
	/** Samples older than these go; rollups stay. */
	| { readonly kind: 'thin'; readonly measurement: number; readonly diagnostic: number }
	| { readonly kind: 'remove'; readonly ageMs: number }
	| { readonly kind: 'shrink'; readonly percent: number }
	| { readonly kind: 'forget'; readonly device: DeviceId }
	/** Nothing more fits, whatever goes, or until something went. `killed`: before there is room again. */
	| {
			readonly kind: 'full';
			readonly samples: readonly Sample[];
			readonly helps: boolean;
			readonly killed: boolean;
	  }
	| { readonly kind: 'damage'; readonly what: Damage; readonly which: number }
	| { readonly kind: 'kill' };

export interface Asked {
	readonly fromMs: number;
	readonly toMs: number;
	readonly buckets: number;
}

/** Write transactions until the browser is killed: each is there whole or not at all, so no other moment differs. */
let lives = Infinity;

/** From now on a store dies with its browser. */
export function makeMortal(): void {
	lives = Infinity;
	const { transaction } = FDBDatabase.prototype;
	vi.spyOn(FDBDatabase.prototype, 'transaction').mockImplementation(function (this: IDBDatabase, ...args) {
		if (args[1] === 'readwrite' && --lives < 0) throw new DOMException('killed', 'InvalidStateError');
		return transaction.apply(this, args);
	});
}

/** No byte goes in any more; where it helps, until some were deleted. @returns makes room */
function fillDisk(helps: boolean): () => void {
	const { put, delete: remove } = FDBObjectStore.prototype;
	let full = true;
	const puts = vi.spyOn(FDBObjectStore.prototype, 'put').mockImplementation(function (
		this: IDBObjectStore,
		...args
	) {
		if (full) throw new DOMException('full', 'QuotaExceededError');
		return put.apply(this, args);
	});
	const deletes = vi.spyOn(FDBObjectStore.prototype, 'delete').mockImplementation(function (
		this: IDBObjectStore,
		key
	) {
		if (helps) full = false;
		return remove.call(this, key);
	});
	return () => [puts, deletes].forEach((spy) => spy.mockRestore());
}

/** What `append` leaves out of a sample. */
const finite = (samples: readonly Sample[]): Sample[] =>
	samples.map((sample) => ({
		...sample,
		values: Object.fromEntries(Object.entries(sample.values).filter(([, n]) => Number.isFinite(n)))
	}));

/** A store through whatever may become of it, and beside it the plain list that it must equal. */
export class StoreLife {
	readonly #factory = new IDBFactory();
	#clock = new ManualClock(NOW_MS);
	readonly #all: readonly PlainSeries[];
	#fence = 0;
	#troubles: StoreTrouble[] = [];
	#store!: TelemetryStore;

	constructor(keys: readonly SeriesKey[]) {
		this.#all = keys.map((key) => new PlainSeries(key, NUMBERS));
	}

	/** A browser starts, after the one before was killed. @returns what the store says that it lost */
	async open(): Promise<readonly string[]> {
		lives = Infinity;
		// Its own clock and ears: one that was killed does nothing any more.
		const troubles: StoreTrouble[] = (this.#troubles = []);
		const clock = (this.#clock = new ManualClock(NOW_MS));
		const { store, losses } = await openTelemetryStore({
			...{ fence: ++this.#fence, known: [], onSentinel: () => undefined, clock },
			onTrouble: (trouble) => troubles.push(trouble),
			indexedDB: this.#factory,
			limits: { sealRecords: 2, foldFan: 2, pageSamples: 50, blockRows: 150 }
		});
		this.#store = store;
		await this.#quiet();
		clock.advance(5000); // tables are counted then
		await this.#quiet();
		return [...losses.map(({ cause }) => cause), ...this.#lost];
	}

	/** Why something was lost since the store was opened. */
	get #lost(): readonly string[] {
		return this.#troubles.flatMap((trouble) => (trouble.kind === 'lost' ? trouble.loss.cause : []));
	}

	/** What is written, sealed, folded, corrected and let go of in turns of its own has had them. */
	async #quiet(): Promise<void> {
		do await this.#store.flush();
		while ((await this.#store.stats()).queueDepth > 0);
	}

	/** Retention and a full disk take from blocks alone. */
	async #seal(): Promise<void> {
		const snapshot = await this.#store.snapshot();
		if (snapshot.ok) snapshot.value.release();
		await this.#quiet();
	}

	async #scanned({ key }: PlainSeries): Promise<Sample[]> {
		const found: Sample[] = [];
		for await (const page of this.#store.scan({ ...key, fromMs: -Infinity, toMs: Infinity }, never))
			found.push(...page);
		expect(found.every(({ timeMs }, i) => i === 0 || found[i - 1]!.timeMs <= timeMs)).toBe(true);
		return found;
	}

	async #settle(): Promise<void> {
		for (const series of this.#all) expect(series.settle(await this.#scanned(series))).toStrictEqual([]);
	}

	#of({ device, provenance }: { device: DeviceId; provenance: Provenance }): PlainSeries {
		return this.#all.find(({ key }) => key.device === device && key.provenance === provenance)!;
	}

	#take(samples: readonly Sample[], sure: boolean): void {
		for (const series of this.#all)
			series.take(finite(samples.filter((sample) => this.#of(sample) === series)), sure);
	}

	/** @param left write transactions until the browser is killed, from the act's beginning on */
	async run(act: Act, left: number): Promise<void> {
		if (act.kind === 'thin' || act.kind === 'remove' || act.kind === 'shrink') await this.#seal();
		lives = act.kind === 'full' || act.kind === 'damage' ? Infinity : left;
		const acknowledged = await this.#act(act);
		const killed = lives < 0 || act.kind === 'kill';
		lives = Infinity;
		if (killed) expect(await this.open(), 'a kill is no loss').toStrictEqual([]);
		await this.#settle();
		if (!killed || acknowledged) return;
		// What was not acknowledged comes again, where it can be told from what is there.
		if (act.kind === 'forget') await this.#act(act);
		if (act.kind === 'append' || act.kind === 'bulk')
			await this.#act({ ...act, samples: act.samples.filter(({ identity }) => identity) });
		await this.#settle();
	}

	/** @returns whether it was acknowledged */
	async #act(act: Act): Promise<boolean> {
		switch (act.kind) {
			case 'append':
			case 'bulk':
				return this.#bring(act.kind, act.samples);
			case 'thin':
				return this.#thin(act);
			case 'remove':
				return this.#remove(act.ageMs);
			case 'shrink':
				return this.#shrink(act.percent);
			case 'forget':
				return this.#forget(act.device);
			case 'full':
				return this.#fill(act);
			case 'damage':
				return this.#damage(act.what, act.which);
			case 'kill': {
				const waits = { identity: { epoch: 9, seq: 1 }, timeMs: START_MS, values: { power: 1 } };
				void this.#store.append([{ ...this.#all[0]!.key, ...waits, clock: 'synchronised' }]);
				return true;
			}
		}
	}

	async #bring(how: 'append' | 'bulk', samples: readonly Sample[]): Promise<boolean> {
		// Three parts of every third sample: none goes on where the last one ended.
		const parts = [0, 1, 2].map((n) => samples.filter((_, i) => i % 3 === n));
		const brought =
			how === 'append' ? this.#store.append(samples) : this.#store.bulk(parts.flatMap(sampleColumns), never);
		await this.#quiet();
		const { ok } = await brought;
		await this.#quiet();
		expect(ok || lives < 0).toBe(true);
		this.#take(how === 'append' ? samples : parts.flat(), ok);
		return ok;
	}

	/** @returns whether it was carried out to its end */
	async #retain(retention: Partial<Retention>): Promise<boolean> {
		this.#store.retain({ ...KEEP_ALL, ...retention });
		await this.#quiet();
		const whole = lives >= 0;
		this.#store.retain(KEEP_ALL);
		return whole;
	}

	/** No block spans more than a day: so far what is too old may be held back by what is not. */
	async #thin(ages: { readonly measurement: number; readonly diagnostic: number }): Promise<boolean> {
		const nowMs = this.#clock.now();
		const oldest = { power: nowMs - ages.measurement, uptime: nowMs - ages.diagnostic };
		const whole = await this.#retain({ samplesMs: ages });
		for (const series of this.#all)
			series.doubt(({ metric }, { time: { timeMs } }) => {
				if (isMetric(metric)) return timeMs < oldest[metric] ? 'faded' : undefined;
				return metric === undefined && timeMs < Math.max(oldest.power, oldest.uptime) ? 'removed' : undefined;
			});
		if (!whole) return false;
		await this.#settle();
		for (const metric of METRICS)
			for (const { timeMs } of this.#all.flatMap((series) => series.points(metric, ['live'])))
				expect(timeMs).toBeGreaterThanOrEqual(oldest[metric] - DAY_MS);
		return true;
	}

	async #remove(ageMs: number): Promise<boolean> {
		const oldestMs = this.#clock.now() - ageMs;
		const whole = await this.#retain({ rollupsMs: ageMs });
		for (const series of this.#all) {
			series.doubt((_, { time }) => (time.timeMs < oldestMs ? 'removed' : undefined));
			series.rollUpsGo(oldestMs, whole && !series.emptied ? oldestMs - DAY_MS : -Infinity);
		}
		if (!whole) return false;
		await this.#settle();
		for (const { time } of this.#all.flatMap(({ samples, emptied }) => (emptied ? [] : samples)))
			expect(time.timeMs).toBeGreaterThanOrEqual(oldestMs - DAY_MS);
		return true;
	}

	async #shrink(percent: number): Promise<boolean> {
		const bytes = async () => {
			const { blockBytes, rollupBytes } = await this.#store.stats();
			return blockBytes + rollupBytes;
		};
		const maxBytes = ((await bytes()) * percent) / 100;
		const whole = await this.#retain({ maxBytes });
		if (whole) expect(await bytes()).toBeLessThanOrEqual(maxBytes);
		if (percent >= 100) return whole;
		for (const series of this.#all) {
			series.doubt(({ metric }) => (isMetric(metric) ? 'perhaps' : 'removed'));
			series.rollUpsGo(Infinity, -Infinity);
		}
		return whole;
	}

	/** A device goes whole or not at all. */
	async #forget(device: DeviceId): Promise<boolean> {
		const { ok } = await this.#store.forget(device);
		expect(ok || lives < 0).toBe(true);
		if (ok) for (const series of this.#all) if (series.key.device === device) series.forget();
		return ok;
	}

	async #fill({ samples, helps, killed }: Extract<Act, { kind: 'full' }>): Promise<boolean> {
		await this.#seal();
		const makeRoom = fillDisk(helps);
		const appended = this.#store.append(samples);
		await this.#quiet();
		makeRoom();
		const told = await appended;
		const { ok } = told;
		const went = this.#troubles.flatMap((one) => (one.kind === 'made-room' ? one.letGo : []));
		const helped = helps && went.length > 0;
		// What brings nothing new needs no room.
		if (told.ok && told.value.stored + (told.value.corrected ?? 0) > 0) expect(helped).toBe(true);
		else expect(ok || !helped).toBe(true);
		const hit = new Set(went.map((one) => this.#of(one)));
		for (const series of hit) {
			series.emptied = true;
			series.doubt(({ metric }) =>
				isMetric(metric) ? 'faded' : metric === undefined ? 'removed' : undefined
			);
		}
		if (!killed) {
			this.#clock.advance(5000);
			await this.#quiet();
			const next = { identity: undefined, timeMs: NOW_MS, values: { power: 1 } };
			await this.#bring('append', [{ ...this.#all[0]!.key, ...next, clock: 'synchronised' }]);
		} else if ((await this.open()).length > 0) {
			// Their headers have lost their bytes, and nobody has said why.
			expect(went).not.toStrictEqual([]);
			for (const series of hit) series.doubt(() => 'lost');
			await this.#settle();
			for (const series of hit) series.tear();
		}
		if (ok || !killed) this.#take(samples, true);
		await this.#settle();
		return true;
	}

	/** What one block had may come again; nothing else goes, and it is told. */
	async #damage(what: Damage, which: number): Promise<boolean> {
		const hit = await damage(this.#factory, what, which);
		const aside = (await this.#store.stats()).quarantined.count;
		const losses = await this.open();
		if (!hit) return true;
		const series = this.#of(hit);
		const thinned = series.readings.some(({ left }) => left !== 'live');
		const before = series.samples.length;
		const { head } = hit;
		if (head)
			series.doubt((_, { time }) =>
				head.fromMs <= time.timeMs && time.timeMs <= head.toMs ? 'never' : undefined
			);
		if (what === 'bit') await this.#scanned(series); // nobody knows before it is read
		await this.#quiet();
		await this.#settle();
		const gone = before - series.samples.length;
		if (!thinned) expect(gone).toBe(head?.rows ?? 0);
		const wanted = what === 'bit' ? ['unreadable'] : hit.sealed ? ['corrupt-record'] : [];
		expect(what === 'bit' ? this.#lost : losses).toStrictEqual(wanted);
		expect((await this.#store.stats()).quarantined.count).toBe(aside + (head ? 1 : 0));
		series.tear();
		return true;
	}

	/** Holds all that the store says against the list. */
	async check(asked: Asked): Promise<void> {
		const { samples, damagedBlocks, damagedRollups, dropped, waiting } = await this.#store.stats();
		expect({ dropped, waiting, damagedRollups }).toStrictEqual({ dropped: 0, waiting: 0, damagedRollups: 0 });
		expect(damagedBlocks).toBe(this.#lost.filter((cause) => cause === 'unreadable').length);
		if (!this.#all.some(({ worn }) => worn))
			expect(samples).toBe(this.#all.reduce((sum, { measured }) => sum + measured, 0));
		const latest = await this.#store.latest();
		for (const series of this.#all) {
			for (const epoch of EPOCHS) {
				const { wanted, found } = series.missing(epoch, this.#store.missing(series.key, epoch));
				expect(found).toStrictEqual(wanted);
			}
			const newest = latest.find((one) => this.#of(one) === series)?.values;
			for (const metric of METRICS) {
				checkLatest(series, metric, newest?.[metric]);
				await this.#checkRange(series, metric, asked);
			}
		}
	}

	async #checkRange(series: PlainSeries, metric: Metric, asked: Asked): Promise<void> {
		const live = series.points(metric, ['live']);
		const rest = series.points(metric, ['faded', 'perhaps']);
		const range = async (of: Asked) =>
			bucketsOf(await this.#store.range({ ...series.key, metric, ...of }, never));
		if (rest.length > 0) {
			const surely = series.points(metric, ['live', 'faded']);
			checkShifted(await range(WHOLE), surely, [...live, ...rest]);
			return;
		}
		for (const of of [asked, WHOLE]) expectAlike(await range(of), reduced(live, of));
		const [whole] = reduced(live, { ...WHOLE, buckets: 1 });
		const {
			count = 0,
			min,
			max
		} = (await this.#store.aggregate({ ...series.key, metric, ...WHOLE }, never)) ?? {};
		expect(count).toBe(live.length);
		if (live.length > 1) expect([min! + 0, max! + 0]).toStrictEqual([whole!.min + 0, whole!.max + 0]);
	}
}

function checkLatest(
	series: PlainSeries,
	metric: Metric,
	told: { readonly value: number; readonly timeMs: number } | undefined
): void {
	const points = series.points(metric, ['live']);
	const lastMs = Math.max(...points.map(({ timeMs }) => timeMs));
	if (series.worn) expect(told?.timeMs ?? -Infinity).toBeGreaterThanOrEqual(lastMs);
	else if (points.length === 0) expect(told).toBeUndefined();
	else expect(points.filter(({ timeMs }) => timeMs === lastMs)).toContainEqual(told);
}

type Buckets = ReturnType<typeof bucketsOf>;

/** Sums are made in another order: averages of what can be added up are alike to nine digits. */
function expectAlike(found: Buckets, wanted: Buckets): void {
	const plain = (rows: Buckets) =>
		rows.map(({ timeMs, count, min, max }) => [timeMs, count, min + 0, max + 0]);
	expect(plain(found)).toStrictEqual(plain(wanted));
	for (const [i, { avg, min, max }] of wanted.entries()) {
		const most = Math.max(1, Math.abs(min), Math.abs(max));
		if (most < 1e200) expect(Math.abs(found[i]!.avg - avg) / most).toBeLessThan(1e-9);
	}
}

/** What is left of samples is told at its time, or up to a day before: of a block without rollups there is only its header. */
function checkShifted(
	found: Buckets,
	surely: readonly { timeMs: number; value: number }[],
	all: readonly { timeMs: number; value: number }[]
): void {
	for (const beforeMs of [...found.map(({ timeMs }) => timeMs), Infinity]) {
		const told = found.reduce((sum, { timeMs, count }) => sum + (timeMs < beforeMs ? count : 0), 0);
		expect(told).toBeGreaterThanOrEqual(surely.filter(({ timeMs }) => timeMs < beforeMs).length);
		expect(told).toBeLessThanOrEqual(all.filter(({ timeMs }) => timeMs < beforeMs + DAY_MS).length);
	}
	const bounds = (values: readonly number[]) => [Math.min(...values), Math.max(...values)] as const;
	const told = [bounds(found.map(({ min }) => min))[0], bounds(found.map(({ max }) => max))[1]] as const;
	const [inner, outer] = [surely, all].map((points) => bounds(points.map((point) => point.value)));
	expect(told[0] <= inner![0] && told[1] >= inner![1], 'no spike is lost').toBe(true);
	if (found.length > 0) expect(told[0] >= outer![0] && told[1] <= outer![1]).toBe(true);
}
