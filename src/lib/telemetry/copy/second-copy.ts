import type { Clock } from '$lib/base';
import type { Disk, Loaded } from '../disk';
import type { StoreLoss } from '../store';
import { Turns } from '../turns';
import { earOf, type CopiedStore } from './copied-store';
import { CopyFiles } from './copy-files';
import { CopyFollower } from './copy-follower';
import type { CopyMemory } from './copy-memory';
import { CopyReturn, type Filling } from './copy-return';
import { CopyFault, troubleOf, type CopyStatus, type CopyTrouble } from './copy-status';
import type { CopyFolder } from './folder';
import { mirrored } from './mirrored-disk';
import { findRun } from './run';

/** What is sealed waits so long for more, and is then written in one file. */
const GATHER_MS = 2000;
/** After a failure, and after it gave way to the store. */
const RETRY_MS = 5 * 60_000;
/** Between two files that are looked through. */
const CHECK_MS = 1000;

/**
 * Keeps what the store has sealed a second time, apart from its database: drawn in docs/telemetry-format.md. Here is where it lies and
 * whether it is wanted, when it is written, and what goes wrong: nothing of that reaches the store, it is counted and told.
 */
export class SecondCopy {
	readonly #turns = new Turns();
	readonly #follower: CopyFollower;
	readonly #return: CopyReturn;
	#files: CopyFiles | undefined;
	#store: CopiedStore | undefined;
	#stand: 'off' | 'closed' | 'other' | 'returning' | 'on' = 'off';
	#yielding = false;
	#stopped = false;
	#failures = 0;
	#trouble: CopyTrouble | undefined;
	#cancel: (() => void) | undefined;

	constructor(
		private readonly parts: {
			/** The browser's own place; undefined: it has none. */
			readonly own: CopyFolder | undefined;
			/** What a person picked instead. */
			readonly picked?: CopyFolder | undefined;
			readonly memory: Pick<CopyMemory, 'owed' | 'keepOwed'>;
			readonly clock: Clock;
			/** This leader's number. */
			readonly fence: number;
			/** Instead of 4 MiB, for tests. */
			readonly slackBytes?: number;
		}
	) {
		this.#follower = new CopyFollower(parts.slackBytes);
		this.#return = new CopyReturn(parts.memory);
		const folder = parts.picked ?? parts.own;
		if (folder) this.#files = this.#filesIn(folder);
	}

	get status(): CopyStatus {
		const files = this.#stand === 'off' ? undefined : this.#files;
		const kept = this.#follower.isCurrent ? 'current' : 'behind';
		return {
			kind: this.#stand === 'on' ? kept : this.#stand,
			place: files?.folder.place,
			ownPlace: this.parts.own !== undefined,
			bytes: files?.bytes ?? 0,
			writtenMs: files?.writtenMs,
			failures: this.#failures,
			trouble: this.#trouble,
			damagedFiles: this.#follower.damagedFiles,
			returning: this.#return.read,
			returned: this.#return.returned
		};
	}

	/** The disk as the store is to write to it. */
	over(disk: Disk): Disk {
		const wants = () => this.#stand === 'on' && !this.#stopped;
		const follow = (soon: boolean) => this.#pumpAfter(soon ? 0 : GATHER_MS);
		return mirrored(disk, earOf(this.#follower, { wants, follow, giveWay: () => this.#giveWay() }));
	}

	/** Fills a store that was lost, where there is a copy of it. */
	async refill(disk: Disk, loaded: Loaded): Promise<Filling | undefined> {
		const filling = this.#files && (await this.#return.intoEmpty(this.#files.folder, disk, loaded));
		if (filling?.kind === 'unfilled' && filling.trouble) this.#tell(filling.trouble);
		return filling;
	}

	/** What a copy of that store holds comes back when it can be had. */
	async owe(generation: string, loss: StoreLoss): Promise<void> {
		await this.#inTurn(() => this.#return.owe(generation, loss));
	}

	/** From now on it follows the store. */
	attach(store: CopiedStore): void {
		this.#store = store;
		this.#follower.noteNames(store.names);
		this.#follower.noteState(store.state);
		if (!this.#files) return;
		this.#stand = 'on';
		void this.#inTurn(() => this.#look());
	}

	/**
	 * Resolves when it is wanted; it is then made while the store goes on. Where another one was wanted, that one is not any more.
	 * @param folder the browser's own unless given
	 */
	async turnOn(folder = this.parts.own): Promise<void> {
		if (!folder) return;
		if (this.#stand !== 'off') await this.turnOff();
		await this.#store?.seal(); // who asks for a copy means what is there by now
		await this.#inTurn(async () => {
			this.#files = this.#filesIn(folder);
			await folder.create();
			await this.#look();
			this.#pumpAfter(0);
		});
	}

	/** Not wanted any more: the browser's own is deleted. */
	async turnOff(): Promise<void> {
		this.#stand = 'off';
		this.#return.stop();
		await this.#inTurn(async () => {
			await this.#files?.folder.leave();
			this.#pause('off');
		});
	}

