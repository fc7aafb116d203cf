import type { Result } from '$lib/base';
import type { Sample } from '$lib/model';
import type { SeriesKey, StoreError, TelemetryStore } from '../store';
import { ownMetrics, readForeign, type ForeignMapping } from './foreign-csv';
import { csvFields, LineSplitter, type TextRecord } from './line-splitter';
import { readCsv, readNdjson, type LineFault } from './read-sample';

/** How the lines of a file are to be read. */
export type ImportForm =
	| { readonly kind: 'ndjson' }
	| { readonly kind: 'csv' }
	| { readonly kind: 'foreign'; readonly mapping: ForeignMapping };

export interface ImportedSeries extends SeriesKey {
	readonly samples: number;
	readonly fromMs: number;
	readonly toMs: number;
}

/** How far an import is, or what it came to. */
export interface ImportReport {
	readonly readBytes: number;
	readonly totalBytes: number;
	/** Lines that are samples. */
	readonly samples: number;
	/** Of them: written now, and known already. */
	readonly stored: number;
	readonly there: number;
	readonly badLines: number;
	/** The first ten. */
	readonly examples: readonly { readonly line: number; readonly fault: LineFault }[];
	readonly series: readonly ImportedSeries[];
}

export type ImportStep =
	| { readonly kind: 'reading' | 'done'; readonly report: ImportReport }
	| { readonly kind: 'failed'; readonly error: StoreError; readonly report: ImportReport | undefined };

const BATCH = 4096;
const EXAMPLES = 10;
/** As many as the registry knows. */
const MAX_SERIES = 2000;

/**
 * Reads a file line by line, and with a store writes what is new of it. In memory are one piece of the file and one batch. What has an
 * identity is known by it; what has none counts as there where its device has a sample of that time with all of its metrics. A
 * step is told after each batch, so whoever takes them sets the pace; leaving early ends it, and what was written stays.
 */
export async function* importSamples(
	file: Blob,
	form: ImportForm,
	store: Pick<TelemetryStore, 'append' | 'flush' | 'page'> | undefined,
	signal: AbortSignal
): AsyncGenerator<ImportStep, void, undefined> {
	const lines = new LineSplitter(form.kind !== 'ndjson');
	const tally = new Tally(file.size);
	const read = lineReader(form);
	let batch: Sample[] = [];
	const take = (record: TextRecord) => {
		const sample = record.fault ? faulty(record.fault) : read(record.text);
		if (!sample) return;
		if (!sample.ok) tally.bad(record.line, sample.error);
		else if (tally.add(sample.value)) batch.push(sample.value);
		else tally.bad(record.line, { kind: 'too-many-devices' });
	};
	async function* write(atLeast: number): AsyncGenerator<ImportStep, boolean, undefined> {
		while (batch.length > 0 && batch.length >= atLeast) {
			const part = batch.slice(0, BATCH);
			batch = batch.slice(BATCH);
			const written = store ? await writeNew(store, part, signal) : undefined;
			if (written && !written.ok) {
				yield { kind: 'failed', error: written.error, report: tally.report() };
				return false;
			}
			if (written) tally.wrote(written.value.stored, part.length - written.value.stored);
			signal.throwIfAborted();
			yield { kind: 'reading', report: tally.report() };
		}
		return true;
	}
	const reader = file.stream().getReader();
	const decoder = new TextDecoder();
	try {
		for (;;) {
			signal.throwIfAborted();
			const { done, value } = await reader.read();
			const piece = done ? decoder.decode() : decoder.decode(value, { stream: true });
			tally.read(value?.length ?? 0);
			for (const record of lines.push(piece)) take(record);
			if (done) for (const record of lines.end()) take(record);
			if (!(yield* write(done ? 1 : BATCH))) return;
			if (done) break;
			yield { kind: 'reading', report: tally.report() };
		}
	} finally {
		await reader.cancel().catch(() => undefined); // read to its end, or not wanted any more
	}
	yield { kind: 'done', report: tally.report() };
}

const faulty = (kind: 'too-long' | 'unclosed-quote'): Result<Sample, LineFault> => ({
	ok: false,
	error: { kind }
});

/** undefined for a header. */
function lineReader(form: ImportForm): (text: string) => Result<Sample, LineFault> | undefined {
	if (form.kind === 'ndjson') return readNdjson;
	let metrics: readonly string[] | undefined;
	let begun = false;
	return (text) => {
		if (!begun) {
			begun = true;
			metrics = form.kind === 'csv' ? (ownMetrics(text) ?? []) : [];
			return undefined;
		}
		if (form.kind === 'foreign') return readForeign(csvFields(text, form.mapping.delimiter), form.mapping);
		return readCsv(csvFields(text, ','), metrics ?? []);
	};
}

