import { err, ok, randomId, Transferred, utf8, type Clock, type Handlers } from '$lib/base';
import {
	asideText,
	exportText,
	importSamples,
	OutlivedTally,
	SnapshotMoved,
	type ImportStep
} from '$lib/telemetry';
import { retentionOf } from '../retention-plan';
import type { FieldStorage } from '../storage';
import { chosenRetention } from '../store-calls';
import { backupPieces } from './backup-file';
import { restoreBackup } from './restore';
import type { RestoreAsked, RestoreStep, TransferService } from './transfer-messages';

/** Steps are told at most this often, ms: a screen needs no more. */
const TELL_MS = 100;

export interface TransferParts {
	readonly clock: Clock;
	readonly storage: FieldStorage;
	/** What lies in memory and is about to be backed up. */
	readonly flush: () => Promise<void>;
	/** Samples have come in by a file: devices may be new, or have newer values. */
	readonly onImported: () => Promise<void>;
	/** The workspace was replaced: the lead is to be taken anew. */
	readonly onRestored: () => void;
}

interface Restoring {
	readonly id: string;
	readonly stop: AbortController;
	/** There is no way back. */
	switching: boolean;
	/** Never rejects. */
	readonly ended: Promise<void>;
}

/** Export, import, backup and restore, as pages ask for them. One backup at a time. */
export class Transfers {
	#backup:
		| {
				readonly id: string;
				readonly pieces: AsyncGenerator<Uint8Array<ArrayBuffer>, number, undefined>;
				end(): void;
		  }
		| undefined;

	#restoring: Restoring | undefined;

	constructor(private readonly parts: TransferParts) {}

	readonly calls: Handlers<TransferService>['calls'] = {
		extents: () => this.parts.storage.telemetry.extents(),
		exportPage: async ({ form, query, columns }, { signal }) => {
			// A file with some of the values must not claim the numbers: who has it would never ask for the others.
			const whole = { ...query, identities: 'of-whole' as const };
			const { samples, nextMs } = await this.parts.storage.telemetry.page(whole, signal);
			const bytes = utf8(exportText(form, samples, columns));
			return new Transferred({ bytes, samples: samples.length, nextMs }, [bytes.buffer]);
		},
		backupBegin: ({ passphrase }) => this.#begin(passphrase),
		backupNext: async ({ id }) => {
			const backup = this.#backup;
			if (backup?.id !== id) return err({ kind: 'interrupted' });
			try {
				const piece = await backup.pieces.next();
				if (piece.done) backup.end();
				const bytes = piece.done ? new Uint8Array(0) : piece.value;
				const told = piece.done ? { bytes, done: true, leftOut: piece.value } : { bytes, done: false };
				return new Transferred(ok(told), [bytes.buffer]);
			} catch (cause) {
				backup.end();
				if (cause instanceof SnapshotMoved) return err({ kind: 'interrupted' });
				return err({ kind: 'unavailable', cause: String(cause) });
			}
		},
		backupEnd: ({ id }) => {
			if (this.#backup?.id === id) this.#backup.end();
		},
		restoreStop: async ({ id }) => {
			const run = this.#restoring;
			if (run?.id !== id) return (await this.parts.storage.workspace?.restored()) !== id;
			if (run.switching) return false;
			run.stop.abort();
			await run.ended;
			return true;
		},
		asideFile: async () => {
			const bytes = utf8(asideText(await this.parts.storage.telemetry.aside()));
			return new Transferred(bytes, [bytes.buffer]);
		}
	};

	readonly feeds: Handlers<TransferService>['feeds'] = {
		importFile: (asked, emit, signal) =>
			void this.#import(asked, emit, signal).catch((cause: unknown) => {
				// A browser that would not read the file: it was moved or changed since it was chosen.
				const error = { kind: 'unavailable' as const, cause: String(cause) };
				if (!signal.aborted) emit({ kind: 'failed', error, report: undefined });
			}),
		restoreFile: (asked, emit, signal) => {
			const stop = new AbortController();
			const stopped = AbortSignal.any([signal, stop.signal]);
			const run: Restoring = {
				...{ id: asked.id, stop, switching: false },
				ended: this.#restore(asked, stopped, (step) => {
					if (step.kind === 'switching' || step.kind === 'restored') run.switching = true;
					emit(step);
				}).catch((cause: unknown) => {
					if (!stopped.aborted)
						emit({ kind: 'refused', error: { kind: 'unavailable', cause: String(cause) } });
				})
			};
			if (asked.apply) this.#restoring = run;
		}
	};

	async #restore(asked: RestoreAsked, signal: AbortSignal, emit: (step: RestoreStep) => void): Promise<void> {
		const { storage, clock, onRestored } = this.parts;
		const { workspace, secrets } = storage;
		const restoring = { workspace, secrets, nowMs: () => clock.now(), onRestored };
		for await (const step of restoreBackup(restoring, asked, signal)) emit(step);
	}

	async #begin(passphrase: string) {
		const { clock, storage, flush } = this.parts;
		this.#backup?.end();
		const { workspace } = storage;
		if (!workspace) return err({ kind: 'unavailable' as const, cause: 'nothing is kept in this browser' });
		await flush();
		const secrets: [string, string][] = [];
		for (const name of passphrase === '' ? [] : await workspace.secretNames()) {
			const opened = await storage.secrets.open(name);
			if (opened.ok) secrets.push([name, opened.value]);
			else if (opened.error.kind !== 'absent')
				return err({ kind: 'unavailable' as const, cause: `${name}: ${opened.error.kind}` });
		}
		const tables = await workspace.dump();
		const snapshot = await storage.telemetry.snapshot();
		if (!snapshot.ok) return err({ kind: 'store' as const, error: snapshot.error });
		const id = randomId();
		const stop = new AbortController();
		const source = { madeMs: clock.now(), tables, secrets, passphrase, snapshot: snapshot.value };
		this.#backup = {
			id,
			pieces: backupPieces(source, stop.signal),
			end: () => {
				stop.abort();
				snapshot.value.release();
				this.#backup = undefined;
			}
		};
		const { bytes, samples } = snapshot.value;
		return ok({ id, bytes, samples, secrets: secrets.length });
	}

	async #import(
		{ file, form, write }: TransferService['feeds']['importFile']['args'],
		emit: (step: ImportStep) => void,
		signal: AbortSignal
	): Promise<void> {
		const { clock, storage, onImported } = this.parts;
		const kept = retentionOf(await chosenRetention(storage.settings));
		const older = new OutlivedTally(kept, clock.now());
		const store = write ? storage.telemetry : undefined;
		let nextMs = 0;
		for await (const step of importSamples(file, form, store, signal, { older })) {
			// The next leader is asked again, and stores once what was stored here.
			if (step.kind === 'failed' && step.error.kind === 'fenced') return;
			if (step.kind === 'reading' && clock.now() < nextMs) continue;
			nextMs = clock.now() + TELL_MS;
			if (write && step.kind !== 'reading') await onImported();
			emit(step);
		}
	}
}
