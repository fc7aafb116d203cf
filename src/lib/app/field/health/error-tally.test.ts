import { beforeEach, expect, test } from 'vitest';
import { ManualClock } from '$lib/base';
import { memoryKeep, type Keep } from '$lib/vault';
import { parseSetting } from '../stored-rows';
import type { ErrorCounts } from './error-counts';
import { ErrorTally } from './error-tally';

let clock: ManualClock;
let keep: Keep;
let counted: ErrorCounts;
let tally: ErrorTally;

/** A worker that has counted nothing yet. */
async function worker(): Promise<void> {
	counted = { messages: {}, store: {} };
	tally = new ErrorTally({ clock, settings: keep.rows('settings', parseSetting), counted: () => counted });
	await tally.restore();
}

beforeEach(async () => {
	clock = new ManualClock(1_763_700_000_000);
	keep = memoryKeep(clock);
	await worker();
});

test('the counts of earlier workers go on, and say since when', async () => {
	counted = { messages: { 'not-json': 3 }, store: { quota: 1 } };
	await tally.keep();
	const sinceMs = clock.now();
	clock.advance(3600_000);
	await worker();
	counted = { messages: { 'not-json': 2, 'forged-batch': 1 }, store: {} };
	const all = { sinceMs, messages: { 'not-json': 5, 'forged-batch': 1 }, store: { quota: 1 } };
	expect(tally.report()).toEqual(all);
	await tally.keep();
	await worker();
	expect(tally.report()).toEqual(all);
});

test('begun anew they are nought, in this worker and the next', async () => {
	counted = { messages: { 'not-json': 3 }, store: { quota: 2 } };
	await tally.keep();
	clock.advance(1000);
	await tally.beginAnew();
	expect(tally.report()).toEqual({ sinceMs: clock.now(), messages: {}, store: {} });
	counted = { messages: { 'not-json': 4 }, store: { quota: 2 } };
	expect(tally.report()).toMatchObject({ messages: { 'not-json': 1 }, store: {} });
	await tally.keep();
	await worker();
	expect(tally.report().messages).toEqual({ 'not-json': 1 });
});

test('a beginning that is taken back loses no count', async () => {
	counted = { messages: { 'not-json': 3 }, store: {} };
	const before = tally.report();
	clock.advance(1000);
	await tally.beginAnew();
	counted = { messages: { 'not-json': 4 }, store: {} };
	await tally.goOn();
	expect(tally.report()).toEqual({ ...before, messages: { 'not-json': 4 } });
});

test('of a damaged row what is a count stands, and one that cannot be written says so', async () => {
	await keep
		.rows('settings', (row) => row as object)
		.put('error-counts', { key: 'error-counts', sinceMs: 5, counts: { messages: { a: -1, b: 'x', c: 2 } } });
	await worker();
	expect(tally.report()).toEqual({ sinceMs: 5, messages: { c: 2 }, store: {} });
	const rows = keep.rows('settings', parseSetting);
	const settings = { ...rows, put: (): Promise<void> => Promise.reject(new Error('full')) };
	tally = new ErrorTally({ clock, settings, counted: () => counted });
	await tally.keep();
	expect(tally.report().notKept).toBe('Error: full');
	settings.put = () => Promise.resolve();
	await tally.keep();
	expect(tally.report()).not.toHaveProperty('notKept');
});