/** Appends what is not there yet, and waits until it is written: that is the back-pressure. */
async function writeNew(
	store: Pick<TelemetryStore, 'append' | 'flush' | 'page'>,
	batch: readonly Sample[],
	signal: AbortSignal
): Promise<Result<{ stored: number }, StoreError>> {
	const known = await knownTimes(
		store,
		batch.filter(({ identity }) => !identity),
		signal
	);
	const fresh = batch.flatMap((sample) => {
		if (sample.identity) return [sample];
		if (keysOf(sample).every((key) => known.has(key))) return [];
		const news = Object.entries(sample.values).filter(([metric]) => !known.has(keyOf(sample, metric)));
		for (const key of keysOf(sample)) known.add(key);
		return [{ ...sample, values: Object.fromEntries(news) }];
	});
	if (fresh.length === 0) return { ok: true, value: { stored: 0 } };
	const appended = store.append(fresh);
	await store.flush();
	return appended;
}

/** What is there of samples without identity in the time they span: device, time and metric of each value. */
async function knownTimes(
	store: Pick<TelemetryStore, 'page'>,
	samples: readonly Sample[],
	signal: AbortSignal
): Promise<Set<string>> {
	const known = new Set<string>();
	const bySeries = new Map<string, Sample[]>();
	for (const sample of samples) {
		const key = `${sample.provenance}/${sample.device}`;
		const part = bySeries.get(key);
		if (part) part.push(sample);
		else bySeries.set(key, [sample]);
	}
	for (const part of bySeries.values()) {
		const { device, provenance } = part[0]!;
		const wanted = new Set(part.flatMap(keysOf));
		const first = part.reduce((least, { timeMs }) => Math.min(least, timeMs), Infinity);
		const last = part.reduce((most, { timeMs }) => Math.max(most, timeMs), -Infinity);
		const query = { device, provenance, toMs: afterMs(last) };
		for (let fromMs: number | undefined = first; fromMs !== undefined;) {
			const page = await store.page({ ...query, fromMs }, signal);
			for (const sample of page.samples)
				for (const key of keysOf(sample)) if (wanted.has(key)) known.add(key);
			fromMs = page.nextMs;
		}
	}
	return known;
}

const keyOf = ({ device, provenance, timeMs }: Sample, metric: string): string =>
	`${provenance}/${device}/${timeMs}/${metric}`;
const keysOf = (sample: Sample): string[] => [
	...Object.keys(sample.values).map((metric) => keyOf(sample, metric)),
	...Object.entries(sample.states ?? {}).map(([name, value]) => keyOf(sample, `${name}=${value}`))
];

/** Just behind a time: ends are exclusive. */
const afterMs = (timeMs: number): number => timeMs + Math.max(1, Math.abs(timeMs) * Number.EPSILON);

/** Counts what was read. */
class Tally {
	readonly #series = new Map<string, { -readonly [K in keyof ImportedSeries]: ImportedSeries[K] }>();
	readonly #examples: { line: number; fault: LineFault }[] = [];
	#counts = { readBytes: 0, samples: 0, stored: 0, there: 0, badLines: 0 };

	constructor(private readonly totalBytes: number) {}

	read(bytes: number): void {
		this.#counts.readBytes += bytes;
	}

	bad(line: number, fault: LineFault): void {
		this.#counts.badLines++;
		if (this.#examples.length < EXAMPLES) this.#examples.push({ line, fault });
	}

	/** @returns false where it is of one device too many */
	add({ device, provenance, timeMs }: Sample): boolean {
		const key = `${provenance}/${device}`;
		let known = this.#series.get(key);
		if (!known && this.#series.size >= MAX_SERIES) return false;
		if (!known)
			this.#series.set(key, (known = { device, provenance, samples: 0, fromMs: timeMs, toMs: timeMs }));
		known.samples++;
		known.fromMs = Math.min(known.fromMs, timeMs);
		known.toMs = Math.max(known.toMs, timeMs);
		this.#counts.samples++;
		return true;
	}

	wrote(stored: number, there: number): void {
		this.#counts.stored += stored;
		this.#counts.there += there;
	}

	report(): ImportReport {
		const series = [...this.#series.values()].map((one) => ({ ...one }));
		return { ...this.#counts, totalBytes: this.totalBytes, examples: [...this.#examples], series };
	}
}
