import { describe, expect, it } from 'vitest';
import { page } from 'vitest/browser';
import { render } from 'vitest-browser-svelte';
import { ok } from '$lib/base';
import { ConsoleLog } from '$lib/console';
import BoardStep from './BoardStep.svelte';
import { FAKE_BOARD, fakeWorks } from './fake-works';
import { FlashSession } from './flash-session.svelte';

describe('the board’s step', () => {
	it('keeps the board to the backup that reads it, and says why', async () => {
		const works = fakeWorks({ answer: ok(FAKE_BOARD), problems: [], states: [] });
		const nothing = () => Promise.resolve();
		const sink = {
			...{ write: nothing, patch: nothing, discard: nothing },
			finish: () => Promise.resolve(undefined)
		};
		const session = new FlashSession(
			{
				...works,
				pickSave: (name) => Promise.resolve({ name, sink }),
				boardOn: (port) => ({
					...works.boardOn(port),
					readOut: (_range, _out, signal) =>
						new Promise((_, fail) => signal.addEventListener('abort', () => fail(signal.reason as Error)))
				})
			},
			new ConsoleLog()
		);
		session.follow(new AbortController().signal);
		await session.link.connectPractice('one');
		await render(BoardStep, { session });
		const acts = ['Look inside…', 'Another board…'].map((name) => page.getByRole('button', { name }));
		for (const act of acts) await expect.element(act).toBeEnabled();
		const [whole] = session.backup?.choices ?? [];
		if (!whole) throw new Error('there is nothing to back up');
		const reading = session.backup?.start(whole, 'zip');
		for (const act of acts) await expect.element(act).toBeDisabled();
		await expect.element(page.getByText(/busy with the backup/)).toBeVisible();
		session.backup?.stop();
		await reading;
		for (const act of acts) await expect.element(act).toBeEnabled();
	});
});
