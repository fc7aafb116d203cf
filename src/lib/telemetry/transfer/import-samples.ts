import type { Result } from '$lib/base';
import type { Sample } from '$lib/model';
import type { Outlived, OutlivedTally } from '../outlived';
import type { SeriesKey, StoreError } from '../store';
import { foreignReader, type ForeignMapping } from './foreign-csv';
import { foreignNumber } from './foreign-number';
import { ImportRun, type ImportStore } from './import-run';
import { csvFields, LineSplitter, type TextRecord } from './line-splitter';
import { decimal, readCsv, readNdjson, type LineFault } from './read-sample';
import { ownMetrics } from './sniff';
import type { TableForm, TextEncoding } from './text-table';

/** How the lines of a file are to be read. */
export type ImportForm =
	| { readonly kind: 'ndjson'; readonly encoding?: TextEncoding }
	/** Without a form it is as we write it. */
	| { readonly kind: 'csv'; readonly table?: TableForm }
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
	/** Of the samples: those that are older than they will be kept. */
	readonly older: Outlived;
	/** The first ten. */
	readonly examples: readonly { readonly line: number; readonly fault: LineFault }[];
	readonly series: readonly ImportedSeries[];
}

export type ImportStep =
	| { readonly kind: 'reading' | 'done'; readonly report: ImportReport }
	| { readonly kind: 'failed'; readonly error: StoreError; readonly report: ImportReport | undefined };

const EXAMPLES = 10;
/** As many as the registry knows. */
const MAX_SERIES = 2000;

/**
 * Reads a file line by line, and with a store writes what is new of it. In memory are one piece of the file and one run of samples.
 * What has an identity is known by it; what has none counts as there where its device has a sample of that time with all of its
 * metrics. A step is told after each piece and each run, so whoever takes them sets the pace; leaving early ends it, and what was
 * written stays.
 * @param runRows of one run at most; 65,536
 * @param older judges what retention would take again
 */
export async function* importSamples(
	file: Blob,
	form: ImportForm,
	store: ImportStore | undefined,
	signal: AbortSignal,
	{ runRows, older }: { readonly runRows?: number; readonly older?: OutlivedTally } = {}
): AsyncGenerator<ImportStep, void, undefined> {
	const lines = new LineSplitter(form.kind !== 'ndjson');
	const tally = new Tally(file.size, older);
	const read = lineReader(form);
	const run = store && new ImportRun(store, runRows);
	const take = (record: TextRecord) => {
		const sample = record.fault ? faulty(record.fault) : read(record.text);
		if (!sample) return;
		if (!sample.ok) tally.bad(record.line, sample.error);
		else if (tally.add(sample.value)) run?.hold(sample.value);
		else tally.bad(record.line, { kind: 'too-many-devices' });
	};
	/** @returns whether it goes on */
	async function* write(): AsyncGenerator<ImportStep, boolean, undefined> {
		const written = await run?.write(signal);
		if (written && !written.ok) {
			yield { kind: 'failed', error: written.error, report: tally.report() };
			return false;
		}
		if (written) tally.wrote(written.value.stored, written.value.there);
		signal.throwIfAborted();
		yield { kind: 'reading', report: tally.report() };
		return true;
	}
	const reader = file.stream().getReader();
	const decoder = new TextDecoder(encodingOf(form));
	try {
		for (let done = false; !done;) {
			signal.throwIfAborted();
			const piece = await reader.read();
			done = piece.done;
			tally.read(piece.value?.length ?? 0);
			const text = done ? decoder.decode() : decoder.decode(piece.value, { stream: true });
			const records = lines.push(text);
			for (const record of done ? [...records, ...lines.end()] : records) {
				take(record);
				if (run?.isFull && !(yield* write())) return;
			}
			if (!done) yield { kind: 'reading', report: tally.report() };
		}
		if (!(yield* write())) return;
	} finally {
		await reader.cancel().catch(() => undefined); // read to its end, or not wanted any more
	}
	yield { kind: 'done', report: tally.report() };
}

const faulty = (kind: 'too-long' | 'unclosed-quote'): Result<Sample, LineFault> => ({
	ok: false,
	error: { kind }
});

const encodingOf = (form: ImportForm): TextEncoding =>
	(form.kind === 'ndjson'
		? form.encoding
		: form.kind === 'csv'
			? form.table?.encoding
			: form.mapping.encoding) ?? 'utf-8';

/** undefined for what stands above the rows. */
function lineReader(form: ImportForm): (text: string) => Result<Sample, LineFault> | undefined {
	if (form.kind === 'ndjson') return readNdjson;
	if (form.kind === 'csv') return ownReader(form.table);
	return foreignReader(form.mapping);
}

const OWN_FORM = { delimiter: ',', decimalComma: false } as const;

function ownReader({
	delimiter,
	decimalComma
}: Pick<TableForm, 'delimiter' | 'decimalComma'> = OWN_FORM): ReturnType<typeof lineReader> {
	let metrics: readonly string[] | undefined;
	// As we write them, a comma is not among them: the plain way is the fast one.
	const number = delimiter === ',' ? decimal : (field: string) => foreignNumber(field, decimalComma);
	return (text) => {
		if (metrics) return readCsv(csvFields(text, delimiter), metrics, number);
		metrics = ownMetrics(text, delimiter); // above it a spreadsheet may name the delimiter
		return undefined;
	};
}

/** Counts what was read. */
class Tally {
	readonly #series = new Map<string, { -readonly [K in keyof ImportedSeries]: ImportedSeries[K] }>();
	readonly #examples: { line: number; fault: LineFault }[] = [];
	#counts = { readBytes: 0, samples: 0, stored: 0, there: 0, badLines: 0 };

	constructor(
		private readonly totalBytes: number,
		private readonly older: OutlivedTally | undefined
	) {}

	read(bytes: number): void {
		this.#counts.readBytes += bytes;
	}

	bad(line: number, fault: LineFault): void {
		this.#counts.badLines++;
		if (this.#examples.length < EXAMPLES) this.#examples.push({ line, fault });
	}

	/** @returns false where it is of one device too many */
	add({ device, provenance, timeMs, values }: Sample): boolean {
		const key = `${provenance}/${device}`;
		let known = this.#series.get(key);
		if (!known && this.#series.size >= MAX_SERIES) return false;
		if (!known)
			this.#series.set(key, (known = { device, provenance, samples: 0, fromMs: timeMs, toMs: timeMs }));
		known.samples++;
		known.fromMs = Math.min(known.fromMs, timeMs);
		known.toMs = Math.max(known.toMs, timeMs);
		this.#counts.samples++;
		this.older?.add(1, timeMs, Object.keys(values));
		return true;
	}

	wrote(stored: number, there: number): void {
		this.#counts.stored += stored;
		this.#counts.there += there;
	}

	report(): ImportReport {
		const series = [...this.#series.values()].map((one) => ({ ...one }));
		const older = this.older?.counts ?? { thinned: 0, removed: 0 };
		return { ...this.#counts, older, totalBytes: this.totalBytes, examples: [...this.#examples], series };
	}
}
