import { beforeEach, describe, expect, test } from 'vitest';
import { done, err, ManualClock, textOf, type Result } from '$lib/base';
import type { MessageLink, PublishError } from '$lib/link';
import type { Command, DeviceId } from '$lib/model';
import { MAX_HISTORY_PER_DEVICE, MAX_UNSETTLED_PER_DEVICE, Outbox } from './outbox';
import type { Shelf } from './shelf';

const DEVICE = 'fb-1' as DeviceId;

let clock: ManualClock;
let rows: Map<string, Command>;
/** What happened, in order: rows stored and requests published. */
let log: string[];
let sent: { id: string; method: string; exp: number }[];
let link: { up: boolean; answer: Result<void, PublishError> };

beforeEach(() => {
	clock = new ManualClock();
	rows = new Map();
	log = [];
	sent = [];
	link = { up: true, answer: done };
});

function open(): Outbox {
	const shelf: Shelf<Command> = {
		all: async () => [...rows.values()],
		put: async (key, row, options) => {
			rows.set(key, row);
			log.push(`store ${row.state}${options?.strict ? ' strictly' : ''}`);
		},
		delete: async (key) => void rows.delete(key)
	};
	const wire: MessageLink = {
		kind: 'mqtt',
		name: 'bench',
		get up() {
			return link.up;
		},
		listen: () => {},
		publish: async (_, payload) => {
			const request = JSON.parse(textOf(payload)!) as (typeof sent)[number];
			log.push(`publish ${request.id}`);
			sent.push(request);
			return link.answer;
		}
	};
	return new Outbox({
		shelf,
		clock,
		link: () => wire,
		onChange: () => {},
		onFault: (cause) => log.push(`fault ${String(cause)}`)
	});
}

/** The same rows as a restarted worker reads them. */
async function restarted(): Promise<Outbox> {
	const outbox = open();
	await outbox.restore();
	await settle();
	return outbox;
}

const settle = () => new Promise<void>((resolve) => setImmediate(resolve));
const submit = async (outbox: Outbox, id = 'c1', ttlMs = 20_000) => {
	const result = await outbox.submit({ id, device: DEVICE, method: 'components.execute', params: {}, ttlMs });
	await settle();
	return result;
};
const state = (outbox: Outbox, id = 'c1') => outbox.history(DEVICE).find((c) => c.id === id)?.state;
async function pass(ms: number): Promise<void> {
	for (let left = ms; left > 0; left -= 500) {
		clock.advance(Math.min(500, left));
		await settle();
	}
}

test('is stored on disk as sent before it is sent', async () => {
	await submit(open());
	expect(log).toEqual(['store sent strictly', 'publish c1']);
});

test('the same id again does nothing', async () => {
	const outbox = open();
	await submit(outbox);
	expect(await submit(outbox)).toMatchObject({ ok: true, value: { state: 'sent' } });
	expect(sent).toHaveLength(1);
});

test('what cannot be stored is not sent', async () => {
	const outbox = new Outbox({
		shelf: { all: async () => [], put: () => Promise.reject(new Error('disk full')), delete: async () => {} },
		clock,
		link: () => undefined,
		onChange: () => {},
		onFault: () => {}
	});
	expect(await submit(outbox)).toEqual(err({ kind: 'not-stored', cause: 'disk full' }));
	expect(outbox.history(DEVICE)).toEqual([]);
});

describe('an answer', () => {
	test('acknowledges', async () => {
		const outbox = open();
		await submit(outbox);
		expect(outbox.response(DEVICE, { kind: 'result', id: 'c1', result: { code: 0 } })).toBe(true);
		expect(outbox.history(DEVICE)[0]).toMatchObject({ state: 'acknowledged', result: { code: 0 } });
	});

	test.each([
		[-32004, 'failed'],
		[-32001, 'expired'],
		[-32002, 'sent'],
		[-32006, 'unknown'],
		[-32007, 'acknowledged']
	] as const)('error %i makes it %s', async (code, wanted) => {
		const outbox = open();
		await submit(outbox);
		outbox.response(DEVICE, { kind: 'error', id: 'c1', error: { code, message: '' } });
		expect(state(outbox)).toBe(wanted);
	});

	test('from another device is none', async () => {
		const outbox = open();
		await submit(outbox);
		expect(outbox.response('fb-2' as DeviceId, { kind: 'result', id: 'c1', result: 1 })).toBe(false);
		expect(state(outbox)).toBe('sent');
	});

	test('that comes after the timeout still settles it, and a failure after that changes nothing', async () => {
		const outbox = open();
		await submit(outbox);
		await pass(23_000);
		expect(state(outbox)).toBe('timed-out');
		outbox.response(DEVICE, { kind: 'result', id: 'c1', result: 1 });
		outbox.response(DEVICE, { kind: 'error', id: 'c1', error: { code: -32603, message: '' } });
		expect(state(outbox)).toBe('acknowledged');
	});
});

