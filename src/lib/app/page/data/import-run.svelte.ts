import { parseDeviceId, type Provenance } from '$lib/model';
import {
	mappingFault,
	sniffFile,
	titleMetric,
	type ForeignForm,
	type ForeignTable,
	type ImportForm,
	type ImportReport,
	type ImportStep,
	type RowForm,
	type TableHead
} from '$lib/telemetry';
import type { Words } from '$lib/ui';
import type { FieldPort } from '../field-port';
import { importFaultWords, importStoppedWords, type MappingFault } from './import-words';

/** What a person says of a table that somebody else made: what is not said is guessed. */
export interface TableWish {
	readonly device: string;
	/** Of rows that no mark says it of. */
	readonly provenance: Provenance;
	readonly form: Partial<ForeignForm>;
	/** Names by column; '' leaves it out. */
	readonly metrics: Readonly<Record<number, string>>;
	/** Names by what a column of metrics says; '' leaves its rows out. */
	readonly names: Readonly<Record<string, string>>;
}
const NO_WISH: TableWish = { device: '', provenance: 'real', form: {}, metrics: {}, names: {} };

export type ImportState =
	| { readonly kind: 'idle' | 'stopped' }
	| { readonly kind: 'mapping'; readonly file: File; readonly head: TableHead }
	| {
			readonly kind: 'previewing' | 'previewed' | 'writing' | 'done';
			readonly file: File;
			readonly report: ImportReport;
	  }
	| { readonly kind: 'failed'; readonly words: Words };

/** One import at a time: looked at, shown, and only then written. */
export class ImportRun {
	#state = $state.raw<ImportState>({ kind: 'idle' });
	#wish = $state.raw<TableWish>(NO_WISH);
	#head: TableHead | undefined;
	#form: ImportForm | undefined;
	#stop: AbortController | undefined;

	constructor(private readonly field: FieldPort) {}

	get state(): ImportState {
		return this.#state;
	}

	/** It is being written. */
	get busy(): boolean {
		return this.#state.kind === 'writing';
	}

	/** What is said of the table that is being looked at. */
	get wish(): TableWish {
		return this.#wish;
	}

	say(part: Partial<TableWish>): void {
		this.#wish = { ...this.#wish, ...part };
	}

	async open(file: File): Promise<void> {
		const sniffed = await sniffFile(file).catch(() => undefined); // told as unreadable
		this.#head = undefined;
		this.#wish = NO_WISH;
		switch (sniffed?.kind) {
			case 'foreign':
				this.#head = sniffed.head;
				this.#state = { kind: 'mapping', file, head: sniffed.head };
				break;
			case 'csv':
			case 'ndjson':
				this.#preview(file, sniffed);
				break;
			default:
				this.#state = { kind: 'failed', words: importFaultWords(sniffed?.kind ?? 'unreadable') };
		}
	}

	/** Reads the whole table as it is understood. @returns what is wrong with that; undefined where it was taken */
	map(table: ForeignTable): MappingFault | undefined {
		if (this.#state.kind !== 'mapping') return undefined;
		const id = parseDeviceId(this.#wish.device.trim());
		const rows = rowForm(table, this.#wish);
		const byColumn = table.deviceColumn >= 0;
		const fault = byColumn || id.ok ? mappingFault(rows) : 'device';
		if (fault) return fault;
		const { columns: _, rows: __, told: ___, ...form } = { ...table, ...rows };
		const device = !byColumn && id.ok ? id.value : undefined;
		const mapping = { ...form, device, provenance: this.#wish.provenance };
		this.#preview(this.#state.file, { kind: 'foreign', mapping });
		return undefined;
	}

	/** From what was read back to how it is read; undefined for a file that needs no saying. */
	get remap(): (() => void) | undefined {
		const [head, state] = [this.#head, this.#state];
		if (!head || state.kind !== 'previewed') return undefined;
		return () => (this.#state = { kind: 'mapping', file: state.file, head });
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
		const older = { thinned: 0, removed: 0 };
		const working = write ? 'writing' : 'previewing';
		this.#state = { kind: working, file, report: { ...empty, older, examples: [], series: [] } };
		this.field.watch(
			'importFile',
			{ file, form, write },
			(step: ImportStep) => {
				if (step.kind === 'reading') this.#state = { kind: working, file, report: step.report };
				else {
					stop.abort();
					this.#state =
						step.kind === 'failed'
							? { kind: 'failed', words: importStoppedWords(step.error, step.report) }
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

/** What a table's column is called, '' where it is left out. */
export const metricOf = (
	{ columns, timeColumn, clockColumn, deviceColumn }: ForeignTable,
	wish: TableWish,
	column: number
) => {
	if ([timeColumn, clockColumn, deviceColumn].includes(column)) return '';
	const found = columns[column];
	return (wish.metrics[column] ?? (found?.looksLike === 'number' ? titleMetric(found.name) : '')).trim();
};

export function rowForm(table: ForeignTable, wish: TableWish): RowForm {
	const long = table.metricColumn >= 0;
	const values = table.columns.flatMap((_, column) => {
		const metric = long ? '' : metricOf(table, wish, column);
		return metric === '' ? [] : [{ column, metric }];
	});
	const names = long ? table.told.map((told) => [told, (wish.names[told] ?? titleMetric(told)).trim()]) : [];
	return {
		...{ ...table, width: table.columns.length, values },
		names: Object.fromEntries(names) as Record<string, string>
	};
}
