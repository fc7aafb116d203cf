import type { ClockQuality } from '$lib/model';

/** By the number that stands for each in columns and on disk. */
export const CLOCKS: readonly ClockQuality[] = ['synchronised', 'corrected', 'unsynchronised'];
/** In place of a sequence number: the row has no identity. */
export const NO_SEQ = -1;

/** One sample of one series, with names as ids of the `names` table. */
export interface Row {
	readonly timeMs: number;
	readonly clock: ClockQuality;
	/** Undefined for foreign profiles without sequence numbers. */
	readonly identity: { readonly epoch: number; readonly seq: number } | undefined;
	/** Metric ids and their finite values: parallel. */
	readonly metrics: readonly number[];
	readonly values: readonly number[];
	/** Absent where the row has none; by id, ascending. */
	readonly states?: readonly StateValue[];
}

/** What a state is from a row's time on; its name lies among the metrics'. */
export interface StateValue {
	readonly metric: number;
	readonly value: string;
}

/** Rows of one series as columns of equal length. */
export interface Columns {
	/** ms since the epoch. */
	readonly timeMs: Float64Array<ArrayBuffer>;
	/** Place in `CLOCKS`. */
	readonly clock: Uint8Array<ArrayBuffer>;
	readonly epoch: Uint32Array<ArrayBuffer>;
	/** `NO_SEQ` where the row has no identity. */
	readonly seq: Float64Array<ArrayBuffer>;
	/** By metric id, ascending. */
	readonly metrics: readonly MetricColumn[];
	/** By id, ascending; mostly none. */
	readonly states: readonly StateColumn[];
}

export interface StateColumn {
	readonly metric: number;
	/** undefined where the row has none. */
	readonly values: readonly (string | undefined)[];
}

export interface MetricColumn {
	readonly metric: number;
	/** NaN where the row has none. */
	readonly values: Float64Array<ArrayBuffer>;
}

/** Rows as columns, in their order. */
export function columnsOf(rows: readonly Row[]): Columns {
	const count = rows.length;
	const timeMs = new Float64Array(count);
	const clock = new Uint8Array(count);
	const epoch = new Uint32Array(count);
	const seq = new Float64Array(count);
	const byMetric = new Map<number, Float64Array<ArrayBuffer>>();
	const states: States = new Map();
	// Rows of one device share their list of metrics: what columns it stands for is then looked up once.
	let metrics: readonly number[] | undefined;
	let into: Float64Array<ArrayBuffer>[] = [];
	for (let i = 0; i < count; i++) {
		const row = rows[i]!;
		timeMs[i] = row.timeMs;
		clock[i] = CLOCKS.indexOf(row.clock);
		epoch[i] = row.identity?.epoch ?? 0;
		seq[i] = row.identity?.seq ?? NO_SEQ;
		if (row.metrics !== metrics) {
			metrics = row.metrics;
			into = metrics.map((metric) => {
				const known = byMetric.get(metric);
				if (known) return known;
				const values = new Float64Array(count).fill(NaN);
				byMetric.set(metric, values);
				return values;
			});
		}
		for (let at = 0; at < into.length; at++) into[at]![i] = row.values[at]!;
		for (const { metric, value } of row.states ?? []) stateIn(states, metric, count)[i] = value;
	}
	return { timeMs, clock, epoch, seq, metrics: ascending(byMetric), states: statesOf(states) };
}

/** Columns as rows, in their order. */
export function rowsOf({ timeMs, clock, epoch, seq, metrics, states }: Columns): Row[] {
	const all = metrics.map(({ metric }) => metric);
	return Array.from(timeMs, (time, i) => {
		const here = metrics.filter(({ values }) => !Number.isNaN(values[i]!));
		const told = states.flatMap(({ metric, values }) => {
			const value = values[i];
			return value === undefined ? [] : [{ metric, value }];
		});
		return {
			timeMs: time,
			clock: CLOCKS[clock[i]!]!,
			identity: seq[i] === NO_SEQ ? undefined : { epoch: epoch[i]!, seq: seq[i]! },
			metrics: here.length === all.length ? all : here.map(({ metric }) => metric),
			values: here.map(({ values }) => values[i]!),
			...(told.length > 0 ? { states: told } : {})
		};
	});
}

