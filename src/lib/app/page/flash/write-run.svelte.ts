import { plainPlan, type BoardFacts, type FirmwareSource, type FlashState } from '$lib/flash';
import type { FirmwarePart, KeptSnapshot, PlanWishes, WritePlan } from '$lib/flash';
import { logged, NO_PROGRESS, notKeptWords, planView } from '$lib/flash/view';
import { progressed, writeLog, writeView, type WriteEvent, type WriteProgress } from '$lib/flash/view';
import { keepAndWrite, type NotKept } from './kept-write';
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
	#settings: SettingsWish = $state.raw<SettingsWish>(undefined!);
	#looking = $state(false);
	#kept = $state.raw<KeptSnapshot | undefined>(undefined);
	/** Waits for a person to decide. */
	#asked = $state.raw<{ readonly notKept?: string; decide(goOn: boolean): void } | undefined>(undefined);
	#outdated = false;

	readonly plan = $derived.by(() => planView(this.board, this.#plan, this.at.baud));
	/** undefined until it begins. */
	readonly write = $derived(this.#state && writeView(this.plan, this.#state, this.#progress));
	readonly running = $derived(this.#state !== undefined && !OVER.has(this.#state.kind));
	readonly done = $derived(this.#state?.kind === 'done');

	constructor(
		private readonly works: Pick<FlashWorks, 'guarded' | 'settings' | 'keepSecret'>,
		private readonly at: BoardAtWork,
		private readonly board: BoardFacts,
		readonly firmware: FirmwareSource
	) {
		this.#planAnew();
		this.#settings = this.#settingsWish();
	}

	/** Wi-Fi, broker and name to be written with it. */
	get settings(): SettingsWish {
		return this.#settings;
	}

	/** What is on the board is being read again: until then there is no plan. */
	get looking(): boolean {
		return this.#looking;
	}

	get wishes(): PlanWishes {
		return this.#wishes;
	}

	/** The settings that were kept before the last write began. */
	get kept(): KeptSnapshot | undefined {
		return this.#kept;
	}

	/** Why they could not be kept, in words, while a person is asked whether to go on. */
	get notKept(): string | undefined {
		return this.#asked?.notKept;
	}

	/** The board's settings changed since the plan's were made from them; a person is asked whether to go on. */
	get overNewer(): boolean {
		return this.#asked !== undefined && this.#asked.notKept === undefined;
	}

	/** A person chose not to write settings that are older than the board's. */
	get outdated(): boolean {
		return this.#outdated;
	}

	/** Whether to write although the settings are not kept, or newer than the plan's. */
	decide(goOn: boolean): void {
		this.#asked?.decide(goOn);
		this.#asked = undefined;
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
		if (this.running || this.#looking || !this.plan.writable) return;
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
		this.#kept = undefined;
		this.#outdated = false;
		const { at, board, firmware, works } = this;
		const write = {
			...{ at, board, plan: this.#plan, shelf: works.settings, tell },
			before: `${firmware.name} ${firmware.version}`.trim(),
			onKept: (kept: KeptSnapshot) => (this.#kept = kept),
			goOnWithout: (why: NotKept) => this.#ask(notKeptWords(why)),
			goOnOverNewer: async () => !(this.#outdated = !(await this.#ask()))
		};
		const begun = await works.guarded(() => keepAndWrite(write, stop.signal));
		if (!begun) this.#state = undefined;
		if (this.done) await this.settings.keepSecret(works);
	}

	#ask(notKept?: string): Promise<boolean> {
		return new Promise((decide) => (this.#asked = { decide, ...(notKept !== undefined && { notKept }) }));
	}

	/** What is written stays half: the state says so. */
	cancel(): void {
		this.decide(false);
		this.#stop?.abort();
	}

	/** What was planned and what came of it, as a text. */
	log(): string {
		return writeLog(this.board, this.firmware, this.#plan, this.#events);
	}

	/** Back to the plan. What was overridden is asked anew. */
	async again(): Promise<void> {
		if (this.running) return;
		// What was decided when it was begun stands, or a write that ended half way would be asked about like a first one.
		const { choice } = this.#plan.erase;
		const decided = !this.done && choice !== 'all' ? { erase: choice } : {};
		if (this.done) this.settings.written();
		this.#state = undefined;
		this.#wishes = { ...decided, ...this.#wishes, overridden: [] };
		this.#planAnew();
		await this.look();
	}

	/** Reads again what its program, or a write that ended half way, may have changed, and plans anew. What cannot be read is asked. */
	async look(): Promise<void> {
		if (this.at.known || this.running || this.#looking) return;
		const stop = new AbortController();
		this.#stop = stop;
		this.#looking = true;
		try {
			await this.at.look(stop.signal);
		} catch (cause) {
			if (!stop.signal.aborted) throw cause;
		} finally {
			this.#looking = false;
			this.#planAnew();
			const fresh = this.#settingsWish();
			if (JSON.stringify(fresh.offer) !== JSON.stringify(this.#settings.offer)) this.#settings = fresh;
		}
	}

	#settingsWish(): SettingsWish {
		const offer = settingsOffer(this.#plan.regions, this.at.table);
		return new SettingsWish(this.at, this.board, offer, (settings) => this.wish({ settings }));
	}

	/** Plans anew from what the board has now; what came of a write stays. */
	connectedAgain(): void {
		if (!this.#state) this.#planAnew();
	}

	#planAnew(): void {
		this.#plan = this.at.plan(this.firmware, this.#wishes);
	}
}
