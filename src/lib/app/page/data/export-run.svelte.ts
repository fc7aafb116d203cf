import { utf8 } from '$lib/base';
import { csvHeader, exportName, type ExportForm, type SeriesExtent } from '$lib/telemetry';
import { pickSave, type SaveTarget, type Words } from '$lib/ui';
import type { FieldPort } from '../field-port';
import { saveFaultWords } from './data-words';
import { planExport, today, type ExportChoice, type ExportPlan } from './export-plan';

/** How far a file is. */
export interface FileProgress {
	readonly samples: number;
	readonly bytes: number;
	/** 0 … 1 */
	readonly share: number;
}

export type ExportState =
	| { readonly kind: 'idle' | 'stopped' }
	| { readonly kind: 'writing' | 'saved'; readonly name: string; readonly progress: FileProgress }
	| { readonly kind: 'failed'; readonly words: Words };

/** One export at a time: pages come from the field worker and go to the file, never more than two in memory. */
export class ExportRun {
	#state = $state.raw<ExportState>({ kind: 'idle' });
	#extents = $state.raw<readonly SeriesExtent[] | undefined>();
	#stop: AbortController | undefined;

	constructor(private readonly field: FieldPort) {}

	get state(): ExportState {
		return this.#state;
	}

	/** It is being written. */
	get busy(): boolean {
		return this.#state.kind === 'writing';
	}

	/** undefined until the worker has said. */
	get extents(): readonly SeriesExtent[] | undefined {
		return this.#extents;
	}

	async load(): Promise<void> {
		this.#extents = await this.field.call('extents', null);
	}

	/** To be called from a click: the browser asks where to save. */
	async start(form: ExportForm, choice: ExportChoice): Promise<void> {
		const stop = (this.#stop = new AbortController());
		const { kinds } = planExport(this.#extents ?? [], choice);
		const target = await pickSave(exportName(form, today(), kinds)).catch((cause: unknown) => {
			this.#state = { kind: 'failed', words: saveFaultWords(cause) };
		});
		if (!target) return;
		try {
			// A metric that came since would be missing in rows that claim to be whole.
			await this.load();
			const progress = await this.#write(form, planExport(this.#extents ?? [], choice), target, stop.signal);
			await target.sink.finish();
			this.#state = { kind: 'saved', name: target.name, progress };
		} catch (cause) {
			await target.sink.discard();
			this.#state = stop.signal.aborted
				? { kind: 'stopped' }
				: { kind: 'failed', words: saveFaultWords(cause) };
		}
	}

	stop(): void {
		this.#stop?.abort();
	}

	async #write(
		form: ExportForm,
		{ series, columns, rows }: ExportPlan,
		{ name, sink }: SaveTarget,
		signal: AbortSignal
	): Promise<FileProgress> {
		let [samples, bytes, passed] = [0, 0, 0];
		const tell = (share: number) => {
			const progress = { samples, bytes, share: Math.min(1, share) };
			this.#state = { kind: 'writing', name, progress };
			return progress;
		};
		const write = async (piece: Uint8Array<ArrayBuffer>) => {
			await sink.write(piece);
			bytes += piece.length;
		};
		tell(0);
		if (form === 'csv') await write(utf8(csvHeader(columns)));
		for (const one of series) {
			const { device, provenance, toMs: lastMs } = one.extent;
			const query = { device, provenance, toMs: one.toMs, metrics: one.metrics };
			const spanMs = Math.max(1, Math.min(lastMs, one.toMs) - one.fromMs);
			const ask = (fromMs: number) =>
				this.field.call('exportPage', { form, query: { ...query, fromMs }, columns }, { signal });
			// The next page is made while this one is written.
			let next = ask(one.fromMs);
			for (;;) {
				const page = await next;
				if (page.nextMs !== undefined) next = ask(page.nextMs);
				next.catch(() => undefined); // told where it is awaited
				await write(page.bytes);
				samples += page.samples;
				const within = page.nextMs === undefined ? 1 : (page.nextMs - one.fromMs) / spanMs;
				tell((passed + one.rows * within) / rows);
				if (page.nextMs === undefined) break;
				signal.throwIfAborted();
			}
			passed += one.rows;
		}
		return tell(1);
	}
}
