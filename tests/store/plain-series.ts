import type { ClockQuality, Sample, SampleIdentity } from '$lib/model';
import type { SeriesColumns, SeriesKey } from '$lib/telemetry';

/** When a sample was measured, and how well that is known. */
type Time = Pick<Sample, 'timeMs' | 'clock'>;

/** What may have become of a reading that is not found: its number is then unknown again, known still, or nobody can say. */
type Fate = 'never' | 'removed' | 'lost' | 'faded' | 'perhaps';

/** One number or text of a sample. */
export interface Reading {
	/** Undefined: the sample says nothing but that it was made. */
	readonly metric: string | undefined;
	readonly value: number | string | undefined;
	/** `faded`: rollups alone have it; `perhaps`: if they do. */
	left: 'live' | 'faded' | 'perhaps';
	/** Set where it may be gone. */
	unless?: Fate | undefined;
}

interface Kept {
	readonly identity: SampleIdentity | undefined;
	time: Time;
	/** Times that it may have still. */
	was: Time[];
	readings: Reading[];
}

export interface Point {
	readonly timeMs: number;
	readonly value: number;
}

const CLOCKS: readonly ClockQuality[] = ['synchronised', 'corrected', 'unsynchronised'];

/** What a store is for, on a plain list: one device's samples, and which numbers of it were ever heard. */
export class PlainSeries {
	samples: Kept[] = [];
	/** How well its time is known, by number. */
	readonly heard = new Map<string, ClockQuality>();
	/** Numbers of which nobody can say whether the store knows them. */
	readonly unsure = new Set<string>();
	/** Something of it went: then the newest values that were ever known need not be there. */
	worn = false;
	/** A full disk took samples of a block that may span weeks: what is left of it goes with its last day. */
	emptied = false;

	readonly #numbers: readonly string[];

	/** @param numbers all that a device may give */
	constructor(
		readonly key: SeriesKey,
		numbers: readonly SampleIdentity[]
	) {
		this.#numbers = numbers.map(numberOf);
	}

	/** @param sure acknowledged; else it may be there or not */
	take(samples: readonly Sample[], sure: boolean): void {
		for (const { identity, timeMs, clock, values, states } of samples) {
			const number = identity && numberOf(identity);
			const time = { timeMs, clock };
			if (number !== undefined && this.heard.has(number)) {
				this.#correct(number, time, sure);
				continue;
			}
			const told = [...Object.entries(values), ...Object.entries(states ?? {})];
			const unsure = number !== undefined && this.unsure.has(number);
			const unless = !sure ? 'never' : unsure ? 'removed' : undefined;
			const readings = (told.length > 0 ? told : [[undefined, undefined] as const]).map(
				([metric, value]): Reading => ({ metric, value, left: 'live', unless })
			);
			this.samples.push({ identity, time, was: [], readings });
			if (number === undefined) continue;
			this.heard.set(number, clock);
			if (sure) this.unsure.delete(number);
		}
	}

