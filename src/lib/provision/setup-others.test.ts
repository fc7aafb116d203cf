import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ManualClock } from '$lib/base';
import { BoardPort, encodeImprov, type LineLease, type SerialLine } from '$lib/link';
import { FakeBoard } from '../../../tests/fixtures/serial/fake-board';
import { FakePort } from '../../../tests/fixtures/serial/fake-port';
import { Setup, type SetupParts } from './setup';
import type { SetupState } from './setup-state';

/** Boards whose firmware is not ours: they speak Improv, and no Device API. */
let clock: ManualClock;
let port: FakePort;
let board: FakeBoard;
let lease: LineLease;
let line: SerialLine;
let setup: Setup;

beforeEach(async () => {
	clock = new ManualClock();
	port = new FakePort();
	board = new FakeBoard(port);
	board.api = false;
	board.firmware = ['ESPHome', '2025.12.2'];
	const leased = await new BoardPort(port, { clock }).lease('line', new AbortController().signal);
	if (!leased.ok) throw new Error(leased.error.kind);
	lease = leased.value;
	const opened = await lease.open(115_200);
	if (!opened.ok) throw new Error(opened.error.kind);
	line = opened.value;
	make();
});
afterEach(() => lease.release());

function make(parts: Partial<SetupParts> = {}): void {
	const firstMessage = () => new Promise<void>(() => undefined);
	setup = new Setup({ line, clock, firstMessage, ...parts }, new AbortController().signal);
}

const settle = () => new Promise((resolve) => setImmediate(resolve));

async function pass(ms: number): Promise<void> {
	for (let gone = 0; gone < ms; gone += 100) {
		await settle();
		clock.advance(100);
	}
	await settle();
}

async function until<K extends SetupState['kind']>(kind: K): Promise<Extract<SetupState, { kind: K }>> {
	for (let step = 0; setup.state.kind !== kind && step < 600; step++) await pass(100);
	expect(setup.state.kind).toBe(kind);
	return setup.state as Extract<SetupState, { kind: K }>;
}

async function toWifi() {
	void setup.begin();
	await until('needs-wifi');
	await pass(200);
	return until('needs-wifi');
}

const push = (state: number) => port.say(encodeImprov(1, Uint8Array.of(state)));

describe('a board without our Device API', () => {
	it('is done once it is in its network, with the address of its own page', async () => {
		board.pages = ['http://192.168.1.77/'];
		expect((await toWifi()).networks).toHaveLength(2);
		void setup.join({ ssid: 'Bench', password: 'secret-1' });
		expect(await until('on-network')).toMatchObject({
			board: { firmware: 'ESPHome' },
			ssid: 'Bench',
			page: { kind: 'page', url: 'http://192.168.1.77/', host: '192.168.1.77', reach: 'local' }
		});
		expect(board.asked.filter((method) => method.startsWith('mqtt'))).toEqual([]);
	});

	it('is not asked for what it has: it is in a network already', async () => {
		board.joined = 'Home';
		board.pages = [''];
		void setup.begin();
		expect(await until('on-network')).toMatchObject({ ssid: '', page: { kind: 'none' } });
	});

	it('can be taken to another network from there', async () => {
		board.joined = 'Home';
		void setup.begin();
		await until('on-network');
		void setup.chooseWifi();
		await until('needs-wifi');
		push(4); // it is where it was: no news
		await pass(500);
		expect(setup.state.kind).toBe('needs-wifi');
		void setup.join({ ssid: 'Café', password: '' });
		expect(await until('on-network')).toMatchObject({ ssid: 'Café' });
	});

	it('is asked for its state where the answer to a join was lost', async () => {
		await toWifi();
		board.deafTo.add(1);
		void setup.join({ ssid: 'Bench', password: 'secret-1' });
		await pass(15_000);
		board.joined = 'Bench';
		expect(await until('on-network')).toMatchObject({ ssid: 'Bench' });
	});

	it('that was in a network before is not taken for joined by that', async () => {
		board.joined = 'Home';
		void setup.begin();
		await until('on-network');
		void setup.chooseWifi();
		await until('needs-wifi');
		board.deafTo.add(1);
		void setup.join({ ssid: 'Bench', password: 'secret-1' });
		await until('joining');
		expect(await until('needs-wifi')).toMatchObject({ problem: { kind: 'timeout' } });
	});

	it('says why it joined nothing, in the words that Improv has', async () => {
		await toWifi();
		void setup.join({ ssid: 'Bench', password: 'wrong' });
		await until('joining');
		expect(await until('needs-wifi')).toMatchObject({ ssid: 'Bench', problem: { kind: 'refused' } });
		for (const [code, kind] of [
			[2, 'unsupported'],
			[4, 'locked']
		] as const) {
			board.deafTo.add(1);
			void setup.join({ ssid: 'Bench', password: 'secret-1' });
			await until('joining');
			await pass(200);
			board.error(code);
			expect(await until('needs-wifi')).toMatchObject({ problem: { kind } });
		}
	});

	it('that joins by itself meanwhile, or falls out, is followed', async () => {
		await toWifi();
		board.joined = 'Home';
		board.pages = ['https://node.example.org/'];
		push(4);
		expect(await until('on-network')).toMatchObject({ page: { kind: 'page', reach: 'internet' } });
		board.joined = '';
		push(2);
		expect(await until('needs-wifi')).toMatchObject({ problem: { kind: 'lost' } });
	});

	it('that is wired is online without Wi-Fi, or says what it lacks', async () => {
		board.reach = ['5', 'http://10.0.0.9'];
		void setup.begin();
		expect(await until('on-network')).toMatchObject({ page: { host: '10.0.0.9' } });
		board.reach = ['4'];
		void setup.begin();
		expect(await until('failed')).toEqual({ kind: 'failed', problem: { kind: 'no-wifi' } });
	});

	it('whose Wi-Fi is turned off says so', async () => {
		board.stateIs = 0;
		void setup.begin();
		expect(await until('failed')).toEqual({ kind: 'failed', problem: { kind: 'wifi-off' } });
	});

	it('that calls itself ours and is silent is not taken for done', async () => {
		board.firmware = ['Fieldbench', '0.2.0'];
		board.joined = 'Home';
		void setup.begin();
		expect(await until('failed')).toEqual({ kind: 'failed', problem: { kind: 'silent-api' } });
	});
});

