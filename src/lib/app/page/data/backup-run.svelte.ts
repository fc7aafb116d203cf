import { pickSave, type Words } from '$lib/ui';
import type { FieldPort } from '../field-port';
import { backupFaultWords, saveFaultWords } from './data-words';
import { today } from './export-plan';
import type { FileProgress } from './export-run.svelte';

export type BackupState =
	| { readonly kind: 'idle' | 'stopped' }
	| { readonly kind: 'writing'; readonly name: string; readonly progress: FileProgress }
	| {
			readonly kind: 'saved';
			readonly name: string;
			readonly progress: FileProgress;
			readonly secrets: number;
			/** Damaged blocks that are not in it. */
			readonly leftOut: number;
	  }
	| { readonly kind: 'failed'; readonly words: Words };

/** One backup of the whole workspace at a time. */
export class WorkspaceBackup {
	#state = $state.raw<BackupState>({ kind: 'idle' });
	#stop: AbortController | undefined;

	constructor(private readonly field: FieldPort) {}

	get state(): BackupState {
		return this.#state;
	}

	/** It is being written. */
	get busy(): boolean {
		return this.#state.kind === 'writing';
	}

	/** To be called from a click. @param passphrase '': without passwords and secrets */
	async start(passphrase: string): Promise<void> {
		const stop = (this.#stop = new AbortController());
		const target = await pickSave(`fieldbench-${today()}.fbbackup`).catch((cause: unknown) => {
			this.#state = { kind: 'failed', words: saveFaultWords(cause) };
		});
		if (!target) return;
		const { name, sink } = target;
		this.#state = { kind: 'writing', name, progress: { samples: 0, bytes: 0, share: 0 } };
		const fail = async (words: Words) => {
			await sink.discard();
			this.#state = stop.signal.aborted ? { kind: 'stopped' } : { kind: 'failed', words };
		};
		let id: string | undefined;
		try {
			const begun = await this.field.call('backupBegin', { passphrase });
			if (!begun.ok) return await fail(backupFaultWords(begun.error));
			id = begun.value.id;
			const { samples, secrets, bytes: about } = begun.value;
			for (let bytes = 0; ;) {
				stop.signal.throwIfAborted();
				const piece = await this.field.call('backupNext', { id }, { signal: stop.signal });
				if (!piece.ok) return await fail(backupFaultWords(piece.error));
				await sink.write(piece.value.bytes);
				bytes += piece.value.bytes.length;
				const progress = { samples, bytes, share: Math.min(1, bytes / Math.max(1, about)) };
				this.#state = { kind: 'writing', name, progress };
				if (!piece.value.done) continue;
				await sink.finish();
				const { leftOut = 0 } = piece.value;
				this.#state = { kind: 'saved', name, progress, secrets, leftOut };
				return;
			}
		} catch (cause) {
			await fail(saveFaultWords(cause));
		} finally {
			if (id !== undefined) void this.field.call('backupEnd', { id });
		}
	}

	stop(): void {
		this.#stop?.abort();
	}
}
