import 'fake-indexeddb/auto';
import type { IDBFactory } from 'fake-indexeddb';
import { beforeEach, expect } from 'vitest';
import { ManualClock, type Result } from '$lib/base';
import { parseDeviceId, type Command, type Sample } from '$lib/model';
import type { StoreTrouble } from '$lib/telemetry';
import { openStorage } from '../open-storage';
import type { FieldStorage } from '../storage';
import { restoreBackup } from './restore';
import { Transfers } from './transfer-calls';
import type { BackupBegun, BackupError, RestoreStep } from './transfer-messages';

// Workspaces to be backed up and restored, as the tests of transfer make them.

export const START_MS = 1_763_690_000_000;
export const never = new AbortController().signal;
export const context = { signal: never, ports: [] };
const id = parseDeviceId('fb-kept');
if (!id.ok) throw new Error('no id');
export const series = { device: id.value, provenance: 'simulated' as const };

export let clock: ManualClock;
export let troubles: StoreTrouble[];
beforeEach(() => {
	clock = new ManualClock(START_MS);
	troubles = [];
});
export const open = (indexedDB: IDBFactory, sentinel: string | null = null) =>
	openStorage({ sentinel, clock, indexedDB, onTrouble: (trouble) => troubles.push(trouble) });

export const sample = (seq: number): Sample => ({
	...{ ...series, identity: { epoch: 9, seq }, timeMs: START_MS + seq * 1000 + 0.25 },
	...{ clock: 'corrected', values: { v: seq / 3, third: -0 } }
});
export async function fill(storage: FieldStorage, seqs: readonly number[]): Promise<void> {
	const appended = storage.telemetry.append(seqs.map(sample));
	await storage.telemetry.flush();
	await appended;
}
export async function seqsOf(storage: FieldStorage): Promise<number[]> {
	const found: Sample[] = [];
	const all = { ...series, fromMs: -Infinity, toMs: Infinity };
	for await (const page of storage.telemetry.scan(all, never)) found.push(...page);
	expect(found).toEqual(found.map(({ identity }) => sample(identity!.seq)));
	return found.map(({ identity }) => identity!.seq);
}
export const command: Command = {
	...{ id: 'c1', device: id.value, method: 'led.set', params: {}, state: 'queued' },
	...{ createdMs: START_MS, expiresMs: START_MS + 9e9 }
};
export const broker = (name: string) => ({
	...{ id: 'b1', name, url: 'wss://b', username: 'u', protocol: 'auto' as const },
	...{ keepaliveS: 30, persistentSession: false, local: false }
});

/** @param meanwhile what happens while it is under way */
export async function backUp(
	storage: FieldStorage,
	passphrase: string,
	meanwhile: () => Promise<void> = async () => undefined
): Promise<Blob> {
	const { calls } = new Transfers({
		...{ clock, storage, flush: async () => undefined },
		...{ onImported: async () => undefined, onRestored: () => {} }
	});
	const begun = (await calls.backupBegin({ passphrase }, context)) as Result<BackupBegun, BackupError>;
	if (!begun.ok) throw new Error(begun.error.kind);
	await meanwhile();
	const parts: Uint8Array<ArrayBuffer>[] = [];
	for (;;) {
		const answer = await calls.backupNext({ id: begun.value.id }, context);
		const piece = 'transfer' in answer ? answer.value : answer;
		if (!piece.ok) throw new Error(piece.error.kind);
		parts.push(piece.value.bytes);
		if (piece.value.done) return new Blob(parts);
	}
}
export async function restore(
	storage: FieldStorage,
	file: Blob,
	over: { apply?: boolean; passphrase?: string; keepAll?: boolean } = {}
) {
	const asked = { id: 'r1', file, passphrase: 'correct horse', apply: true, keepAll: false, ...over };
	const parts = { ...storage, workspace: storage.workspace, nowMs: () => clock.now(), onRestored: () => {} };
	const steps: RestoreStep[] = [];
	for await (const step of restoreBackup(parts, asked, never)) steps.push(step);
	return steps.at(-1)!;
}