	/** Samples that only rollups have part of, or may have since, keep the times they had; who else does cannot be told from here. */
	#correct(number: string, time: Time, sure: boolean): void {
		const known = this.heard.get(number)!;
		if (CLOCKS.indexOf(time.clock) >= CLOCKS.indexOf(known)) return;
		if (sure) this.heard.set(number, time.clock);
		const thinned = this.readings.some(({ left, unless }) => left !== 'live' || unless !== undefined);
		for (const sample of this.samples) {
			if (!sample.identity || numberOf(sample.identity) !== number) continue;
			if (!sure || thinned) sample.was.push(sample.time);
			sample.time = time;
		}
	}

	get readings(): readonly Reading[] {
		return this.samples.flatMap(({ readings }) => readings);
	}

	/** Samples that say more than what something is. */
	get measured(): number {
		return this.samples.filter(({ readings }) => readings.some(({ value }) => typeof value !== 'string'))
			.length;
	}

	/** Says of some readings that they may be gone, and how. */
	doubt(fate: (reading: Reading, sample: Kept) => Fate | undefined): void {
		for (const sample of this.samples)
			for (const reading of sample.readings)
				if (reading.left === 'live') reading.unless ??= fate(reading, sample);
	}

	/**
	 * Holds what a scan found against the list, and takes from it where it was in doubt.
	 * @returns what differs: readings that must be there, and readings that must not
	 */
	settle(found: readonly Sample[]): readonly string[] {
		const there = new Map<string, number>();
		for (const text of found.flatMap(keysOf)) there.set(text, (there.get(text) ?? 0) + 1);
		const wrong: string[] = [];
		const certainFirst = this.samples.toSorted((a, b) => doubts(a) - doubts(b));
		for (const sample of certainFirst) {
			const live = sample.readings.filter(({ left }) => left === 'live');
			const textOf = (reading: Reading, time: Time) => keyOf(sample.identity, time, reading);
			const at = [sample.time, ...sample.was].find((time) =>
				live.some((reading) => (there.get(textOf(reading, time)) ?? 0) > 0)
			);
			sample.time = at ?? sample.was[0] ?? sample.time;
			sample.was = [];
			for (const reading of live) {
				const text = textOf(reading, sample.time);
				const count = there.get(text) ?? 0;
				if (count > 0) there.set(text, count - 1);
				else if (reading.unless) this.#lose(sample, reading, reading.unless);
				else wrong.push(`missing ${text}`);
				reading.unless = undefined;
			}
		}
		for (const [text, count] of there) if (count > 0) wrong.push(`unknown or twice ${text}`);
		return wrong;
	}

	#lose(sample: Kept, reading: Reading, fate: Fate): void {
		if (fate !== 'never') this.worn = true;
		if (fate === 'faded' || fate === 'perhaps') {
			reading.left = fate;
			return;
		}
		sample.readings = sample.readings.filter((one) => one !== reading);
		if (sample.readings.length > 0) return;
		this.samples = this.samples.filter((one) => one !== sample);
		const number = sample.identity && numberOf(sample.identity);
		if (number === undefined || fate === 'removed') return;
		this.heard.delete(number);
		if (fate === 'lost') this.unsure.add(number);
	}

	/** Rollups of what is older than the one go, perhaps; older than the other, surely. */
	rollUpsGo(beforeMs: number, surelyMs: number): void {
		for (const sample of this.samples) {
			const { timeMs } = sample.time;
			for (const reading of sample.readings)
				if (reading.left !== 'live' && timeMs < beforeMs) reading.left = 'perhaps';
			if (timeMs < surelyMs) sample.readings = sample.readings.filter(({ left }) => left === 'live');
		}
		this.samples = this.samples.filter(({ readings }) => readings.length > 0);
	}

	/** Tables were torn: whether a number is known of which no sample tells any more, nobody can say. */
	tear(): void {
		this.worn = true;
		const thinned = this.readings.filter(({ left }) => left !== 'live');
		for (const reading of thinned) reading.left = 'perhaps';
		const live = new Set(
			this.samples.flatMap(({ identity, readings }) =>
				identity && readings.some(({ left }) => left === 'live') ? numberOf(identity) : []
			)
		);
		for (const number of thinned.length > 0 ? this.#numbers : [...this.heard.keys()]) {
			if (live.has(number)) continue;
			this.heard.delete(number);
			this.unsure.add(number);
		}
	}

	forget(): void {
		this.samples = [];
		this.heard.clear();
		this.unsure.clear();
		this.worn = false;
		this.emptied = false;
	}

	/** Numbers of one log below the highest that came, which did not: of those that are known for sure. */
	missing(epoch: number, found: readonly (readonly [from: number, to: number])[]) {
		const seqs = [...this.heard.keys()].flatMap((number) => {
			const [of, seq] = number.split('.').map(Number);
			return of === epoch ? seq! : [];
		});
		const sure = (seq: number) => !this.unsure.has(numberOf({ epoch, seq }));
		const below = Math.max(0, ...seqs.filter(sure));
		const told = new Set(seqs);
		const all = Array.from({ length: below }, (_, seq) => seq).filter(sure);
		const listed = (seq: number) => found.some(([from, to]) => from <= seq && seq <= to);
		return { wanted: all.filter((seq) => !told.has(seq)), found: all.filter(listed) };
	}

	/** A metric's points by what is left of them. */
	points(metric: string, left: readonly Reading['left'][]): readonly Point[] {
		return this.samples.flatMap(({ time, readings }) =>
			readings
				.filter((reading) => reading.metric === metric && left.includes(reading.left))
				.map(({ value }) => ({ timeMs: time.timeMs, value: value as number }))
		);
	}
}

