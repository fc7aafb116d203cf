import { utf8 } from '$lib/base';
import type { DeviceId } from '$lib/model';
import { csvHeader, exportName, type ExportForm, type SeriesExtent } from '$lib/telemetry';
import { pickSave, type Words } from '$lib/ui';
import type { FieldPort } from '../field-port';
import { saveFaultWords } from './data-words';
import { kindsOf, metricsOf, today } from './export-plan';

export interface ExportWish {
	readonly form: ExportForm;
	/** undefined: every device. */
	readonly device: DeviceId | undefined;
	/** undefined: every metric. */
	readonly metric: string | undefined;
	/** Inclusive and exclusive, ms. */
	readonly fromMs: number;
	readonly toMs: number;
}

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

	/** undefined until the worker has said. */
	get extents(): readonly SeriesExtent[] | undefined {
		return this.#extents;
	}

	async load(): Promise<void> {
		this.#extents = await this.field.call('extents', null);
	}

	/** Whose samples of which metrics a wish is about. */
	chosen({ device, metric, fromMs, toMs }: ExportWish): readonly SeriesExtent[] {
		return (this.#extents ?? []).filter(
			(one) =>
				(device === undefined || one.device === device) &&
				(metric === undefined || one.metrics.includes(metric)) &&
				one.toMs >= fromMs &&
				one.fromMs < toMs
		);
	}

	/** To be called from a click: the browser asks where to save. */
	async start(wish: ExportWish): Promise<void> {
		const chosen = this.chosen(wish);
		const stop = (this.#stop = new AbortController());
		const target = await pickSave(exportName(wish.form, today(), kindsOf(chosen))).catch((cause: unknown) => {
			this.#state = { kind: 'failed', words: saveFaultWords(cause) };
		});
		if (!target) return;
		try {
			const progress = await this.#write(wish, chosen, target, stop.signal);
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
		{ form, metric, fromMs, toMs }: ExportWish,
		chosen: readonly SeriesExtent[],
		{ name, sink }: NonNullable<Awaited<ReturnType<typeof pickSave>>>,
		signal: AbortSignal
	): Promise<FileProgress> {
		const columns = metric === undefined ? metricsOf(chosen) : [metric];
		const total = chosen.reduce((sum, { samples }) => sum + samples, 0);
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
		for (const one of chosen) {
			const { device, provenance } = one;
			const query = { device, provenance, toMs, ...(metric === undefined ? {} : { metrics: [metric] }) };
			const ask = (from: number) =>
				this.field.call('exportPage', { form, query: { ...query, fromMs: from }, columns }, { signal });
			// The next page is made while this one is written.
			let next = ask(Math.max(fromMs, one.fromMs));
			for (;;) {
				const page = await next;
				if (page.nextMs !== undefined) next = ask(page.nextMs);
				next.catch(() => undefined); // told where it is awaited
				await write(page.bytes);
				samples += page.samples;
				const within = page.nextMs === undefined ? 1 : (page.nextMs - one.fromMs) / (one.toMs - one.fromMs);
				tell((passed + one.samples * within) / total);
				if (page.nextMs === undefined) break;
				signal.throwIfAborted();
			}
			passed += one.samples;
		}
		return tell(1);
	}
}
