import { beforeEach, describe, expect, it } from 'vitest';
import { concatBytes, ManualClock, toHex, utf8 } from '$lib/base';
import { BoardPort, encodeImprov } from '$lib/link';
import { FakePort } from '../../../tests/fixtures/serial/fake-port';
import { ImprovClient } from './improv-client';
import { improvOverLine, mergeNetworks } from './improv-wire';

let clock: ManualClock;
let port: FakePort;
let client: ImprovClient;
let signal: AbortSignal;

beforeEach(async () => {
	clock = new ManualClock();
	port = new FakePort();
	signal = new AbortController().signal;
	const leased = await new BoardPort(port, { clock }).lease('line', signal);
	if (!leased.ok) throw new Error(leased.error.kind);
	const opened = await leased.value.open(115_200);
	if (!opened.ok) throw new Error(opened.error.kind);
	client = new ImprovClient(improvOverLine(opened.value), { clock });
});

const settle = () => new Promise((resolve) => setImmediate(resolve));
const state = (value: number) => encodeImprov(1, Uint8Array.of(value));
const error = (value: number) => encodeImprov(2, Uint8Array.of(value));
function result(command: number, texts: readonly string[]): Uint8Array {
	const body = concatBytes(texts.map((text) => concatBytes([Uint8Array.of(utf8(text).length), utf8(text)])));
	return encodeImprov(4, concatBytes([Uint8Array.of(command, body.length), body]));
}
async function say(...packets: Uint8Array[]): Promise<void> {
	await settle();
	for (const packet of packets) port.say(packet);
	await settle();
}

describe('on the wire', () => {
	it('asks for the state as the standard has it', async () => {
		const asking = client.state(signal);
		await settle();
		expect(toHex(port.written[0]!)).toBe('494d50524f5601' + '03' + '02' + '0200' + 'e5' + '0a');
		await say(state(2));
		expect(await asking).toEqual({ ok: true, value: { state: 'authorised', urls: [] } });
	});

	it('sends name and password with their lengths', async () => {
		const joining = client.join({ ssid: 'Büro', password: 'pw' }, signal);
		await settle();
		expect(toHex(port.written[0]!).slice(18, -4)).toBe(
			'0109' + '05' + toHex(utf8('Büro')) + '02' + toHex(utf8('pw'))
		);
		await say(state(3), state(4), result(1, ['http://192.168.1.7']));
		expect(await joining).toEqual({ ok: true, value: ['http://192.168.1.7'] });
	});
});

