import type { ConsoleLog } from '$lib/console';
import type { BoardFacts, FirmwareSource, PickedFile } from '$lib/flash';
import { BackupRun } from './backup-run.svelte';
import { BoardLink } from './board-link.svelte';
import { FirmwareChoice } from './firmware-choice.svelte';
import { InspectorDoor } from './inspector-door.svelte';
import { KeptSettings } from './kept-settings.svelte';
import { Listening } from './listening.svelte';
import { SetupRun } from './setup-run.svelte';
import { TableSearch } from './table-search.svelte';
import type { BoardAtWork, FlashWorks, PracticeBoardView } from './works';
import { WriteRun } from './write-run.svelte';

export type StepStage = 'waiting' | 'open' | 'done';

/** One board's way from the cable to its first message. What a step made is dropped when a step before it changes. */
export class FlashSession {
	readonly link: BoardLink;
	readonly inspector: InspectorDoor;
	#choice = $state.raw<FirmwareChoice | undefined>(undefined);
	#run = $state.raw<WriteRun | undefined>(undefined);
	#boards = $state.raw<readonly PracticeBoardView[]>([]);
	#setup = $state.raw<SetupRun | undefined>(undefined);
	#backup = $state.raw<BackupRun | undefined>(undefined);
	#kept = $state.raw<KeptSettings | undefined>(undefined);
	#tableSearch = $state.raw<TableSearch | undefined>(undefined);
	#listening = $state.raw<Listening | undefined>(undefined);
	/** Chosen before a board was there. */
	#waiting = $state.raw<readonly PickedFile[]>([]);
	#life: AbortSignal | undefined;
	/** Whom what was made is for. */
	#mac: string | undefined;
	/** Waits for a person to decide. */
	#atStake = $state.raw<{ decide(goOn: boolean): void } | undefined>(undefined);

