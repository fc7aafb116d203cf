import {
	backupName,
	takeBackup,
	type BackupForm,
	type BackupWish,
	type BoardFacts,
	type FlashRange,
	type ReadProgress,
	type TakenBackup
} from '$lib/flash';
import { backupErrorWords } from '$lib/flash/view';
import type { SaveTarget, Words } from '$lib/ui';
import type { BoardAtWork, FlashWorks } from './works';

/** A part of the flash that can be backed up. */
export interface BackupChoice extends FlashRange {
	readonly label: string;
	/** Absent for the whole flash. */
	readonly partition?: string;
}

export type BackupState =
	| { readonly kind: 'choosing' }
	| { readonly kind: 'reading'; readonly name: string; readonly progress: ReadProgress }
	| ({ readonly kind: 'saved'; readonly name: string } & TakenBackup)
	| { readonly kind: 'stopped' }
	| { readonly kind: 'failed'; readonly words: Words };

const NOTHING_READ: ReadProgress = { kind: 'reading', readBytes: 0, totalBytes: 0, retries: 0 };

/** Backups of one board, one at a time. */
export class BackupRun {
	#state = $state.raw<BackupState>({ kind: 'choosing' });
	#stop: AbortController | undefined;

	readonly running = $derived(this.#state.kind === 'reading');

	constructor(
		private readonly works: Pick<FlashWorks, 'guarded' | 'pickSave'>,
		private readonly at: BoardAtWork,
		readonly board: BoardFacts
	) {}

	/** Bits per second that reading begins with; undefined for a chip's own USB, which has none. */
	get baud(): number | undefined {
		return this.at.baud;
	}

	get state(): BackupState {
		return this.#state;
	}

	/** The whole flash where its size is known, and each partition. */
	get choices(): readonly BackupChoice[] {
		const { flashSizeBytes } = this.board;
		const whole = flashSizeBytes ? [{ label: 'The whole flash', offset: 0, length: flashSizeBytes }] : [];
		const rows = this.at.table?.partitions ?? [];
		return [
			...whole,
			...rows.map(({ label, offset, size }) => ({ label, offset, length: size, partition: label }))
		];
	}

	/** To be called while a click is being answered: the browser asks where to save. */
	async start({ offset, length, partition }: BackupChoice, form: BackupForm): Promise<void> {
		if (this.running) return;
		const wish: BackupWish = {
			...{ board: this.board, table: this.at.table, range: { offset, length }, form },
			...{ takenMs: Date.now(), ...(partition !== undefined && { partition }) }
		};
		let target: SaveTarget | undefined;
		try {
			target = await this.works.pickSave(backupName(wish));
		} catch (cause) {
			const why = cause instanceof Error ? cause.message : String(cause);
			this.#state = { kind: 'failed', words: backupErrorWords({ kind: 'not-saved', cause: why }) };
			return;
		}
		if (target) await this.works.guarded(() => this.#take(wish, target));
	}

	stop(): void {
		this.#stop?.abort();
	}

	/** Back to the choice. */
	again(): void {
		if (!this.running) this.#state = { kind: 'choosing' };
	}

	async #take(wish: BackupWish, { name, sink }: SaveTarget): Promise<void> {
		const stop = new AbortController();
		this.#stop = stop;
		const tell = (progress: ReadProgress) => (this.#state = { kind: 'reading', name, progress });
		tell({ ...NOTHING_READ, totalBytes: wish.range.length });
		try {
			const taken = await takeBackup(
				wish,
				(range, take) => this.at.readOut(range, { take, tell }, stop.signal),
				sink
			);
			this.#state = taken.ok
				? { kind: 'saved', name, ...taken.value }
				: { kind: 'failed', words: backupErrorWords(taken.error) };
		} catch (cause) {
			if (!stop.signal.aborted) throw cause;
			this.#state = { kind: 'stopped' };
		}
	}
}
