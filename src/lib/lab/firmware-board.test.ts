import { readFileSync } from 'node:fs';
import { textOf, toHex, utf8 } from '$lib/base';
import { encodeFrame, encodeImprov, splitLine } from '$lib/link';
import { beforeAll, describe, expect, it } from 'vitest';
import type { BoardBrokerState, BoardNetworkState, BoardSessionSettings } from './board-imports';
import { FirmwareInstance } from './firmware-instance';
import { MemoryFlash } from './flash';
import { testFirmware } from './test-firmware';

let firmware: WebAssembly.Module;
beforeAll(async () => void (firmware = await testFirmware()), 120_000);

const MAC = 'fab001020304';

/** A board whose world has one network, `Bench` with the password `right`, and a broker that takes everyone. */
async function board(flash = new MemoryFlash()) {
	const started = await FirmwareInstance.start(firmware, () => 0);
	if (!started.ok) throw new Error(started.error.kind);
	const instance = started.value;
	const line: number[] = [];
	const published: { topic: string; text: string }[] = [];
	const subscribed: string[] = [];
	let network: BoardNetworkState = { state: 'off' };
	let broker: BoardBrokerState = { state: 'off' };
	let session: BoardSessionSettings | undefined;
	const logged: string[] = [];
	let monoMs = 1000;
	const time = () => ({ monoMs, unixMs: 0 });
	const made = instance.create(
		{ id: `sim-${MAC}`, name: 'Board', seed: 1, board: { mac: MAC } },
		{
			flash,
			publish: ({ topic, payload }) => void published.push({ topic, text: textOf(payload) ?? '' }),
			log: ({ text }) => void logged.push(text),
			board: {
				serialOut: (bytes) => (line.push(...bytes), true),
				network: {
					scan: () => {},
					scanned: () => [
						{ ssid: 'Bench', rssiDbm: -48, secured: true },
						{ ssid: '', rssiDbm: -50, secured: true },
						{ ssid: 'Bench', rssiDbm: -70, secured: true },
						{ ssid: 'Café 2', rssiDbm: -80, secured: false }
					],
					join: (ssid, password) =>
						(network =
							ssid === 'Bench' && password === 'right'
								? { state: 'joined', ip: '192.168.4.2' }
								: { state: 'failed', fault: ssid === 'Bench' ? 'wrong-password' : 'not-found' }),
					leave: () => (network = { state: 'off' }),
					state: () => network,
					rssiDbm: () => -48
				},
				mqtt: {
					open: (settings) => ((session = settings), (broker = { state: 'connected' })),
					close: () => (broker = { state: 'off' }),
					subscribe: (topic) => void subscribed.push(topic),
					state: () => broker
				}
			}
		},
		time()
	);
	if (!made.ok) throw new Error(made.error.kind);
	const step = () => {
		const due = instance.step(made.value, time());
		if (!due.ok) throw new Error('trapped');
		return due.value;
	};
	const run = (ms: number) => {
		for (const end = monoMs + ms; monoMs < end; monoMs += 100) step();
	};
	const heard = () => splitLine(Uint8Array.from(line.splice(0))).pieces;
	const say = (bytes: Uint8Array<ArrayBuffer>) => {
		instance.serial(made.value, bytes, time());
		run(600);
		return heard().flatMap((p) => (p.kind === 'improv' ? [p] : []));
	};
	const improv = (type: number, data: readonly number[]) =>
		say(encodeImprov(type, Uint8Array.from(data))).map((p) => [p.type, ...p.data]);
	let calls = 0;
	const call = (method: string, params: unknown = {}) => {
		const request = JSON.stringify({ jsonrpc: '2.0', id: `${monoMs}-${calls++}`, method, params });
		instance.serial(made.value, encodeFrame(utf8(request)), time());
		run(600);
		const frame = heard().find((p) => p.kind === 'frame');
		return frame?.kind === 'frame' ? (JSON.parse(textOf(frame.json) ?? '') as object) : undefined;
	};
	step();
	return { call, say, improv, run, heard, published, subscribed, flash, logged, session: () => session };
}

const wifi = (ssid: string, password: string) => {
	const texts = [...utf8(ssid)];
	const pass = [...utf8(password)];
	return [1, texts.length + pass.length + 2, texts.length, ...texts, pass.length, ...pass];
};
const JOIN = { ssid: 'Bench', password: 'right' };
const BROKER = { uri: 'ws://192.168.4.1:9001', username: 'node', password: 'hush-hush' };

describe('Improv on a board', () => {
	it('joins, stores and joins again after a restart', async () => {
		const flash = new MemoryFlash();
		const { improv } = await board(flash);
		expect(improv(3, wifi('Bench', 'right'))).toEqual([
			[2, 0],
			[1, 3],
			[1, 4],
			[4, 1, 0]
		]);
		const again = await board(flash);
		expect(again.call('wifi.status')).toMatchObject({ result: { state: 'joined', ip: '192.168.4.2' } });
	});

	it('says that it cannot connect, and stores nothing', async () => {
		const flash = new MemoryFlash();
		const { improv } = await board(flash);
		expect(improv(3, wifi('Bench', 'wrong')).slice(-2)).toEqual([
			[2, 3],
			[1, 2]
		]);
		expect((await board(flash)).call('wifi.status')).toMatchObject({ result: { state: 'off', ssid: '' } });
	});
});