	/** A person has allowed the folder again, put its disk back, or made room. */
	async lookAgain(): Promise<void> {
		if (this.#stand === 'off') return;
		if (this.#stand === 'returning') return this.#pumpAfter(0);
		await this.#inTurn(() => this.#look());
	}

	/** What is to become of a copy of another store. */
	async settle(how: 'put-back' | 'replace'): Promise<void> {
		if (this.#stand !== 'other') return;
		if (how === 'put-back') this.#pause('returning');
		else await this.replaced();
	}

	/** The store was replaced as a whole: what lies there is not wanted back. */
	async replaced(): Promise<void> {
		if (this.#stand === 'off' || this.#stand === 'closed') return;
		this.#return.stop();
		await this.#inTurn(async () => {
			await this.parts.memory.keepOwed(undefined);
			await this.#files?.clear();
			await this.#look();
			this.#pumpAfter(0);
		});
	}

	/** Writes what waits. One that is being made is left, and made anew at the next start. */
	async close(): Promise<void> {
		const [disk, files] = [this.#store?.disk, this.#files];
		if (this.#stand === 'on' && disk && files) void this.#inTurn(() => this.#follower.write(files, disk));
		this.#stopped = true;
		this.#return.stop();
		this.#cancelPump();
		await this.#turns.over();
		this.#stand = 'off';
	}

	/** Goes on with what lies in the folder, begins anew where the store went on without it, or leaves it as it is. */
	async #look(): Promise<void> {
		const files = this.#files;
		if (!files) return;
		this.#stand = 'on';
		const there = this.#follower.begin();
		const standing = await files.folder.standing();
		if (standing !== 'open') return this.#pause(standing === 'closed' ? 'closed' : 'off');
		const { run, damaged } = await findRun(files.folder);
		const lost = damaged + (run?.missing ?? 0);
		this.#follower.noteDamage(lost);
		if (run) await files.know(run);
		await files.goBehind();
		const before = run?.head.generation ?? there.generation;
		if (before !== there.generation && !this.#return.hasFilled(before))
			return this.#pause((await this.#return.isOwed(before)) ? 'returning' : 'other');
		this.#follower.goOn(lost > 0 ? undefined : run, there);
		this.#store?.onNeed(undefined);
		this.#pumpAfter(GATHER_MS);
	}

	#filesIn(folder: CopyFolder): CopyFiles {
		return new CopyFiles(folder, this.parts.clock, this.parts.fence);
	}

	/** Nothing is written. */
	#pause(stand: 'off' | 'closed' | 'other' | 'returning'): void {
		this.#follower.miss();
		[this.#stand, this.#trouble] = [stand, undefined];
		this.#cancelPump();
		this.#store?.onNeed(stand === 'closed' || stand === 'other' ? stand : undefined);
		if (stand === 'returning') this.#pumpAfter(0);
	}

	#cancelPump(): void {
		this.#cancel?.();
		this.#cancel = undefined;
	}

	#pumpAfter(ms: number): void {
		if (this.#stopped || (this.#cancel && ms > 0)) return;
		this.#cancelPump();
		this.#cancel = this.parts.clock.after(ms, () => {
			this.#cancel = undefined;
			void this.#inTurn(() => this.#pump());
		});
	}

	async #pump(): Promise<void> {
		const [store, files] = [this.#store, this.#files];
		if (!store || !files || this.#stopped) return;
		if (this.#stand === 'returning') return this.#bringBack(files.folder, store);
		if (this.#stand !== 'on') return;
		const goesOn = () => !this.#stopped && this.#stand === 'on' && !this.#yielding;
		const more = await this.#follower.step(files, store.disk, goesOn);
		if (this.#follower.isCurrent) this.#trouble = undefined;
		if (more) this.#pumpAfter(CHECK_MS);
	}

	async #bringBack(folder: CopyFolder, { telemetry, onReturned }: CopiedStore): Promise<void> {
		const back = await this.#return.intoUsed(folder, telemetry);
		if (!back || this.#stand !== 'returning') return;
		this.#follower.noteDamage(back.refilled.damagedFiles);
		onReturned(back.refilled, back.loss);
		[this.#stand, this.#trouble] = ['on', undefined]; // and made anew
		this.#pumpAfter(0);
	}

	/** Deletes what is there, since the store finds no room: what is new goes before what is there twice. */
	async #giveWay(): Promise<boolean> {
		const files = this.#files;
		if (this.#stand !== 'on' || !files?.folder.room) return false;
		this.#yielding = true; // one that is being made is left
		let cleared = false;
		await this.#inTurn(async () => {
			this.#yielding = false;
			cleared = await files.clear();
			if (cleared) throw new CopyFault({ kind: 'gave-way' });
		});
		return cleared;
	}

	async #inTurn(act: () => Promise<void>): Promise<void> {
		await this.#turns.take(() => act().catch((cause: unknown) => this.#failed(cause)));
	}

	#tell(trouble: CopyTrouble): void {
		this.#failures++;
		this.#trouble = trouble;
	}

	#failed(cause: unknown): void {
		if (this.#stopped) return;
		const trouble = troubleOf(cause);
		if (!trouble && this.#stand !== 'off') return this.#pause('closed');
		this.#tell(trouble ?? { kind: 'failed', cause: String(cause) });
		if (this.#stand === 'on') this.#follower.miss();
		this.#cancelPump();
		if (this.#stand === 'on' || this.#stand === 'returning') this.#pumpAfter(RETRY_MS);
	}
}
