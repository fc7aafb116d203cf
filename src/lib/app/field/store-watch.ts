import type { LetGo, StoreError, StoreLoss, StoreTrouble } from '$lib/telemetry';
import type { TroubleLog } from './health/trouble-log';
import type { NoticeBoard } from './notice-board';
import type { FieldStorage } from './storage';

export interface StoreWatchParts {
	readonly storage: FieldStorage;
	readonly notices: NoticeBoard;
	readonly troubles: TroubleLog;
	/** Another leader has taken a higher fence number, or the store must be opened anew: this one must stop. */
	readonly onFenced: () => void;
}

/** Turns what goes wrong with the store into notices. */
export class StoreWatch {
	readonly #parts: StoreWatchParts;
	#fault: StoreError['kind'] | undefined;

	constructor(parts: StoreWatchParts) {
		this.#parts = parts;
	}

	/** What the store noticed by itself. */
	trouble(trouble: StoreTrouble): void {
		const { notices, troubles } = this.#parts;
		switch (trouble.kind) {
			case 'refused':
				return troubles.trouble(trouble);
			case 'lost':
				return void this.lost(trouble.loss);
			case 'returned': {
				if (!trouble.loss) return;
				const { unfilled: _, ...loss } = trouble.loss;
				return void this.lost({ ...loss, refilled: trouble.refilled });
			}
			case 'copy-waits':
				return void (trouble.need
					? notices.post({ id: 'copy-waits', kind: 'copy-waits', need: trouble.need })
					: notices.dismiss('copy-waits'));
			case 'failing':
				return this.error(trouble.error);
			case 'made-room': {
				troubles.trouble(trouble);
				const { letGo, helped } = trouble;
				return void notices.post({ id: 'made-room', kind: 'made-room', ...spanOf(letGo), helped });
			}
			case 'ended':
				return this.#parts.onFenced();
			case 'recovered':
				troubles.trouble(trouble);
				this.#fault = undefined;
				void notices.dismiss('quota');
				return void notices.dismiss('store-failing');
		}
	}

	/** Told once a kind, until writing works again: each sample that comes meets the same. */
	error(error: StoreError): void {
		this.#parts.troubles.error(error);
		if (error.kind === this.#fault) return;
		if (error.kind !== 'dropped') this.#fault = error.kind;
		switch (error.kind) {
			case 'fenced':
				return this.#parts.onFenced();
			case 'quota': {
				const { usedBytes, quotaBytes } = error;
				return void this.#parts.notices.post({ id: 'quota', kind: 'quota', usedBytes, quotaBytes });
			}
			case 'unavailable':
				return this.#tellFailing(error.cause);
			case 'closed':
				return; // we closed it ourselves
			case 'dropped':
				return; // counted in the store's figures, which Settings shows
		}
	}

	async lost(loss: StoreLoss): Promise<void> {
		this.#parts.troubles.trouble({ kind: 'lost', loss });
		const { telemetry, keepLost, failing } = this.#parts.storage;
		const { bucketsApart } = await telemetry.stats();
		await this.#parts.notices.post({
			id: `store-lost-${loss.block ?? loss.noticedMs}-${loss.cause}`,
			kind: 'store-lost',
			loss,
			settingsKept: bucketsApart && keepLost !== true && failing === undefined
		});
	}

	failing(cause: unknown): void {
		this.#parts.troubles.add('not-kept', String(cause));
		this.#tellFailing(cause);
	}

	#tellFailing(cause: unknown): void {
		void this.#parts.notices.post({
			id: 'store-failing',
			kind: 'store-failing',
			cause: String(cause),
			resettable: this.#parts.storage.reset !== undefined
		});
	}
}

/** What went, from its oldest sample to its newest. */
function spanOf(letGo: readonly LetGo[]): { fromMs: number; toMs: number; samples: number } {
	return {
		fromMs: Math.min(...letGo.map(({ fromMs }) => fromMs)),
		toMs: Math.max(...letGo.map(({ toMs }) => toMs)),
		samples: letGo.reduce((sum, { samples }) => sum + samples, 0)
	};
}
