import { randomId } from '$lib/base';
import type { Words } from '$lib/ui';
import type { BackupContents, RestoreStep } from '../../field/transfer/transfer-messages';
import type { FieldPort } from '../field-port';
import { restoreFaultWords } from './data-words';

export type RestoreState =
	/** `stopping`: asked to; only the last step says whether it was in time. `switching`: there is no way back. */
	| { readonly kind: 'idle' | 'stopped' | 'restored' | 'stopping' | 'switching' }
	| { readonly kind: 'checking' | 'writing'; readonly share: number }
	| { readonly kind: 'checked'; readonly contents: BackupContents; readonly wrong?: boolean }
	| { readonly kind: 'failed'; readonly words: Words };

/** A backup that is checked, shown, and then put in the place of everything here. */
export class RestoreRun {
	#state = $state.raw<RestoreState>({ kind: 'idle' });
	/** Of the act that replaces; undefined while a file is only looked at. */
	#applying = $state.raw<string | undefined>();
	#file: File | undefined;
	#stop: AbortController | undefined;

	constructor(private readonly field: FieldPort) {}

	get state(): RestoreState {
		return this.#state;
	}

	/** What is here is about to be replaced. */
	get busy(): boolean {
		return this.#applying !== undefined;
	}

	open(file: File): void {
		this.#file = file;
		this.#run('');
	}

	/** Looks again, with what opens the secrets. */
	unlock(passphrase: string): void {
		this.#run(passphrase);
	}

	/** @param keepAll the backup's own bounds of age do not come with it */
	apply(passphrase: string, keepAll: boolean): void {
		this.#run(passphrase, { keepAll });
	}

	#run(passphrase: string, apply?: { readonly keepAll: boolean }): void {
		const file = this.#file;
		if (!file) return;
		const before = this.#state;
		const id = randomId();
		const { signal } = (this.#stop = new AbortController());
		this.#applying = apply && id;
		this.#state = { kind: 'checking', share: 0 };
		const keepAll = apply?.keepAll ?? false;
		this.field.watch(
			'restoreFile',
			{ id, file, passphrase, apply: apply !== undefined, keepAll },
			(step) => this.#take(step, before),
			signal
		);
	}

	#take(step: RestoreStep, before: RestoreState): void {
		switch (step.kind) {
			case 'checking':
			case 'writing':
				if (this.#state.kind === 'stopping') return;
				this.#state = { kind: step.kind, share: step.readBytes / Math.max(1, step.totalBytes) };
				return;
			case 'checked':
				return this.busy ? undefined : this.#end({ kind: 'checked', contents: step.contents });
			case 'switching':
				this.#state = { kind: 'switching' };
				return;
			case 'restored':
				return this.#end({ kind: 'restored' });
			case 'refused':
				return this.#end(
					step.error.kind === 'wrong-passphrase' && before.kind === 'checked'
						? { ...before, wrong: true }
						: { kind: 'failed', words: restoreFaultWords(step.error) }
				);
		}
	}

	#end(state: RestoreState): void {
		this.#stop?.abort();
		this.#applying = undefined;
		this.#state = state;
	}

	/** Resolves when it is known whether it came in time: past that, what is told is how the restore ended. */
	async stop(): Promise<void> {
		const id = this.#applying;
		if (id === undefined) return this.#end({ kind: 'stopped' });
		this.#state = { kind: 'stopping' };
		// Who was asked may have lost the lead: its last step, or the next leader's, tells.
		const stopped = await this.field.call('restoreStop', { id }).catch(() => false);
		if (stopped && this.#applying === id) this.#end({ kind: 'stopped' });
	}

	again(): void {
		this.#state = { kind: 'idle' };
	}
}