/** End to end, in the order given. */
export function joinColumns(parts: readonly Columns[]): Columns {
	if (parts.length === 1) return parts[0]!;
	const count = parts.reduce((sum, { timeMs }) => sum + timeMs.length, 0);
	const joined = {
		timeMs: new Float64Array(count),
		clock: new Uint8Array(count),
		epoch: new Uint32Array(count),
		seq: new Float64Array(count)
	};
	const byMetric = new Map<number, Float64Array<ArrayBuffer>>();
	const states: States = new Map();
	let at = 0;
	for (const part of parts) {
		joined.timeMs.set(part.timeMs, at);
		joined.clock.set(part.clock, at);
		joined.epoch.set(part.epoch, at);
		joined.seq.set(part.seq, at);
		for (const { metric, values } of part.metrics) {
			const known = byMetric.get(metric);
			const into = known ?? new Float64Array(count).fill(NaN);
			if (!known) byMetric.set(metric, into);
			into.set(values, at);
		}
		for (const { metric, values } of part.states) {
			const into = stateIn(states, metric, count);
			values.forEach((value, i) => (into[at + i] = value));
		}
		at += part.timeMs.length;
	}
	return { ...joined, metrics: ascending(byMetric), states: statesOf(states) };
}

/** Rows [from, to): views, not copies. */
export function sliceColumns(columns: Columns, from: number, to: number): Columns {
	if (from === 0 && to === columns.timeMs.length) return columns;
	return {
		timeMs: columns.timeMs.subarray(from, to),
		clock: columns.clock.subarray(from, to),
		epoch: columns.epoch.subarray(from, to),
		seq: columns.seq.subarray(from, to),
		metrics: columns.metrics.map(({ metric, values }) => ({ metric, values: values.subarray(from, to) })),
		states: columns.states.map(({ metric, values }) => ({ metric, values: values.slice(from, to) }))
	};
}

/** The rows at these places, in that order. */
export function pickRows(columns: Columns, places: Uint32Array): Columns {
	const pick = <T extends Float64Array | Uint32Array | Uint8Array>(from: T, into: T): T => {
		for (let i = 0; i < places.length; i++) into[i] = from[places[i]!]!;
		return into;
	};
	const count = places.length;
	return {
		timeMs: pick(columns.timeMs, new Float64Array(count)),
		clock: pick(columns.clock, new Uint8Array(count)),
		epoch: pick(columns.epoch, new Uint32Array(count)),
		seq: pick(columns.seq, new Float64Array(count)),
		metrics: columns.metrics.map(({ metric, values }) => ({
			metric,
			values: pick(values, new Float64Array(count))
		})),
		states: columns.states.map(({ metric, values }) => ({
			metric,
			values: Array.from(places, (place) => values[place])
		}))
	};
}

/** By time; equal times keep their order. */
export function sortByTime(columns: Columns): Columns {
	const { timeMs } = columns;
	let last = -Infinity;
	let sorted = true;
	for (let i = 0; sorted && i < timeMs.length; i++) {
		sorted = timeMs[i]! >= last;
		last = timeMs[i]!;
	}
	if (sorted) return columns;
	const places = Uint32Array.from(timeMs, (_, i) => i).sort((a, b) => timeMs[a]! - timeMs[b]! || a - b);
	return pickRows(columns, places);
}

/** The values without the places of rows that have none; the same array where each has one. */
export function presentOf(values: Float64Array<ArrayBuffer>): Float64Array<ArrayBuffer> {
	for (let i = 0; i < values.length; i++)
		if (Number.isNaN(values[i]!)) return values.filter((value) => !Number.isNaN(value));
	return values;
}

type States = Map<number, (string | undefined)[]>;

function stateIn(states: States, metric: number, count: number): (string | undefined)[] {
	const known = states.get(metric);
	if (known) return known;
	const made = Array.from<string | undefined>({ length: count });
	states.set(metric, made);
	return made;
}

const statesOf = (states: States): StateColumn[] =>
	[...states].map(([metric, values]) => ({ metric, values })).sort((a, b) => a.metric - b.metric);

const ascending = (byMetric: ReadonlyMap<number, Float64Array<ArrayBuffer>>): MetricColumn[] =>
	[...byMetric].map(([metric, values]) => ({ metric, values })).sort((a, b) => a.metric - b.metric);
