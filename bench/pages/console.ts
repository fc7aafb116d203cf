import '@xterm/xterm/css/xterm.css';
import './console.css';
import { Terminal } from '@xterm/xterm';
import { mount } from 'svelte';
import { ConsoleLog } from '$lib/console';
import { Console } from '$lib/console/view';
import { DesignTokens } from '$lib/ui';
import { floodChunk, floodLine } from './console-flood';

/** Lines of scrollback for both: as many as our console keeps. */
const KEPT_LINES = 100_000;
const place = document.querySelector<HTMLElement>('#console')!;

mount(DesignTokens, { target: document.body });
let check: () => void = () => undefined;

// eslint-disable-next-line no-control-regex -- an escape sequence is what we look for
const COLOUR = /\u001b\[[\d;]*m/gu;

globalThis.consoleBench = {
	async ours(durationMs) {
		const log = new ConsoleLog({ maxLines: KEPT_LINES });
		mount(Console, { target: place, props: { log, line: undefined } });
		const run = await flood(durationMs, (chunk, taken) => {
			log.push(chunk, Date.now());
			taken();
		});
		await new Promise((resolve) => setTimeout(resolve, 200)); // what came last is drawn
		const { lines, dropped } = log.shown;
		check = () => checkAll(log, run);
		const inDocument = place.querySelectorAll('[data-line]').length;
		return { ...run, kept: lines.endId - lines.firstId, dropped, inDocument };
	},
	check: () => check(),
	async xterm(durationMs) {
		const terminal = new Terminal({ scrollback: KEPT_LINES, cols: 100, rows: 40 });
		terminal.open(place);
		const run = await flood(durationMs, (chunk, taken) => terminal.write(chunk, taken));
		const kept = terminal.buffer.active.length;
		return { ...run, kept, dropped: run.lines - kept, inDocument: terminal.rows };
	},
	/** As ESP Web Tools' console and many others: each piece of text is one more node in a box that scrolls. */
	async append(durationMs) {
		const box = place.appendChild(document.createElement('pre'));
		box.className = 'appended';
		const decoder = new TextDecoder();
		const run = await flood(durationMs, (chunk, taken) => {
			for (const line of decoder.decode(chunk, { stream: true }).split('\n')) {
				const row = box.appendChild(document.createElement('div'));
				row.textContent = line.replaceAll(COLOUR, '');
			}
			box.scrollTop = box.scrollHeight;
			taken();
		});
		return { ...run, kept: run.lines, dropped: 0, inDocument: box.childElementCount };
	}
};

/**
 * A worker sends a log, piece by piece as a port does, as fast as pieces are taken, with few under way.
 * @param take calls `taken` when the next piece may come
 */
async function flood(durationMs: number, take: (chunk: Uint8Array, taken: () => void) => void) {
	const worker = new Worker(new URL('./console.worker.ts', import.meta.url), { type: 'module' });
	const begun = performance.now();
	let [bytes, chunks, longestFrameMs, lastFrame, ended] = [0, 0, 0, begun, false];
	const frame = (at: number) => {
		longestFrameMs = Math.max(longestFrameMs, at - lastFrame);
		lastFrame = Math.max(lastFrame, at);
		if (!ended) requestAnimationFrame(frame);
	};
	requestAnimationFrame(frame);
	await new Promise<void>((resolve) => {
		worker.onmessage = ({ data }: MessageEvent<Uint8Array>) => {
			bytes += data.length;
			chunks++;
			take(data, () => {
				if (performance.now() - begun < durationMs) worker.postMessage('next');
				else if (!ended) {
					ended = true;
					resolve();
				}
			});
		};
		worker.postMessage('next');
	});
	const ms = performance.now() - begun;
	worker.terminate();
	return { bytes, lines: chunks * floodChunk.lines, ms, longestFrameMs };
}

/** Each byte is accounted for: every line is kept as it was sent, or counted as dropped, and the newest one is on the screen. */
function checkAll(log: ConsoleLog, run: { readonly bytes: number; readonly lines: number }): void {
	const { lines, dropped } = log.shown;
	for (let id = lines.firstId; id < lines.endId; id++) {
		const line = lines.at(id);
		if (line?.text !== floodLine(id) || line.runs.length !== 1)
			throw new Error(`line ${id} is not what was sent: ${line?.text ?? 'gone'}`);
	}
	const kept = lines.endId - lines.firstId;
	if (log.received !== run.bytes || kept + dropped !== run.lines)
		throw new Error(`${run.lines} lines were sent; ${kept} are kept and ${dropped} dropped`);
	const last = [...place.querySelectorAll('[data-line]')].at(-1)?.textContent.trim();
	if (last !== floodLine(run.lines - 1)) throw new Error(`the last line on the screen is ${last ?? 'none'}`);
}
