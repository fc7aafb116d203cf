import { page, userEvent } from 'vitest/browser';
import { beforeEach, describe, expect, it } from 'vitest';
import { render } from 'vitest-browser-svelte';
import { Counters, done, utf8 } from '$lib/base';
import type { ReceiveFault, SerialLine, SerialSignals } from '$lib/link';
import { ConsoleLog } from '../console-log';
import Console from './Console.svelte';
import { ConsoleView } from './console-view.svelte';

/** A line that keeps what is written to it. */
function fakeLine(): SerialLine & { sent: string[]; resets: string[]; signals: SerialSignals } {
	const line = {
		baud: 115_200,
		signal: new AbortController().signal,
		sent: [] as string[],
		resets: [] as string[],
		signals: {} as SerialSignals,
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
		reset: (into: 'program' | 'download' = 'program') => {
			line.resets.push(into);
			return Promise.resolve(done);
		},
		setSignals: (signals: SerialSignals) => {
			line.signals = { ...line.signals, ...signals };
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

/** Gives the log lines and waits until the screen has them. */
const button = (name: string | RegExp) => page.getByRole('button', { name });
const box = () => page.getByRole('log').element() as HTMLElement;
const drawn = () => [...box().querySelectorAll('[data-line]')].map((line) => line.textContent?.trim());
const many = (count: number, text = (i: number) => `I (${i}) flood: line ${i}`) =>
	utf8(Array.from({ length: count }, (_, i) => `${text(i)}\n`).join(''));

beforeEach(() => localStorage.clear());

describe('Console', () => {
	it('shows the log with its colours, stands still while paused, and goes on', async () => {
		const log = new ConsoleLog();
		render(Console, { log, line: fakeLine() });
		log.push(utf8('\u001b[0;31mE (1) a: red\u001b[0m\nW (2) b: late\n\u001b[1;44mground\u001b[0m\n'), 0);
		await expect.element(page.getByText('E (1) a: red')).toHaveClass('ink-1');
		const ground = page.getByText('ground').element();
		expect(getComputedStyle(ground).backgroundColor).toBe('rgb(0, 0, 238)');
		expect(getComputedStyle(ground).color).toBe('rgb(255, 255, 255)');
		await button('Pause').click();
		log.push(utf8('one\ntwo\n'), 0);
		await expect.element(page.getByText('Paused. 2 new lines since.')).toBeVisible();
		expect(page.getByText('two').elements()).toHaveLength(0);
		await button('Go on').click();
		await expect.element(page.getByText('two')).toBeVisible();
	});

	it('keeps all of its row to send in sight where it is narrow', async () => {
		const { container } = await render(Console, { log: new ConsoleLog(), line: fakeLine() });
		container.style.width = '300px';
		const right = container.getBoundingClientRect().right;
		expect(button('How it is sent').element().getBoundingClientRect().right).toBeLessThanOrEqual(right);
	});

	it('looks at no more lines in a frame than its time allows, however slow the search', async () => {
		const log = new ConsoleLog();
		log.push(many(500), 0);
		let clockMs = 0;
		const view = new ConsoleView(log, () => clockMs);
		view.follow(new AbortController().signal);
		await expect.poll(() => view.rows.behind).toBe(0);
		const slow = RegExp.prototype.test;
		RegExp.prototype.test = function (text) {
			clockMs += 0.5;
			return slow.call(this, text);
		};
		try {
			view.searchFor({ text: 'line \\d+', regex: true, exactCase: true });
			expect(view.found.length).toBeGreaterThan(0);
			expect(view.found.length).toBeLessThanOrEqual(32);
			await expect.poll(() => view.found.length).toBe(500);
		} finally {
			RegExp.prototype.test = slow;
		}
	});

	it('sends with the ending that was chosen, and calls back what was sent, in a later visit too', async () => {
		const line = fakeLine();
		const first = render(Console, { log: new ConsoleLog(), line });
		const field = page.getByLabelText('Text to send');
		await field.fill('help');
		await userEvent.keyboard('{Enter}');
		await button('How it is sent').click();
		await page.getByLabelText('What ends it').selectOptions('CR LF');
		await expect.poll(() => line.sent).toEqual(['help\n']);
		await expect.element(page.getByRole('log')).toHaveTextContent('> help');
		await first.unmount();
		render(Console, { log: new ConsoleLog(), line });
		await field.click();
		await userEvent.keyboard('{ArrowUp}{Enter}');
		await expect.poll(() => line.sent).toEqual(['help\n', 'help\r\n']);
		await button('How it is sent').click();
		await button('Forget what was sent (1)').click();
		expect(localStorage.getItem('fieldbench-console-sent')).toBeNull();
	});

	it('sends bytes, says which escape is none, and keeps quiet where that is wished', async () => {
		const line = fakeLine();
		render(Console, { log: new ConsoleLog(), line });
		await button('How it is sent').click();
		await page.getByLabelText('Take \\x1b for a byte').click();
		await page.getByLabelText('Show it in the log').click();
		await page.getByLabelText('Text to send').fill('\\x03\\q');
		await button('Send').click();
		await expect.element(page.getByRole('alert')).toHaveTextContent('“\\q” at character 5 is no byte');
		await page.getByLabelText('Text to send').fill('\\x03');
		await button('Send').click();
		await expect.poll(() => line.sent).toEqual(['\u0003\n']);
		expect(drawn()).toEqual([]);
	});

	it('sets the speed, restarts the board, also into download mode, and moves its signals', async () => {
		const line = fakeLine();
		render(Console, { log: new ConsoleLog(), line, adapter: { vendorId: 0x10c4, productId: 0xea60 } });
		await button('Reset board').click();
		await button(/^Cable/u).click();
		await page.getByLabelText('Baud', { exact: true }).selectOptions('921600');
		await expect.poll(() => line.baud).toBe(921_600);
		await button('Reset into download mode').click();
		await page.getByRole('checkbox', { name: /^DTR/u }).click();
		await expect
			.poll(() => [line.resets, line.signals])
			.toEqual([['program', 'download'], { dataTerminalReady: true }]);
		await page.getByLabelText('Baud', { exact: true }).selectOptions('Another…');
		await page.getByLabelText('Baud rate').fill('12');
		await expect.element(page.getByText('A whole number from 300 to 12,000,000.')).toBeVisible();
		await page.getByLabelText('Baud rate').fill('250000');
		await page.getByRole('button', { name: 'Set', exact: true }).click();
		await expect.poll(() => line.baud).toBe(250_000);
		expect(localStorage.getItem('fieldbench-console-bauds')).toBe('{"usb-10c4-ea60":250000}');
	});

	it('says what was lost on the line', async () => {
		const line = fakeLine();
		const log = new ConsoleLog();
		render(Console, { log, line });
		line.faults.add('framing', 7);
		log.push(utf8('garbage'), 0);
		await expect.element(page.getByText('7 characters that did not fit the baud rate')).toBeVisible();
	});

	it('searches, goes from hit to hit, and gives the focus back', async () => {
		const log = new ConsoleLog();
		render(Console, { log, line: fakeLine() });
		log.push(
			many(5000, (i) => (i % 1000 === 7 ? `needle ${i}` : `I (${i}) hay: ${i}`)),
			0
		);
		await userEvent.keyboard('/');
		await page.getByLabelText('Search the log').fill('NEEDLE');
		await expect.element(page.getByText('5 lines')).toBeVisible();
		await userEvent.keyboard('{Enter}{Enter}');
		await expect.element(page.getByText('2 of 5 lines')).toBeVisible();
		await expect.poll(() => drawn().includes('needle 1007')).toBe(true);
		expect(box().querySelector('.current mark')?.textContent).toBe('needle');
		await page.getByLabelText('Regular expression').click();
		await page.getByLabelText('Search the log').fill('(');
		await expect.element(page.getByText('This is no regular expression')).toBeVisible();
		await userEvent.keyboard('{Escape}{Escape}');
		await expect.element(page.getByRole('log')).toHaveFocus();
	});

	it('filters by level and tag, and says how much is hidden', async () => {
		const log = new ConsoleLog();
		render(Console, { log, line: fakeLine() });
		log.push(utf8('I (1) wifi: a\nE (2) wifi: b\nI (3) mqtt: c\n'), 0);
		await button('Filter by level and tag').click();
		await page.getByLabelText('Info').click();
		await expect.poll(drawn).toEqual(['E (2) wifi: b']);
		await expect.element(page.getByText('2 lines are hidden by the filter.')).toBeVisible();
		await page.getByLabelText('mqtt').click();
		await expect.element(page.getByText('No line passes the filter.')).toBeVisible();
		await button('Show every line').click();
		await expect.poll(drawn).toHaveLength(3);
	});

	it('tells of crashes, what they mean, and leads to each', async () => {
		const log = new ConsoleLog();
		render(Console, { log, line: fakeLine() });
		const panic =
			"Guru Meditation Error: Core  0 panic'ed (LoadProhibited). Exception was unhandled.\nPC      : 0x400d1f2c\nEXCVADDR: 0x00000000\nBacktrace: 0x400d1f2c:0x3ffb5c90\nRebooting...\n";
		for (let i = 0; i < 3; i++) {
			log.push(utf8(panic), i * 20_000);
			log.push(many(500), i * 20_000);
		}
		await button('Crashed 3 times in 40 s: LoadProhibited').click();
		await expect.element(page.getByText('a null pointer').first()).toBeVisible();
		await expect.element(page.getByText('later version').first()).toBeVisible();
		await button('Show in the log').last().click();
		await expect.poll(() => drawn()[0]).toContain('Guru Meditation');
		await button('Put these away').click();
		expect(button(/Crashed/u).elements()).toHaveLength(0);
		log.push(utf8(panic), 70_000);
		await expect.element(button(/Crashed on core 0/u)).toBeVisible();
	});

	it('stays where the reader is while the log grows and forgets, and comes back to the end', async () => {
		const log = new ConsoleLog({ maxLines: 1000 });
		render(Console, { log, line: fakeLine() });
		log.push(many(1000), 0);
		await expect.poll(() => drawn().at(-1)).toContain('line 999');
		box().dispatchEvent(new WheelEvent('wheel', { deltaY: -1500 }));
		box().scrollTop -= 1500;
		await expect.element(button('To the newest line')).toBeVisible();
		const readTop = () =>
			document
				.elementFromPoint(box().getBoundingClientRect().x + 60, box().getBoundingClientRect().y + 30)
				?.closest('[data-line]')?.textContent;
		await expect.poll(readTop).toBeTruthy();
		const before = readTop();
		for (let i = 0; i < 8; i++) {
			log.push(
				many(40, (n) => `later ${i} ${n}`),
				0
			);
			await new Promise((resolve) => requestAnimationFrame(resolve));
		}
		await expect.poll(() => log.shown.dropped).toBeGreaterThan(300);
		await expect.poll(readTop).toBe(before);
		await button('To the newest line').click();
		await expect.poll(() => drawn().at(-1)).toBe('later 7 39');
	});

	it('picks whole lines, also such as are not drawn, and copies them', async () => {
		const log = new ConsoleLog();
		render(Console, { log, line: fakeLine() });
		log.push(
			many(3000, (i) => `row ${i}`),
			0
		);
		await expect.poll(() => drawn().at(-1)).toBe('row 2999');
		await page.getByText('row 2999').click();
		await userEvent.keyboard('{Shift>}{ArrowUp}{ArrowUp}{/Shift}');
		await expect.element(button('Copy 3 lines')).toBeVisible();
		await userEvent.keyboard('{Control>}a{/Control}');
		await expect.element(button('Copy 3,000 lines')).toBeVisible();
		const data = new DataTransfer();
		box().dispatchEvent(new ClipboardEvent('copy', { clipboardData: data, bubbles: true, cancelable: true }));
		expect(data.getData('text/plain').split('\n')).toHaveLength(3001);
		await userEvent.keyboard('{Escape}');
		expect(button(/^Copy/u).elements()).toHaveLength(0);
	});

	it('wraps as a terminal does: every row is where it was reckoned to be', async () => {
		const log = new ConsoleLog();
		render(Console, { log, line: fakeLine() });
		log.push(
			many(60, (i) => 'abc def  ghi\t'.repeat(i % 9) + 'x'.repeat(i * 3)),
			0
		);
		await expect.poll(() => drawn().length).toBeGreaterThan(5);
		const [all, part] = [box().querySelector('.all')!, box().querySelector('.drawn')!];
		const off = () => Math.abs(all.getBoundingClientRect().bottom - part.getBoundingClientRect().bottom);
		await expect.poll(off).toBeLessThan(2);
		// Wrapping made the log higher than it was when its end was first gone to.
		await expect.poll(() => box().scrollHeight - box().scrollTop - box().clientHeight).toBeLessThan(2);
		expect(box().scrollWidth).toBeLessThanOrEqual(box().clientWidth);
	});

	it('keeps the page answering while a board floods it, with few lines in the document', async () => {
		const log = new ConsoleLog();
		render(Console, { log, line: fakeLine() });
		const text = utf8(
			'\u001b[0;32mI (123456) flood: the quick brown fox jumps over the lazy dog\u001b[0m\r\n'.repeat(250)
		);
		let longestMs = 0;
		for (let frame = 0; frame < 120; frame++) {
			const before = performance.now();
			log.push(text, frame);
			await new Promise((resolve) => requestAnimationFrame(resolve));
			longestMs = Math.max(longestMs, performance.now() - before);
		}
		await expect.poll(() => log.shown.lines.endId).toBe(30_000);
		expect(drawn().length).toBeLessThan(100);
		expect(box().scrollHeight - box().scrollTop - box().clientHeight).toBeLessThan(40);
		expect(longestMs).toBeLessThan(250); // a machine that is shared with other tests
	});
});
