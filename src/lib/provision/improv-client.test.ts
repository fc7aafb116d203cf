import { beforeEach, describe, expect, it } from 'vitest';
import { concatBytes, ManualClock, toHex, utf8 } from '$lib/base';
import { BoardPort, encodeImprov } from '$lib/link';
import { FakePort } from '../../../tests/fixtures/serial/fake-port';
import { ImprovClient, mergeNetworks } from './improv-client';

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
	client = new ImprovClient(opened.value, { clock });
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
		expect(await asking).toEqual({ ok: true, value: 'authorised' });
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
		await say(state(4));
		expect(await second).toEqual({ ok: true, value: 'provisioned' });
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
		expect(await asking).toEqual({ ok: true, value: 'authorised' });
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
