import { ok, type Result } from '$lib/base';
import type { Sample } from '$lib/model';
import { DAY_MS } from '../block-span';
import { sampleColumns } from '../sample-columns';
import type { SeriesKey, StoreError, TelemetryStore } from '../store';

export type ImportStore = Pick<TelemetryStore, 'bulk' | 'page'>;

/** Either fills a run: it is memory, and what one pass over the history and one transaction of the store are for. */
const MAX_ROWS = 65_536;
const MAX_VALUES = 1 << 18;
/** Wanted times further apart than a block is long are looked up apart, so that what lies between is not read. */
const APART_MS = DAY_MS;

/** Samples of a file on their way into the store, so many that the history is read seldom for them and blocks are long. */
export class ImportRun {
	#samples: Sample[] = [];
	#values = 0;

	constructor(
		private readonly store: ImportStore,
		private readonly mostRows = MAX_ROWS
	) {}

	hold(sample: Sample): void {
		this.#samples.push(sample);
		for (const _ in sample.values) this.#values++;
		for (const _ in sample.states) this.#values++;
	}

	get isFull(): boolean {
		return this.#samples.length >= this.mostRows || this.#values >= MAX_VALUES;
	}

	/** Stores what is not there yet; resolves when it is committed. Throws the signal's reason. */
	async write(signal: AbortSignal): Promise<Result<{ stored: number; there: number }, StoreError>> {
		const samples = this.#samples;
		this.#samples = [];
		this.#values = 0;
		const known = await this.#known(samples, signal);
		const fresh = samples.flatMap((sample) => (sample.identity ? [sample] : known.newOf(sample)));
		if (fresh.length === 0) return ok({ stored: 0, there: samples.length });
		const taken = await this.store.bulk(sampleColumns(fresh), signal);
		if (!taken.ok) return taken;
		const { stored, duplicates, corrected = 0 } = taken.value;
		return ok({ stored, there: samples.length - fresh.length + duplicates + corrected });
	}

	/** What the store has at the times of samples without identity. */
	async #known(samples: readonly Sample[], signal: AbortSignal): Promise<KnownValues> {
		const known = new KnownValues();
		for (const part of bySeries(samples.filter(({ identity }) => !identity)).values()) {
			const { device, provenance } = part[0]!;
			const names = [...new Set(part.flatMap(({ values }) => Object.keys(values)))];
			const metrics = part.some(({ states }) => states) ? undefined : names;
			for (const times of clusters(Float64Array.from(part, ({ timeMs }) => timeMs).sort())) {
				const wanted = new Set(times);
				const query = { device, provenance, metrics, toMs: afterMs(times.at(-1)!) };
				for (let fromMs = times[0]; fromMs !== undefined;) {
					const page = await this.store.page({ ...query, fromMs }, signal);
					for (const sample of page.samples) if (wanted.has(sample.timeMs)) known.add(sample);
					const { nextMs } = page;
					fromMs = nextMs === undefined ? undefined : times.find((timeMs) => timeMs >= nextMs);
				}
			}
		}
		return known;
	}
}

/** Which metrics and states of which times there are, by series. */
class KnownValues {
	readonly #times = new Map<string, Set<number>>();

	add(sample: Sample): void {
		for (const key of keysOf(sample)) this.#timesOf(key).add(sample.timeMs);
	}

	/** The sample without the values that are known, which are known from now on; none where all are. */
	newOf(sample: Sample): [] | [Sample] {
		const has = (key: string) => this.#timesOf(key).has(sample.timeMs);
		if (keysOf(sample).every(has)) return [];
		const news = Object.entries(sample.values).filter(([metric]) => !has(keyOf(sample, metric)));
		this.add(sample);
		return [{ ...sample, values: Object.fromEntries(news) }];
	}

	#timesOf(key: string): Set<number> {
		let times = this.#times.get(key);
		if (!times) this.#times.set(key, (times = new Set()));
		return times;
	}
}

/** No metric and no device has a zero character in its name. */
const keyOf = ({ device, provenance }: SeriesKey, what: string): string =>
	`${provenance}\0${device}\0${what}`;
const keysOf = (sample: Sample): string[] => [
	...Object.keys(sample.values).map((metric) => keyOf(sample, metric)),
	...Object.entries(sample.states ?? {}).map(([name, value]) => keyOf(sample, `${name}\0${value}`))
];

function bySeries(samples: readonly Sample[]): ReadonlyMap<string, readonly Sample[]> {
	const parts = new Map<string, Sample[]>();
	for (const sample of samples) {
		const key = keyOf(sample, '');
		const part = parts.get(key);
		if (part) part.push(sample);
		else parts.set(key, [sample]);
	}
	return parts;
}

/** @param times ascending */
function clusters(times: Float64Array): Float64Array[] {
	const found: Float64Array[] = [];
	for (let start = 0, i = 1; i <= times.length; i++) {
		if (i < times.length && times[i]! - times[i - 1]! <= APART_MS) continue;
		found.push(times.subarray(start, i));
		start = i;
	}
	return found;
}

/** Just behind a time: ends are exclusive. */
const afterMs = (timeMs: number): number => timeMs + Math.max(1, Math.abs(timeMs) * Number.EPSILON);
