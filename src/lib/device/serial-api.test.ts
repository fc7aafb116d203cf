import { beforeEach, describe, expect, it } from 'vitest';
import { ManualClock, utf8 } from '$lib/base';
import { BoardPort, encodeFrame, type SerialLine } from '$lib/link';
import { FakeBoard } from '../../../tests/fixtures/serial/fake-board';
import { FakePort } from '../../../tests/fixtures/serial/fake-port';
import { SerialDeviceApi } from './serial-api';

let clock: ManualClock;
let port: FakePort;
let board: FakeBoard;
let line: SerialLine;
let api: SerialDeviceApi;
let signal: AbortSignal;

beforeEach(async () => {
	clock = new ManualClock();
	port = new FakePort();
	board = new FakeBoard(port);
	signal = new AbortController().signal;
	const leased = await new BoardPort(port, { clock }).lease('line', signal);
	if (!leased.ok) throw new Error(leased.error.kind);
	const opened = await leased.value.open(115_200);
	if (!opened.ok) throw new Error(opened.error.kind);
	line = opened.value;
	api = new SerialDeviceApi(line, { clock });
});

const settle = () => new Promise((resolve) => setImmediate(resolve));
const asked = (method: string) => board.asked.filter((one) => one === method).length;

describe('SerialDeviceApi', () => {
	it('asks and hears', async () => {
		expect(await api.call('system.info', {}, { signal })).toEqual({
			ok: true,
			value: { id: 'fb-001122334455', name: 'Fresh' }
		});
		expect(await api.call('nonsense', {}, { signal })).toMatchObject({
			error: { kind: 'device', error: { code: -32601 } }
		});
	});

	it('gives each answer to its own question', async () => {
		const [info, wifi] = await Promise.all([
			api.call('system.info', {}, { signal }),
			api.call('wifi.status', {}, { signal })
		]);
		expect(info).toMatchObject({ value: { name: 'Fresh' } });
		expect(wifi).toMatchObject({ value: { state: 'off' } });
	});

	it('asks again under the same id when the answer is lost, and no more once it came', async () => {
		let lost = 1;
		board.noise = (bytes) => (lost-- === 0 ? bytes.subarray(1) : bytes); // the answer loses its first byte
		const calling = api.call('system.rename', { name: 'Once' }, { signal });
		await settle();
		expect(asked('system.rename')).toBe(1);
		board.noise = (bytes) => bytes;
		clock.advance(2000);
		expect(await calling).toMatchObject({ ok: true });
		const ids = port.text.match(/"id":"[^"]+"/gu);
		expect(new Set(ids).size).toBe(1);
		clock.advance(20_000);
		await settle();
		expect(asked('system.rename')).toBe(2);
	});

	it('gives up in time, and passes over what comes later or for others', async () => {
		board.answers['system.info'] = () => 'silent';
		const calling = api.call('system.info', {}, { signal, timeoutMs: 5000 });
		await settle();
		port.say(encodeFrame(utf8('{"jsonrpc":"2.0","id":"other","result":1}')));
		port.say(encodeFrame(utf8('[]')));
		port.say(encodeFrame(utf8('not json')));
		await settle();
		clock.advance(5000);
		expect(await calling).toEqual({ ok: false, error: { kind: 'timeout', timeoutMs: 5000 } });
	});

	it('leaves with its signal', async () => {
		board.answers['system.info'] = () => 'silent';
		const stop = new AbortController();
		const calling = api.call('system.info', {}, { signal: stop.signal });
		await settle();
		stop.abort(new Error('enough'));
		await expect(calling).rejects.toThrow('enough');
	});

	it('says when the board is gone', async () => {
		port.unplug();
		await settle();
		expect(await api.call('system.info', {}, { signal })).toEqual({
			ok: false,
			error: { kind: 'not-sent', cause: { kind: 'unplugged' } }
		});
	});

	it('bounds what is under way', async () => {
		board.answers['system.info'] = () => 'silent';
		for (let i = 0; i < 16; i++) void api.call('system.info', {}, { signal, timeoutMs: 1000 });
		expect(await api.call('system.info', {}, { signal })).toEqual({ ok: false, error: { kind: 'busy' } });
		clock.advance(1000);
	});
});