const doubts = ({ readings, was }: Kept): number =>
	Number(was.length > 0 || readings.some(({ unless }) => unless !== undefined));
const numberOf = ({ epoch, seq }: SampleIdentity): string => `${epoch}.${seq}`;

/** JSON knows no −0. */
const keyOf = (
	identity: SampleIdentity | undefined,
	time: Time,
	{ metric, value }: Pick<Reading, 'metric' | 'value'>
) =>
	JSON.stringify([
		time.timeMs,
		time.clock,
		identity && numberOf(identity),
		metric,
		Object.is(value, -0) ? '-0' : value
	]);

function keysOf({ identity, timeMs, clock, values, states }: Sample): string[] {
	const told = [...Object.entries(values), ...Object.entries(states ?? {})];
	return (told.length > 0 ? told : [[undefined, undefined] as const]).map(([metric, value]) =>
		keyOf(identity, { timeMs, clock }, { metric, value })
	);
}

/** docs/telemetry-format.md, "Reduced queries", worked out on plain points. */
export function reduced(
	all: readonly Point[],
	{ fromMs, toMs, buckets }: { readonly fromMs: number; readonly toMs: number; readonly buckets: number }
) {
	const points = all.filter(({ timeMs }) => timeMs >= fromMs && timeMs < toMs);
	if (points.length <= buckets)
		return points
			.map(({ timeMs, value }) => ({ timeMs, count: 1, min: value, max: value, avg: value }))
			.sort((a, b) => a.timeMs - b.timeMs || a.min - b.min);
	const stepMs = [86_400_000, 3_600_000, 900_000, 60_000].find((w) => w * 4 * buckets <= toMs - fromMs) ?? 0;
	const byBucket = new Map<number, number[]>();
	for (const { timeMs, value } of points) {
		const at = stepMs > 0 ? Math.max(fromMs, timeMs - (timeMs % stepMs)) : timeMs;
		const bucket = Math.floor(((at - fromMs) * buckets) / (toMs - fromMs));
		byBucket.set(bucket, [...(byBucket.get(bucket) ?? []), value]);
	}
	return [...byBucket]
		.sort(([a], [b]) => a - b)
		.map(([bucket, values]) => {
			const even = fromMs + (bucket * (toMs - fromMs)) / buckets;
			const timeMs = stepMs > 0 && bucket > 0 ? Math.ceil(even / stepMs) * stepMs : even;
			const sum = values.reduce((n, value) => n + value, 0);
			const ends = { min: Math.min(...values), max: Math.max(...values) };
			return { timeMs, count: values.length, ...ends, avg: sum / values.length };
		});
}

/** Buckets of a result, those of one time by value. */
export const bucketsOf = ({ timeMs, count, min, max, avg }: SeriesColumns) =>
	[...timeMs]
		.map((t, i) => ({ timeMs: t, count: count[i]!, min: min[i]!, max: max[i]!, avg: avg[i]! }))
		.sort((a, b) => a.timeMs - b.timeMs || a.min - b.min);
