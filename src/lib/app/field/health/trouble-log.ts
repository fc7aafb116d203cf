import { BoundedQueue, Counters, type Clock } from '$lib/base';
import type { RefusedPart, StoreError, StoreLoss, StoreTrouble } from '$lib/telemetry';

/** What went wrong with the store, by what it means for a person. */
export type TroubleKind =
	| Exclude<StoreTrouble['kind'], 'failing' | 'refused'>
	| StoreError['kind']
	| `refused-${RefusedPart}`
	| 'not-kept';

export interface TroubleReport {
	/** Since the worker started. */
	readonly counts: Readonly<Partial<Record<TroubleKind, number>>>;
	/** The newest, oldest first. */
	readonly newest: readonly { readonly atMs: number; readonly kind: TroubleKind; readonly detail: string }[];
}

const MAX_NEWEST = 30;
const MAX_CHARS = 200;
/** The same again within a minute is counted and not listed. */
const SAME_MS = 60_000;

/** Store troubles by kind, with the newest of them; bounded, for one that goes on comes with each sample. */
export class TroubleLog {
	readonly #counts = new Counters<TroubleKind>();
	readonly #newest = new BoundedQueue<TroubleReport['newest'][number]>(MAX_NEWEST);
	readonly #listedMs = new Map<TroubleKind, number>();

	constructor(private readonly clock: Clock) {}

	add(kind: TroubleKind, detail: string, times = 1): void {
		if (times === 0) return;
		this.#counts.add(kind, times);
		const atMs = this.clock.now();
		if (atMs - (this.#listedMs.get(kind) ?? -Infinity) < SAME_MS) return;
		this.#listedMs.set(kind, atMs);
		this.#newest.push({ atMs, kind, detail: detail.slice(0, MAX_CHARS) });
	}

	trouble(trouble: StoreTrouble): void {
		switch (trouble.kind) {
			case 'failing':
				return this.error(trouble.error);
			case 'lost':
				return this.add('lost', lossText(trouble.loss));
			case 'made-room':
				return this.add('made-room', `${trouble.letGo.length} blocks${trouble.helped ? '' : ', in vain'}`);
			case 'recovered':
				return this.add('recovered', '');
			case 'refused':
				for (const part of ['time', 'identity', 'value'] as const) {
					const times = trouble.refused[part];
					this.add(`refused-${part}`, `${trouble.device}: ${times}`, times);
				}
				return;
			case 'ended': // opening anew tells what came of it
			case 'copy-waits':
			case 'returned':
				return; // no trouble of the store's: notices tell them
		}
	}

	error(error: StoreError): void {
		switch (error.kind) {
			case 'closed':
				return; // we closed it ourselves
			case 'fenced':
				return this.add('fenced', `by ${error.by}`);
			case 'quota':
				return this.add('quota', `${error.usedBytes} of ${error.quotaBytes} bytes`);
			case 'dropped':
				return this.add('dropped', `${error.count} samples`);
			case 'unavailable':
				return this.add('unavailable', error.cause);
		}
	}

	report(): TroubleReport {
		return { counts: this.#counts.snapshot(), newest: [...this.#newest] };
	}
}

function lossText({ cause, block, of }: StoreLoss): string {
	if (!of) return cause;
	const isoOf = (ms: number) => new Date(ms).toISOString();
	return `block ${block ?? '?'} of ${of.device}, ${of.samples} samples, ${isoOf(of.fromMs)} … ${isoOf(of.toMs)}: set aside`;
}
