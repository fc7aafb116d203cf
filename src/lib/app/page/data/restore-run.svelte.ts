import { randomId } from '$lib/base';
import type { Words } from '$lib/ui';
import type { BackupContents } from '../../field/transfer/transfer-messages';
import type { FieldPort } from '../field-port';
import { restoreFaultWords } from './data-words';

export type RestoreState =
	| { readonly kind: 'idle' | 'stopped' | 'restored' }
	| { readonly kind: 'checking' | 'writing'; readonly share: number }
	| { readonly kind: 'checked'; readonly contents: BackupContents; readonly wrong?: boolean }
	| { readonly kind: 'failed'; readonly words: Words };

/** A backup that is checked, shown, and then put in the place of everything here. */
export class RestoreRun {
	#state = $state.raw<RestoreState>({ kind: 'idle' });
	#file: File | undefined;
	#stop: AbortController | undefined;

	constructor(private readonly field: FieldPort) {}

	get state(): RestoreState {
		return this.#state;
	}

	open(file: File): void {
		this.#file = file;
		this.#run('', false);
	}

	/** Looks again, with what opens the secrets. */
	unlock(passphrase: string): void {
		this.#run(passphrase, false);
	}

	apply(passphrase: string): void {
		this.#run(passphrase, true);
	}

	#run(passphrase: string, apply: boolean): void {
		const file = this.#file;
		if (!file) return;
		const before = this.#state;
		const stop = (this.#stop = new AbortController());
		this.#state = { kind: 'checking', share: 0 };
		this.field.watch(
			'restoreFile',
			{ id: randomId(), file, passphrase, apply, keepAll: false },
			(step) => {
				switch (step.kind) {
					case 'checking':
					case 'writing':
						this.#state = { kind: step.kind, share: step.readBytes / Math.max(1, step.totalBytes) };
						return;
					case 'checked':
						if (apply) return;
						this.#state = { kind: 'checked', contents: step.contents };
						return stop.abort();
					case 'restored':
						this.#state = { kind: 'restored' };
						return stop.abort();
					case 'refused':
						this.#state =
							step.error.kind === 'wrong-passphrase' && before.kind === 'checked'
								? { ...before, wrong: true }
								: { kind: 'failed', words: restoreFaultWords(step.error) };
						return stop.abort();
				}
			},
			stop.signal
		);
	}

	stop(): void {
		this.#stop?.abort();
		this.#state = { kind: 'stopped' };
	}

	again(): void {
		this.#state = { kind: 'idle' };
	}
}
