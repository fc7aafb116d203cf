import { IDBFactory } from 'fake-indexeddb';
import { expect, it } from 'vitest';
import { backUp, clock, context, fill, never, open, seqsOf } from '../../../../../tests/fixtures/workspaces';
import { Transfers } from './transfer-calls';
import type { RestoreStep } from './transfer-messages';

it('says that nothing was changed only where that is so', async () => {
	const there = await open(new IDBFactory());
	await fill(there, [0, 1, 2]);
	const file = await backUp(there, '');
	await there.close();
	const outcomes: string[] = [];
	for (const stopAt of ['checked', 'writing', 'switching'] as const) {
		const factory = new IDBFactory();
		const here = await open(factory);
		await fill(here, [77]);
		const { calls, feeds } = new Transfers({
			...{ clock, storage: here, flush: async () => undefined },
			...{ onImported: async () => undefined, onRestored: () => {} }
		});
		const kinds: RestoreStep['kind'][] = [];
		const stopped = await new Promise<unknown>((resolve) => {
			const asked = { id: stopAt, file, passphrase: '', apply: true, keepAll: false };
			const emit = (step: RestoreStep) => {
				kinds.push(step.kind);
				if (step.kind === stopAt) resolve(calls.restoreStop({ id: stopAt }, context));
			};
			feeds.restoreFile(asked, emit, never);
		});
		if (!stopped) await expect.poll(() => kinds.at(-1)).toBe('restored');
		await here.close();
		const after = await open(factory);
		outcomes.push(
			`${stopAt}: ${String(stopped)}, ${kinds.includes('restored')}, ${String(await seqsOf(after))}`
		);
		await after.close();
	}
	expect(outcomes).toEqual([
		'checked: true, false, 77',
		'writing: true, false, 77',
		'switching: false, true, 0,1,2'
	]);
});
