import { beforeEach, expect, test } from 'vitest';
import { ManualClock } from '$lib/base';
import type { DeviceId } from '$lib/model';
import { type Alert, AlertBook, MAX_ALERTS_PER_DEVICE, needsLook } from './alert-book';
import type { DeviceEvent } from './device';

const A = 'fb-1' as DeviceId;
const B = 'fb-2' as DeviceId;
let clock: ManualClock;
let rows: Map<string, Alert>;

beforeEach(() => {
	clock = new ManualClock();
	rows = new Map();
});

async function open(): Promise<AlertBook> {
	const book = new AlertBook({
		shelf: {
			all: async () => [...rows.values()],
			put: async (id, row) => void rows.set(id, structuredClone(row)),
			delete: async (id) => void rows.delete(id)
		},
		clock,
		onChange: () => {},
		onFault: (cause) => {
			throw cause;
		}
	});
	await book.restore();
	return book;
}

type Said = Pick<DeviceEvent, 'kind' | 'detail'>;
const warm: Said = { kind: 'alert', detail: { rule: 'too-warm', text: 'Too warm', severity: 'warning' } };
const over: Said = { ...warm, kind: 'alert-over' };

function tell(book: AlertBook, device: DeviceId, said: Said, atMs: number): boolean {
	const event = { ...said, atMs };
	if (book.knows(device, event)) return false;
	book.told(device, 'real', event);
	return true;
}

test('an alert lasts from its raising to its end, whatever is told twice', async () => {
	const book = await open();
	expect([1000, 1000].map((at) => tell(book, A, warm, at))).toEqual([true, false]);
	expect([5000, 5000].map((at) => tell(book, A, over, at))).toEqual([true, false]);
	expect(tell(book, A, warm, 1000)).toBe(false);
	expect(book.list()).toMatchObject([{ raisedMs: 1000, overMs: 5000, acknowledgedMs: undefined }]);
});

test('newest first, and each device’s apart', async () => {
	const book = await open();
	tell(book, A, warm, 1000);
	tell(book, B, warm, 2000);
	tell(book, A, over, 3000);
	expect(book.list().map(({ device, overMs }) => [device, overMs])).toEqual([
		[A, 3000],
		[B, undefined]
	]);
});

test('an end whose beginning nobody heard is told as such', async () => {
	const book = await open();
	tell(book, A, over, 3000);
	expect(book.list()).toMatchObject([{ raisedMs: undefined, overMs: 3000 }]);
});

test('what a person said outlives the worker, and can be taken back', async () => {
	const book = await open();
	tell(book, A, warm, 1000);
	const ids = book.list().map(({ id }) => id);
	await book.acknowledge(ids, true);
	const again = await open();
	expect(again.list().map(needsLook)).toEqual([false]);
	await again.acknowledge(ids, false);
	expect((await open()).list().map(needsLook)).toEqual([true]);
});

test('one that is raised again before its end has to be looked at again', async () => {
	const book = await open();
	tell(book, A, warm, 1000);
	await book.acknowledge([book.list()[0]!.id], true);
	tell(book, A, { ...warm, detail: { ...warm.detail, severity: 'critical' } }, 9000);
	expect(book.list()).toMatchObject([
		{ severity: 'critical', raisedMs: 9000, overMs: undefined, acknowledgedMs: undefined }
	]);
});

test('a device that flaps loses its own oldest, those that are over first, and that is counted', async () => {
	const book = await open();
	tell(book, B, warm, 1);
	tell(book, A, { ...warm, detail: { ...warm.detail, text: 'Stands' } }, 2);
	for (let i = 0; i < MAX_ALERTS_PER_DEVICE + 4; i++) {
		tell(book, A, warm, 10 + 2 * i);
		tell(book, A, over, 11 + 2 * i);
	}
	const mine = book.list().filter(({ device }) => device === A);
	expect(mine).toHaveLength(MAX_ALERTS_PER_DEVICE);
	expect(mine.at(-1)).toMatchObject({ text: 'Stands' });
	expect(book.dropped).toBe(5);
	expect(book.list().some(({ device }) => device === B)).toBe(true);
	await book.save();
	expect(rows.size).toBe(MAX_ALERTS_PER_DEVICE + 1);
});

test('a forgotten device takes its alerts along', async () => {
	const book = await open();
	tell(book, A, warm, 1000);
	tell(book, B, warm, 1000);
	await book.save();
	await book.forget(A);
	expect([...rows.values()].map(({ device }) => device)).toEqual([B]);
});

test('alerts of other conventions are known by their message and level', async () => {
	const book = await open();
	tell(book, A, { kind: 'alert', detail: { message: 'Grid lost', level: 'ERROR' } }, 1000);
	expect(book.list()).toMatchObject([{ rule: '', text: 'Grid lost', severity: 'critical' }]);
});