interface ImprovCase {
	name: string;
	wired?: boolean;
	steps: { send: string; answer: { is: (string | number)[]; hex?: string }[] }[];
}

/** What a packet says, as improv.json tells it; the version is whatever the firmware has. */
function meaningOf(type: number, data: Uint8Array): (string | number)[] {
	if (type !== 4) return [type === 1 ? 'state' : 'error', ...data];
	const texts: string[] = [];
	for (let at = 2; at < data.length; at += 1 + data[at]!)
		texts.push(textOf(data.subarray(at + 1, at + 1 + data[at]!)) ?? '');
	return ['result', data[0]!, ...texts.map((text) => (/^\d+\.\d+\.\d+$/u.test(text) ? '$version' : text))];
}

describe('the board on improv.json', () => {
	const cases = JSON.parse(readFileSync('tests/vectors/improv.json', 'utf8')) as ImprovCase[];
	// A practice board has Wi-Fi; the wired cases are the host test's.
	for (const { name, steps } of cases.filter(({ wired }) => !wired))
		it(name, async () => {
			const { say } = await board();
			for (const { send, answer } of steps) {
				const said = say(Uint8Array.from(Buffer.from(send, 'hex')));
				expect(said.map(({ type, data }) => meaningOf(type, data))).toEqual(answer.map(({ is }) => is));
				for (const [i, { hex }] of answer.entries())
					if (hex !== undefined) expect(toHex(encodeImprov(said[i]!.type, said[i]!.data))).toBe(hex);
			}
		});
});

describe('the Device API over the cable', () => {
	it('goes live once network and broker are set, and tells no password', async () => {
		const { call, published, subscribed, session, logged, heard } = await board();
		call('wifi.set', JOIN);
		expect(call('mqtt.set', BROKER)).toMatchObject({ result: { trial_s: 60 } });
		const status = call('mqtt.status');
		expect(status).toMatchObject({ result: { state: 'connected', uri: BROKER.uri, username: 'node' } });
		expect(session()).toMatchObject({ ...BROKER, clientId: `sim-${MAC}` });
		expect(subscribed).toEqual([`iot/node/sim-${MAC}/command`, `iot/node/sim-${MAC}/shadow/desired`]);
		expect(published[0]?.topic).toBe(`iot/node/sim-${MAC}/status`);
		expect(JSON.stringify([status, published, logged, heard()])).not.toMatch(/hush|right\b/);
	});

	it('returns to what was stored when a trial is not confirmed', async () => {
		const { call, run } = await board();
		call('wifi.set', JOIN);
		expect(call('config.confirm')).toMatchObject({ result: { confirmed: ['wifi'] } });
		call('wifi.set', { ssid: 'Elsewhere', password: 'x', trial_s: 10 });
		expect(call('wifi.status')).toMatchObject({ result: { state: 'failed', reason: 'not-found' } });
		run(11_000);
		expect(call('wifi.status')).toMatchObject({ result: { state: 'joined', ssid: 'Bench' } });
	});

	it('returns to what was stored after a restart during a trial, and on config.revert', async () => {
		const flash = new MemoryFlash();
		const first = await board(flash);
		first.call('wifi.set', JOIN);
		expect((await board(flash)).call('wifi.status')).toMatchObject({ result: { state: 'off' } });
		expect(first.call('config.revert')).toMatchObject({ result: { reverted: ['wifi'] } });
		expect(first.call('wifi.status')).toMatchObject({ result: { state: 'off' } });
	});

	it('keeps its name over a restart, and names the field that does not fit', async () => {
		const flash = new MemoryFlash();
		const { call } = await board(flash);
		expect(call('system.rename', { name: 'Küche' })).toMatchObject({ result: { name: 'Küche' } });
		expect((await board(flash)).call('system.info')).toMatchObject({
			result: { name: 'Küche', fw: '0.2.0' }
		});
		for (const [method, params, field] of [
			['system.rename', { name: '' }, 'name'],
			['wifi.set', {}, 'ssid'],
			['wifi.set', { ...JOIN, trial_s: 9 }, 'trial_s'],
			['mqtt.set', { uri: 'http://host' }, 'uri']
		] as const)
			expect(call(method, params)).toMatchObject({ error: { code: -32602, data: { field } } });
	});
});

interface SerialCase {
	name: string;
	hex: string;
	pieces: unknown[];
}

describe('a line of serial.json', () => {
	for (const { name, hex, pieces } of JSON.parse(
		readFileSync('tests/vectors/serial.json', 'utf8')
	) as SerialCase[])
		it(name, () => {
			const found = splitLine(Uint8Array.from(Buffer.from(hex, 'hex'))).pieces;
			const told = found.flatMap((piece): unknown[] => {
				if (piece.kind === 'text') return [];
				if (piece.kind === 'frame') return [{ frame: textOf(piece.json) }];
				return [{ improv: piece.type, data: [...piece.data] }];
			});
			expect(told).toEqual(pieces);
		});
});
