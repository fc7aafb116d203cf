import { page, userEvent } from 'vitest/browser';
import { describe, expect, it } from 'vitest';
import { render } from 'vitest-browser-svelte';
import { Counters, done, utf8 } from '$lib/base';
import type { ReceiveFault, SerialLine } from '$lib/link';
import { ConsoleLog } from '../console-log';
import Console from './Console.svelte';

/** A line that keeps what is written to it. */
function fakeLine(): SerialLine & { sent: string[]; resets: number } {
	const line = {
		baud: 115_200,
		signal: new AbortController().signal,
		sent: [] as string[],
		resets: 0,
		dropped: new Counters<never>(),
		faults: new Counters<ReceiveFault>(),
		onText: () => {},
		onImprov: () => {},
		onFrame: () => {},
		write: (bytes: Uint8Array) => {
			line.sent.push(new TextDecoder().decode(bytes));
			return Promise.resolve(done);
		},
		sendFrame: () => Promise.resolve(done),
		reset: () => {
			line.resets++;
			return Promise.resolve(done);
		},
		setBaud: (baud: number) => {
			line.baud = baud;
			return Promise.resolve(done);
		},
		close: () => Promise.resolve()
	};
	return line;
}

describe('Console', () => {
	it('shows the log with its colours, stands still while paused, and goes on', async () => {
		const log = new ConsoleLog();
		render(Console, { log, line: fakeLine() });
		log.push(utf8('\u001b[0;31mE (1) a: red\u001b[0m\nW (2) b: late\n'), 0);
		await expect.element(page.getByText('E (1) a: red')).toHaveClass('red');
		await page.getByRole('button', { name: 'Pause' }).click();
		log.push(utf8('one\ntwo\n'), 0);
		await expect.element(page.getByText('Paused. 2 new lines since.')).toBeVisible();
		expect(page.getByText('two').elements()).toHaveLength(0);
		await page.getByRole('button', { name: 'Go on' }).click();
		await expect.element(page.getByText('two')).toBeVisible();
	});

	it('sends with the ending that was chosen, and calls back what was sent', async () => {
		const line = fakeLine();
		render(Console, { log: new ConsoleLog(), line });
		const field = page.getByLabelText('Text to send');
		await field.fill('help');
		await userEvent.keyboard('{Enter}');
		await page.getByLabelText('What ends it').selectOptions('CR LF');
		await field.click();
		await userEvent.keyboard('{ArrowUp}{Enter}');
		await expect.poll(() => line.sent).toEqual(['help\n', 'help\r\n']);
		await expect.element(page.getByRole('log')).toHaveTextContent('help');
	});

	it('sets the speed and restarts the board', async () => {
		const line = fakeLine();
		render(Console, { log: new ConsoleLog(), line });
		await page.getByLabelText('Baud').selectOptions('921600');
		await page.getByRole('button', { name: 'Reset board' }).click();
		await expect.poll(() => [line.baud, line.resets]).toEqual([921_600, 1]);
	});

	it('says what was lost on the line', async () => {
		const line = fakeLine();
		const log = new ConsoleLog();
		render(Console, { log, line });
		line.faults.add('framing', 7);
		log.push(utf8('garbage'), 0);
		await expect.element(page.getByText('7 characters that did not fit the baud rate')).toBeVisible();
	});

	it('keeps the page answering while a board floods it', async () => {
		const log = new ConsoleLog();
		render(Console, { log, line: fakeLine() });
		const text = utf8('I (123456) flood: the quick brown fox jumps over the lazy dog\n'.repeat(25));
		let longestMs = 0;
		for (let frame = 0; frame < 120; frame++) {
			const before = performance.now();
			log.push(text, frame);
			await new Promise((resolve) => requestAnimationFrame(resolve));
			longestMs = Math.max(longestMs, performance.now() - before);
		}
		await expect.poll(() => log.shown.groups.length).toBeGreaterThan(25);
		const box = page.getByRole('log').element();
		expect(box.scrollHeight - box.scrollTop - box.clientHeight).toBeLessThan(40);
		expect(longestMs).toBeLessThan(250); // a machine that is shared with other tests
	});
});