test('a silent device is asked again with the same id and the same expiry, until that is over', async () => {
	const outbox = open();
	await submit(outbox);
	await pass(60_000);
	expect(sent.map((r) => r.id)).toEqual(['c1', 'c1', 'c1', 'c1']);
	expect(new Set(sent.map((r) => r.exp)).size).toBe(1);
	expect(state(outbox)).toBe('timed-out');
});

test('with no link it waits, goes out when the link is up, and expires where it never is', async () => {
	link.up = false;
	const outbox = open();
	await submit(outbox, 'c1');
	await submit(outbox, 'c2', 5000);
	expect(state(outbox)).toBe('queued');
	await pass(6000);
	expect(state(outbox, 'c2')).toBe('expired');
	link.up = true;
	outbox.nudge();
	await settle();
	expect(sent.map((r) => r.id)).toEqual(['c1']);
	expect(state(outbox)).toBe('sent');
});

test('a first try that did not leave makes it queued again', async () => {
	link.answer = err({ kind: 'not-connected' });
	const outbox = open();
	await submit(outbox);
	expect(state(outbox)).toBe('queued');
});

test('a first try that may have arrived stays sent, is never called expired, and is asked again', async () => {
	link.answer = err({ kind: 'unconfirmed' });
	const outbox = open();
	await submit(outbox);
	expect(state(outbox)).toBe('sent');
	link.up = false;
	await pass(23_000);
	expect(state(outbox)).toBe('unknown');
});

test('a link that is down when it expires leaves it unknown: it was sent, and cannot be asked', async () => {
	const outbox = open();
	await submit(outbox);
	link.up = false;
	await pass(23_000);
	expect(state(outbox)).toBe('unknown');
});

describe('after a restart of the worker', () => {
	test('what was sent is asked again with the same id', async () => {
		open().close();
		await submit(open());
		sent = [];
		await restarted();
		expect(sent.map((r) => r.id)).toEqual(['c1']);
	});

	test('what was sent and is too late to ask is unknown, what was only queued is expired', async () => {
		link.up = false;
		const before = open();
		await submit(before, 'queued');
		link.up = true;
		await submit(before, 'sent');
		const crashed = new Map(rows);
		crashed.set('queued', { ...crashed.get('queued')!, state: 'queued' });
		before.close();
		rows = crashed;
		clock.advance(60_000);
		const after = await restarted();
		expect(state(after, 'sent')).toBe('unknown');
		expect(state(after, 'queued')).toBe('expired');
	});
});

test(`keeps ${MAX_HISTORY_PER_DEVICE} settled commands of a device and refuses more than ${MAX_UNSETTLED_PER_DEVICE} open ones`, async () => {
	const outbox = open();
	for (let i = 0; i < MAX_HISTORY_PER_DEVICE + 10; i++) {
		await submit(outbox, `s${i}`);
		outbox.response(DEVICE, { kind: 'result', id: `s${i}`, result: null });
		await settle();
	}
	expect(outbox.history(DEVICE)).toHaveLength(MAX_HISTORY_PER_DEVICE);
	expect(rows.size).toBe(MAX_HISTORY_PER_DEVICE);
	expect(outbox.history(DEVICE)[0]?.id).toBe(`s${MAX_HISTORY_PER_DEVICE + 9}`);
	for (let i = 0; i < MAX_UNSETTLED_PER_DEVICE; i++)
		await outbox.submit({ id: `o${i}`, device: DEVICE, method: 'm', params: {}, ttlMs: 1000 });
	expect(await submit(outbox, 'one more')).toEqual(err({ kind: 'outbox-full' }));
});

test('fails a command that the broker refuses to pass on, with the code it gave', async () => {
	const outbox = open();
	link.answer = err({ kind: 'rejected', code: 0x87 });
	await submit(outbox);
	expect(outbox.history(DEVICE)[0]).toMatchObject({ state: 'failed', error: { code: 0x87 } });
});
