import { beforeEach, afterEach, expect, it, vi } from 'vitest';
import { FrameQueue, LATE_MS } from './frames';

const BUDGET_MS = 0.5;

/** Frames at 60 Hz; every drawing takes `costMs`. */
function screen(costMs: number) {
	let nowMs = 0;
	let frame: (() => void) | undefined;
	let drawnInFrame: string[] = [];
	const queue = new FrameQueue(
		{
			request: (callback) => ((frame = callback), 1),
			cancel: () => (frame = undefined),
			now: () => nowMs
		},
		BUDGET_MS
	);
	return {
		queue,
		item: (name: string) => ({
			draw: () => {
				nowMs += costMs;
				drawnInFrame.push(name);
			}
		}),
		/** Runs on for so long. @returns what each frame drew */
		run(ms: number): string[] {
			const frames: string[] = [];
			for (let t = 0; t < ms; t += 16) {
				nowMs += 16;
				vi.advanceTimersByTime(16);
				drawnInFrame = [];
				const run = frame;
				frame = undefined;
				run?.();
				frames.push(drawnInFrame.join(''));
			}
			return frames;
		}
	};
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it('draws what a hand moves in one frame, and what only follows in turn within a budget', () => {
	const { queue, item, run } = screen(0.75 * BUDGET_MS);
	const charts = ['a', 'b', 'c', 'd', 'e'].map(item);
	for (const chart of charts) queue.later(chart, 0);
	expect(run(64)).toEqual(['ab', 'cd', 'e', '']);
	for (const chart of charts) queue.soon(chart);
	expect(run(16)).toEqual(['abcde']);
});

it('lets what only follows wait for what is new, but not for long', () => {
	const { queue, item, run } = screen(BUDGET_MS);
	const news = item('n');
	for (const chart of ['a', 'b'].map(item)) queue.later(chart, 0);
	const frames: string[] = [];
	for (let ms = 0; ms < LATE_MS + 64; ms += 16) {
		queue.soon(news);
		frames.push(...run(16));
	}
	expect(frames.slice(0, 15)).toEqual(Array(15).fill('n'));
	expect(frames.slice(15).filter((frame) => frame !== 'n')).toEqual(['na', 'nb']);
});

it('waits until one is due, asked for once or often, and rests when it is forgotten', () => {
	const { queue, item, run } = screen(0);
	const [a, b] = [item('a'), item('b')];
	queue.later(a, 100);
	queue.later(a, 300);
	expect(run(320).join('')).toBe('a');
	queue.later(b, 50);
	queue.forget(b);
	expect(run(96).join('')).toBe('');
});

it('goes on with the others when one cannot be drawn', () => {
	const { queue, item, run } = screen(0);
	queue.soon({
		draw: () => {
			throw new Error('no canvas');
		}
	});
	queue.later(item('b'), 0);
	expect(() => run(16)).toThrow('no canvas');
	expect(run(16)).toEqual(['b']);
});
