import { expect, it } from 'vitest';
import { newestEachFrame } from './newest-each-frame';

const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));

it('hands on the first at once, then the newest of what came in a frame', async () => {
	const end = new AbortController();
	const taken: number[] = [];
	const give = newestEachFrame<number>((value) => taken.push(value), end.signal);
	give(1);
	expect(taken).toEqual([1]);
	for (const value of [2, 3, 4]) give(value);
	expect(taken).toEqual([1]);
	await frame();
	expect(taken).toEqual([1, 4]);
	give(5);
	end.abort();
	await frame();
	expect(taken).toEqual([1, 4]);
});

it('leaves most of the time to the page where taking one is slow, and ends with the newest', async () => {
	const end = new AbortController();
	const taken: number[] = [];
	const give = newestEachFrame<number>((value) => {
		taken.push(value);
		for (const untilMs = performance.now() + 20; performance.now() < untilMs;);
	}, end.signal);
	const beginMs = performance.now();
	let given = 0;
	for (; performance.now() - beginMs < 500; given++) {
		give(given);
		await frame();
	}
	expect(taken.length).toBeLessThanOrEqual(5);
	await expect.poll(() => taken.at(-1)).toBe(given - 1);
	end.abort();
});

it('hands on at once what comes seldom, and asks for no frame', async () => {
	const end = new AbortController();
	const taken: number[] = [];
	const give = newestEachFrame<number>((value) => taken.push(value), end.signal);
	give(1);
	await new Promise((resolve) => setTimeout(resolve, 150));
	give(2);
	expect(taken).toEqual([1, 2]);
	give(3);
	expect(taken).toEqual([1, 2]);
	await expect.poll(() => taken).toEqual([1, 2, 3]);
	end.abort();
});