describe('ImprovClient', () => {
	it('asks one thing at a time', async () => {
		const first = client.info(signal);
		const second = client.state(signal);
		await settle();
		expect(port.written).toHaveLength(1);
		await say(result(3, ['fw', '1', 'ESP32', 'Name']));
		expect(await first).toEqual({
			ok: true,
			value: { firmware: 'fw', version: '1', chip: 'ESP32', name: 'Name' }
		});
		await say(state(4), result(2, ['http://10.0.0.7/']));
		expect(await second).toEqual({ ok: true, value: { state: 'provisioned', urls: ['http://10.0.0.7/'] } });
	});

	it('passes over what is for another command, out of form, or says that nothing is wrong', async () => {
		const joining = client.join({ ssid: 'a', password: '' }, signal);
		await say(
			error(0),
			result(4, []),
			result(3, ['x']),
			encodeImprov(4, Uint8Array.of(1, 9, 3)), // lengths that do not fit
			encodeImprov(4, Uint8Array.of()),
			encodeImprov(9, Uint8Array.of(1, 0)),
			error(3)
		);
		expect(await joining).toEqual({ ok: false, error: { kind: 'cannot-join' } });
	});

	it('sends anew what reached the board broken, and not for ever', async () => {
		const scanning = client.scan(signal);
		await say(error(1));
		expect(port.written).toHaveLength(2);
		for (let i = 0; i < 3; i++) await say(error(1));
		expect(await scanning).toEqual({ ok: false, error: { kind: 'refused', code: 1 } });
		expect(port.written).toHaveLength(4);
	});

	it('tells a board that does not know a command from one that is silent', async () => {
		const scanning = client.scan(signal);
		await say(error(2));
		expect(await scanning).toEqual({ ok: false, error: { kind: 'unsupported' } });
		const joining = client.join({ ssid: 'a', password: '' }, signal);
		await settle();
		clock.advance(30_000);
		expect(await joining).toEqual({ ok: false, error: { kind: 'no-answer', timeoutMs: 30_000 } });
		expect(port.written).toHaveLength(2); // joining is not repeated: the board may be at it
	});

	it('goes on with the next command when one is given up', async () => {
		const stop = new AbortController();
		const joining = client.join({ ssid: 'a', password: '' }, stop.signal);
		const asking = client.state(signal);
		await settle();
		stop.abort(new Error('enough'));
		await expect(joining).rejects.toThrow('enough');
		await say(result(1, []), state(2));
		expect(await asking).toEqual({ ok: true, value: { state: 'authorised', urls: [] } });
	});

	it('knows what a firmware is made with, where it says so', async () => {
		const asking = client.info(signal);
		await say(result(3, ['Bluetooth Proxy', 'v1', 'ESP32', 'Proxy', 'ESPHome', '2025.12.2']));
		expect(await asking).toMatchObject({ value: { name: 'Proxy', madeWith: 'ESPHome 2025.12.2' } });
	});

	it('takes the state of a board that sends no addresses with it', async () => {
		const asking = client.state(signal);
		await say(state(4));
		clock.advance(2000);
		expect(await asking).toEqual({ ok: true, value: { state: 'provisioned', urls: [] } });
	});

	it('reads and sets both names, whose bytes follow the length alone', async () => {
		const host = client.hostname(signal);
		await say(result(5, ['node-1']));
		expect(await host).toEqual({ ok: true, value: 'node-1' });
		const set = client.hostname(signal, 'Node-2');
		await settle();
		expect(toHex(port.written[1]!).slice(14, -4)).toBe('03' + '08' + '0506' + toHex(utf8('Node-2')));
		await say(error(5));
		expect(await set).toEqual({ ok: false, error: { kind: 'bad-hostname' } });
		const name = client.deviceName(signal, 'Küche');
		await say(result(6, ['Küche']));
		expect(await name).toEqual({ ok: true, value: 'Küche' });
	});

	it('sends no host name that is none, and no name that does not fit a packet', async () => {
		for (const bad of ['', '-a', 'a-', 'a.b', 'ä', 'x'.repeat(64)])
			expect(await client.hostname(signal, bad), bad).toEqual({ ok: false, error: { kind: 'bad-hostname' } });
		expect(await client.deviceName(signal, 'x'.repeat(254))).toEqual({
			ok: false,
			error: { kind: 'too-long' }
		});
		expect(port.written).toHaveLength(0);
	});

	it('tells by which networks a board can be reached', async () => {
		const asking = client.reach(signal);
		await say(result(7, ['online']), result(7, ['5', 'http://10.0.0.7']));
		expect(await asking).toEqual({
			ok: true,
			value: { online: true, wifi: false, ethernet: true, urls: ['http://10.0.0.7'] }
		});
	});

	it('tells every state that is said, asked or not, split and among log text', async () => {
		const states: string[] = [];
		const stop = new AbortController();
		client.onState((said) => states.push(said), stop.signal);
		const line = concatBytes([
			utf8('I (1) wifi: IMPR'),
			state(3),
			utf8('OV\n'),
			state(4),
			state(9),
			state(0)
		]);
		for (const byte of line) port.say(Uint8Array.of(byte));
		await settle();
		expect(states).toEqual(['provisioning', 'provisioned', 'stopped']);
		stop.abort();
		await say(state(2));
		expect(states).toHaveLength(3);
	});

	it('names each error of the standard', async () => {
		for (const [code, kind] of [
			[2, 'unsupported'],
			[3, 'cannot-join'],
			[4, 'locked'],
			[5, 'bad-hostname'],
			[255, 'refused']
		] as const) {
			const joining = client.join({ ssid: 'a', password: '' }, signal);
			await say(error(code));
			expect(await joining).toMatchObject({ ok: false, error: { kind } });
		}
	});

	it('lists networks whose strength the board does not say', async () => {
		const scanning = client.scan(signal);
		await say(
			result(4, ['b', '', 'YES']),
			result(4, ['', '-1', 'NO']),
			result(4, ['a', '-60', 'NO']),
			result(4, [])
		);
		expect(await scanning).toEqual({
			ok: true,
			value: [
				{ ssid: 'a', rssiDbm: -60, secured: false },
				{ ssid: 'b', rssiDbm: -100, secured: true }
			]
		});
	});
});

it('names a network once, at its strongest', () => {
	const at = (ssid: string, rssiDbm: number) => ({ ssid, rssiDbm, secured: true });
	expect(mergeNetworks([at('x', -70), at('y', -60), at('x', -50), at('x', -90)])).toEqual([
		at('x', -50),
		at('y', -60)
	]);
});
