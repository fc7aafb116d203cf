import { plainPlan, type BoardFacts, type FirmwareSource, type FlashState } from '$lib/flash';
import type { FirmwarePart, PlanWishes, WritePlan } from '$lib/flash';
import { logged, NO_PROGRESS, planView, progressed, writeLog, writeView } from '$lib/flash/view';
import type { WriteEvent, WriteProgress } from '$lib/flash/view';
import { settingsOffer } from './settings-offer';
import { SettingsWish } from './settings-wish.svelte';
import type { BoardAtWork, FlashWorks } from './works';

const OVER: ReadonlySet<FlashState['kind']> = new Set(['done', 'cancelled', 'failed']);

const NOTHING = plainPlan('', []);

/** One firmware on its way to one board: the plan, and then the write. */
export class WriteRun {
	#wishes = $state.raw<PlanWishes>({});
	#state = $state.raw<FlashState | undefined>(undefined);
	#progress = $state.raw<WriteProgress>(NO_PROGRESS);
	/** Made anew at each return to it: what the board has now is no longer what it had. */
	#plan: WritePlan = $state.raw(NOTHING);
	#stop: AbortController | undefined;
	#events: readonly WriteEvent[] = [];
	/** Wi-Fi, broker and name to be written with it. */
	readonly settings: SettingsWish;

	readonly plan = $derived.by(() => planView(this.board, this.#plan));
	/** undefined until it begins. */
	readonly write = $derived(this.#state && writeView(this.plan, this.#state, this.#progress));
	readonly running = $derived(this.#state !== undefined && !OVER.has(this.#state.kind));
	readonly done = $derived(this.#state?.kind === 'done');

	constructor(
		private readonly works: Pick<FlashWorks, 'guarded'>,
		private readonly at: BoardAtWork,
		private readonly board: BoardFacts,
		readonly firmware: FirmwareSource
	) {
		this.#planAnew();
		const offer = settingsOffer(this.#plan.regions, at.table);
		this.settings = new SettingsWish(at, board, offer, (settings) => this.wish({ settings }));
	}

	get wishes(): PlanWishes {
		return this.#wishes;
	}

	/** @param changed.settings undefined takes them out */
	wish(
		changed: Partial<Omit<PlanWishes, 'settings'>> & { readonly settings?: FirmwarePart | undefined }
	): void {
		if (this.running) return;
		const { settings, ...rest } = { ...this.#wishes, ...changed };
		this.#wishes = settings ? { ...rest, settings } : rest;
		this.#planAnew();
	}

	/** Writes as planned. Ends in one of the states that are over. */
	async start(): Promise<void> {
		if (this.running || !this.plan.writable) return;
		const stop = new AbortController();
		this.#stop = stop;
		this.#progress = NO_PROGRESS;
		this.#events = [];
		const tell = (state: FlashState) => {
			this.#events = logged(this.#events, state, Date.now());
			this.#progress = progressed(this.#progress, state);
			this.#state = state;
		};
		tell({ kind: 'connecting', attempt: 1 });
		await this.works.guarded(() => this.at.write(this.#plan, tell, stop.signal));
	}

	/** What is written stays half: the state says so. */
	cancel(): void {
		this.#stop?.abort();
	}

	/** What was planned and what came of it, as a text. */
	log(): string {
		return writeLog(this.board, this.firmware, this.#plan, this.#events);
	}

	/** Back to the plan. What was overridden is asked anew. */
	again(): void {
		if (this.running) return;
		if (this.done) this.settings.written();
		this.#state = undefined;
		this.#wishes = { ...this.#wishes, overridden: [] };
		this.#planAnew();
	}

	#planAnew(): void {
		this.#plan = this.at.plan(this.firmware, this.#wishes);
	}
}
