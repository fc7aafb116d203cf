import { parseDeviceId, type Provenance } from '$lib/model';
import {
	mappingFault,
	sniffFile,
	type ForeignMapping,
	type ImportForm,
	type ImportReport,
	type ImportStep,
	type Sniffed
} from '$lib/telemetry';
import type { Words } from '$lib/ui';
import type { FieldPort } from '../field-port';
import { importFaultWords, storeFaultWords } from './data-words';

export type ForeignFile = Extract<Sniffed, { kind: 'foreign' }>;

/** What a person says of a file that somebody else made. */
export interface MappingWish {
	readonly device: string;
	readonly provenance: Provenance;
	readonly timeColumn: number;
	/** By column; '' leaves it out. */
	readonly metrics: readonly string[];
}

export type ImportState =
	| { readonly kind: 'idle' | 'stopped' }
	| { readonly kind: 'mapping'; readonly file: File; readonly found: ForeignFile }
	| {
			readonly kind: 'previewing' | 'previewed' | 'writing' | 'done';
			readonly file: File;
			readonly report: ImportReport;
	  }
	| { readonly kind: 'failed'; readonly words: Words };

/** One import at a time: looked at, shown, and only then written. */
export class ImportRun {
	#state = $state.raw<ImportState>({ kind: 'idle' });
	#form: ImportForm | undefined;
	#stop: AbortController | undefined;

	constructor(private readonly field: FieldPort) {}

	get state(): ImportState {
		return this.#state;
	}

	async open(file: File): Promise<void> {
		const sniffed = await sniffFile(file).catch(() => undefined); // told as unreadable
		if (sniffed?.kind === 'foreign') this.#state = { kind: 'mapping', file, found: sniffed };
		else if (sniffed?.kind === 'csv' || sniffed?.kind === 'ndjson')
			this.#preview(file, { kind: sniffed.kind });
		else this.#state = { kind: 'failed', words: importFaultWords(sniffed?.kind ?? 'unreadable') };
	}

	/** @returns what is wrong with it; undefined where it was taken */
	map({ device, provenance, timeColumn, metrics }: MappingWish): 'device' | ReturnType<typeof mappingFault> {
		if (this.#state.kind !== 'mapping') return undefined;
		const id = parseDeviceId(device.trim());
		if (!id.ok) return 'device';
		const { delimiter, decimalComma } = this.#state.found;
		const values = metrics.flatMap((metric, column) =>
			metric.trim() === '' || column === timeColumn ? [] : [{ column, metric: metric.trim() }]
		);
		const mapping: ForeignMapping = {
			delimiter,
			decimalComma,
			device: id.value,
			provenance,
			timeColumn,
			values
		};
		const fault = mappingFault(mapping);
		if (!fault) this.#preview(this.#state.file, { kind: 'foreign', mapping });
		return fault;
	}

	#preview(file: File, form: ImportForm): void {
		this.#form = form;
		this.#run(file, false);
	}

	/** What was previewed is written. */
	write(): void {
		if (this.#state.kind === 'previewed') this.#run(this.#state.file, true);
	}

	#run(file: File, write: boolean): void {
		const form = this.#form!;
		const stop = (this.#stop = new AbortController());
		const empty = { readBytes: 0, totalBytes: file.size, samples: 0, stored: 0, there: 0, badLines: 0 };
		const working = write ? 'writing' : 'previewing';
		this.#state = { kind: working, file, report: { ...empty, examples: [], series: [] } };
		this.field.watch(
			'importFile',
			{ file, form, write },
			(step: ImportStep) => {
				if (step.kind === 'reading') this.#state = { kind: working, file, report: step.report };
				else {
					stop.abort();
					this.#state =
						step.kind === 'failed'
							? { kind: 'failed', words: storeFaultWords(step.error, step.report) }
							: { kind: write ? 'done' : 'previewed', file, report: step.report };
				}
			},
			stop.signal
		);
	}

	stop(): void {
		this.#stop?.abort();
		this.#state = { kind: 'stopped' };
	}

	again(): void {
		this.#state = { kind: 'idle' };
	}
}