describe('its names', () => {
	it('are offered where it offers them, and set before it joins', async () => {
		board.host = 'esphome-1';
		board.offersName = true;
		expect((await toWifi()).names).toEqual({ device: 'Fresh', host: 'esphome-1' });
		const names = { device: 'Kitchen', host: 'kitchen' };
		void setup.join({ ssid: 'Bench', password: 'secret-1', names });
		expect(await until('on-network')).toMatchObject({ names });
		expect(board).toMatchObject({ name: 'Kitchen', host: 'kitchen', joined: 'Bench' });
		const order = board.asked.filter((asked) => /improv [156]/u.test(asked));
		expect(order.slice(-3)).toEqual(['improv 6', 'improv 5', 'improv 1']);
	});

	it('are not asked for where it has none, and not set where nothing changed', async () => {
		expect((await toWifi()).names).toEqual({});
		board.host = 'esphome-1';
		void setup.begin();
		await until('looking');
		expect((await toWifi()).names).toEqual({ host: 'esphome-1' });
		const before = board.asked.filter((asked) => asked === 'improv 5').length;
		void setup.join({ ssid: 'Bench', password: 'secret-1', names: { host: 'esphome-1' } });
		await until('on-network');
		expect(board.asked.filter((asked) => asked === 'improv 5')).toHaveLength(before);
	});

	it('that it does not take are told, and nothing is joined', async () => {
		board.host = 'esphome-1';
		await toWifi();
		for (const [host, why] of [
			['taken', 'bad-hostname'],
			['not a host', 'bad-hostname']
		] as const) {
			void setup.join({ ssid: 'Bench', password: 'secret-1', names: { host } });
			await until('joining');
			expect(await until('needs-wifi')).toMatchObject({ problem: { kind: 'name', which: 'host', why } });
		}
		expect(board.asked).not.toContain('improv 1');
	});
});

describe('how long a new firmware is waited for', () => {
	it('is what its manifest says', async () => {
		board.improv = false;
		make({ improvWaitS: 20 });
		void setup.begin();
		await pass(19_000);
		expect(setup.state.kind).toBe('looking');
		await pass(2000);
		expect(setup.state).toEqual({ kind: 'no-improv', heard: 'nothing' });
	});

	it('is not at all where it says that there is no Improv; a person may ask all the same', async () => {
		make({ improvWaitS: 0 });
		void setup.begin();
		await settle();
		expect(setup.state).toEqual({ kind: 'no-improv', heard: 'not-offered' });
		expect(port.written).toEqual([]);
		await toWifi();
	});
});