	readonly stages = $derived.by(() => this.#stages());

	/** @param log what the board writes, and what this page does to it */
	constructor(
		readonly works: FlashWorks,
		readonly log: ConsoleLog
	) {
		this.link = new BoardLink(works, (board) => this.#took(board));
		this.inspector = new InspectorDoor(this.link);
	}

	/** Anew for each board. */
	get choice(): FirmwareChoice | undefined {
		return this.#shown(this.#choice);
	}

	/** Anew for each board and firmware. */
	get run(): WriteRun | undefined {
		return this.#shown(this.#run);
	}

	get boards(): readonly PracticeBoardView[] {
		return this.#boards;
	}

	get setup(): SetupRun | undefined {
		return this.#setup;
	}

	/** Without setting anything up. */
	get listening(): Listening | undefined {
		return this.#listening;
	}

	/** Anew for each board. */
	get backup(): BackupRun | undefined {
		return this.#shown(this.#backup);
	}

	/** Where its partition table lies, if nobody knows; anew for each board. */
	get tableSearch(): TableSearch | undefined {
		return this.#shown(this.#tableSearch);
	}

	/** Settings that this browser keeps; anew for each board. */
	get kept(): KeptSettings | undefined {
		return this.#shown(this.#kept);
	}

	/** Names of files that were opened with the app and wait for a board. */
	get waiting(): readonly string[] {
		return this.#waiting.map(({ path }) => path);
	}

	/** Files from the operating system: they are there as soon as a board is. */
	openFiles(files: readonly PickedFile[]): void {
		this.#waiting = [...this.#waiting, ...files];
		this.#offerWaiting();
	}

	/** A reload now would leave a board half written, or a backup half read. */
	get writing(): boolean {
		return (this.run?.running ?? false) || (this.backup?.running ?? false);
	}

	/** Settings were edited in the inspector, and no plan has taken them. */
	get edited(): boolean {
		return this.inspector.inspection?.isEdited(this.run?.firmware) ?? false;
	}

	/** A person is asked whether those edits may be lost. */
	get asking(): boolean {
		return this.#atStake !== undefined;
	}

	decide(goOn: boolean): void {
		this.#atStake?.decide(goOn);
		this.#atStake = undefined;
	}

	/** The board's program may change its settings: a plan that was made from them would put old ones back. */
	async #mayStart(): Promise<boolean> {
		const { run } = this;
		const edits = this.inspector.inspection;
		const planned = run && !run.write && edits?.isEdited(undefined) && !edits.isEdited(run.firmware);
		const typed = run && !run.write && run.settings.fromBoard;
		if (!(await this.#mayLoseEdits(planned || typed))) return false;
		if (planned) this.#run = undefined;
		else if (typed) run.settings.written();
		return true;
	}

	/** @returns false where edits would be lost, and a person keeps them */
	async #mayLoseEdits(planned = false): Promise<boolean> {
		if (!this.edited && !planned) return true;
		this.decide(false);
		return new Promise((decide) => (this.#atStake = { decide }));
	}

	follow(signal: AbortSignal): void {
		this.#life = signal;
		this.link.follow(signal);
		this.works.practice?.watch((boards) => (this.#boards = boards), signal);
		signal.addEventListener('abort', () => this.#endSetup(), { once: true });
	}

	/** Writes, and if all of it is right, goes on to set the board up. */
	async write(): Promise<void> {
		const { run } = this;
		if (!run?.plan.writable || !(await this.#mayLoseEdits())) return;
		if (!(await run.settings.settle())) return;
		this.#endSetup();
		await run.start();
		if (run.outdated) this.#readAnew(run);
		if (run.write) this.inspector.restarted();
		void this.#kept?.load();
		if (run.done && this.run === run) await this.#setUpNow(run.firmware.improvWaitS);
	}

	/** What was read of the board's settings is no longer so: a form begins anew, and edits do where they were made. */
	#readAnew(run: WriteRun): void {
		const { stage } = this.link;
		if (stage.kind === 'connected') this.inspector.took(stage.board);
		if (!run.firmware.parts.some(({ madeFrom }) => madeFrom)) return run.settings.outdated();
		this.#run = undefined;
		this.inspector.enter('settings');
	}

	/** Opens the running program's line, for a board that has its firmware already. */
	async setUp(): Promise<void> {
		if (await this.#mayStart()) await this.#setUpNow();
	}

	/** @param improvWaitS of the firmware that was just written */
	async #setUpNow(improvWaitS?: number): Promise<void> {
		const { at } = this.link;
		if (!at) return;
		this.#endSetup();
		this.inspector.restarted();
		const setup = new SetupRun(at, improvWaitS);
		this.#setup = setup;
		await setup.begin((text) => this.log.push(text, Date.now()));
	}

	/** Opens the line of whatever program runs on the board, and asks nothing of it. @param baud undefined for the usual one */
	async listen(baud: number | undefined): Promise<void> {
		if (!(await this.#mayStart())) return;
		const { at } = this.link;
		if (!at) return;
		this.#endSetup();
		this.inspector.restarted();
		const listening = new Listening();
		this.#listening = listening;
		await listening.begin(at, baud, (text) => this.log.push(text, Date.now()));
	}

	/** Plans what was made here rather than chosen: a backup, or settings that were edited. */
	use(firmware: FirmwareSource): void {
		const { at, stage } = this.link;
		if (!at || stage.kind !== 'connected') return;
		this.#endSetup();
		const run = new WriteRun(this.works, at, stage.board, firmware);
		this.#run = run;
		void run.look();
	}

	/** Restarts the chip into download mode; its program, and what was being set up, end. */
	async connectAgain(): Promise<void> {
		this.#endSetup();
		await this.link.retry();
	}

	/** Plans to put back what the last write cost. */
	putBackKept(): void {
		const kept = this.run?.kept;
		if (kept) void this.kept?.putBack(kept.snapshot);
	}

	flashAgain(): void {
		this.#endSetup();
		void this.run?.again();
	}

	changeFirmware(): void {
		this.#endSetup();
		if (this.run?.looking) this.run.cancel();
		this.#run = undefined;
	}

	async changeBoard(): Promise<void> {
		if (!(await this.#mayLoseEdits())) return;
		this.#endSetup();
		await this.link.clear();
	}

	/** Asked again in vain, a board's things wait out of sight until it answers. */
	#shown<T>(made: T): T | undefined {
		return this.link.stage.kind === 'failed' ? undefined : made;
	}

	#took(board: BoardFacts | undefined): void {
		const { at } = this.link;
		this.inspector.took(board);
		this.#backup?.stop();
		if (at && this.#mac !== undefined && (!board || board.mac === this.#mac)) {
			if (!board) return;
			this.#run?.connectedAgain();
			void this.#kept?.load();
			this.#offerWaiting();
			return;
		}
		this.#mac = board?.mac;
		this.#run = undefined;
		this.#backup = undefined;
		this.#kept = undefined;
		this.#tableSearch = undefined;
		if (!board || !at) {
			this.#choice = undefined;
			return;
		}
		this.#backup = new BackupRun(this.works, at, board);
		this.#tableSearch = new TableSearch(at, board, () => this.#foundTable(at, board));
		this.#kept = new KeptSettings(this.works.settings, board.mac, at, (source) => this.use(source));
		void this.#kept.load();
		const choice = new FirmwareChoice(this.works.firmware, board, at, (firmware) => {
			this.use(firmware);
		});
		this.#choice = choice;
		this.#offerWaiting();
		if (this.#life) void choice.load(this.#life);
	}

	/** What was made without knowing what lies where is made anew. */
	#foundTable(at: BoardAtWork, board: BoardFacts): void {
		this.inspector.took(board);
		this.#backup = new BackupRun(this.works, at, board);
		this.#run?.connectedAgain();
		this.#choice?.placeAnew();
	}

	#offerWaiting(): void {
		if (!this.choice || this.#waiting.length === 0) return;
		void this.choice.addFiles(this.#waiting);
		this.#waiting = [];
	}

	#endSetup(): void {
		this.#setup?.end();
		this.#setup = undefined;
		this.#listening?.end();
		this.#listening = undefined;
	}

	#stages(): Record<'board' | 'firmware' | 'plan' | 'write' | 'message', StepStage> {
		const { run } = this;
		const setup = this.#setup;
		const reading = this.backup?.running ?? false; // nothing else may be asked of the board meanwhile
		const begun = run?.write !== undefined;
		const pick = (done: boolean, open: boolean): StepStage => (done ? 'done' : open ? 'open' : 'waiting');
		return {
			board: pick(!reading && (run !== undefined || setup !== undefined), true),
			firmware: pick(run !== undefined, this.choice !== undefined && setup === undefined && !reading),
			plan: pick(begun, run !== undefined),
			write: pick(run?.done === true && setup !== undefined, begun),
			message: pick(setup?.state.kind === 'live' || setup?.state.kind === 'on-network', setup !== undefined)
		};
	}
}
