import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { delay, ManualClock, utf8 } from '$lib/base';
import { BoardPort, encodeImprov, type LineLease, type SerialLine } from '$lib/link';
import { FakeBoard } from '../../../tests/fixtures/serial/fake-board';
import { FakePort } from '../../../tests/fixtures/serial/fake-port';
import { Setup } from './setup';
import type { BrokerForm, SetupState } from './setup-state';

const GOOD = 'mqtt://192.168.1.20:1883';
const form: BrokerForm = { uri: GOOD, username: 'me', password: 'pass', name: 'Bench 1' };
let clock: ManualClock;
let port: FakePort;
let board: FakeBoard;
let lease: LineLease;
let line: SerialLine;
let setup: Setup;
let states: SetupState[];
/** ms until the page's broker tells of the device; undefined: never. */
let heardAfterMs: number | undefined;

beforeEach(async () => {
	clock = new ManualClock();
	port = new FakePort();
	board = new FakeBoard(port);
	board.brokers[GOOD] = { state: 'connected' };
	heardAfterMs = 1000;
	const leased = await new BoardPort(port, { clock }).lease('line', new AbortController().signal);
	if (!leased.ok) throw new Error(leased.error.kind);
	lease = leased.value;
	const opened = await lease.open(115_200);
	if (!opened.ok) throw new Error(opened.error.kind);
	line = opened.value;
	states = [];
	const firstMessage = (_id: string, signal: AbortSignal) => delay(heardAfterMs ?? 1e9, clock, signal);
	setup = new Setup({ line, clock, firstMessage }, new AbortController().signal);
	setup.watch((state) => states.push(state), lease.signal);
});
afterEach(() => lease.release());

const settle = () => new Promise((resolve) => setImmediate(resolve));

/** Lets time go by in steps, with all that falls due between them. */
async function pass(ms: number, stepMs = 100): Promise<void> {
	for (let gone = 0; gone < ms; gone += stepMs) {
		await settle();
		clock.advance(stepMs);
	}
	await settle();
}

/** Lets time go by until the state is of `kind`, at most a minute. */
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

async function toBroker() {
	await toWifi();
	void setup.join({ ssid: 'Bench', password: 'secret-1' });
	return until('needs-broker');
}

describe('finding the board', () => {
	it('offers the networks that the board hears: each once, the strongest first', async () => {
		const state = await toWifi();
		expect(state.board).toEqual({
			firmware: 'fieldbench-node',
			version: '1.2.3',
			chip: 'ESP32-C3',
			name: 'Fresh'
		});
		expect(state.networks).toEqual([
			{ ssid: 'Bench', rssiDbm: -48, secured: true },
			{ ssid: 'Café', rssiDbm: -80, secured: false }
		]);
	});

	it('keeps the list in place when it looks again', async () => {
		await toWifi();
		board.networks = [
			{ ssid: 'New', password: '', rssi: -30 },
			{ ssid: 'Café', password: '', rssi: -40 }
		];
		await pass(6000);
		const state = await until('needs-wifi');
		expect(state.networks?.map((network) => [network.ssid, network.rssiDbm])).toEqual([
			['Bench', -48],
			['Café', -40],
			['New', -30]
		]);
	});

	it('finds a board that is still starting', async () => {
		board.improv = false;
		void setup.begin();
		await pass(4000);
		port.say(utf8('I (31) boot: ESP-IDF v5.1\n'));
		board.improv = true;
		await until('needs-wifi');
	});

	it('asks nothing of a board that kept its settings and is with its broker', async () => {
		board.joined = 'Bench';
		board.uri = GOOD;
		board.brokers[GOOD] = { state: 'connected' };
		void setup.begin();
		await until('live');
		expect(states.map((state) => state.kind)).not.toContain('needs-broker');
		expect(board.asked).not.toContain('mqtt.set');
	});

	it('knows a bootloader that finds no program from a firmware that writes a log', async () => {
		board.improv = false;
		void setup.begin();
		await pass(100);
		port.say(utf8('ESP-ROM:esp32c3\r\nE (82) boot: No bootable app partitions in the partition table\r\n'));
		await pass(10_500);
		expect(setup.state).toEqual({ kind: 'no-improv', heard: 'no-program' });
	});

	it('tells a firmware without Improv from silence, after ten seconds', async () => {
		board.improv = false;
		void setup.begin();
		await pass(9500);
		expect(setup.state.kind).toBe('looking');
		await pass(1000);
		expect(setup.state).toEqual({ kind: 'no-improv', heard: 'nothing' });
		void setup.begin();
		await pass(100);
		port.say(utf8('Hello from another firmware\n'));
		await pass(10_500);
		expect(setup.state).toEqual({ kind: 'no-improv', heard: 'text' });
		board.improv = true;
		await toWifi();
	});

	it('goes on at the broker where the board is in a network already', async () => {
		board.joined = 'Home';
		void setup.begin();
		expect((await until('needs-broker')).network).toEqual({ kind: 'wifi', ssid: 'Home', ip: '192.168.1.77' });
	});

	it('fails with the line when the board is unplugged, and says so', async () => {
		await toWifi();
		port.unplug();
		await settle();
		expect(setup.state).toEqual({ kind: 'failed', problem: { kind: 'line', error: { kind: 'unplugged' } } });
	});
});

describe('joining', () => {
	it('goes back to the networks with the cause, and can be tried again', async () => {
		await toWifi();
		void setup.join({ ssid: 'Bench', password: 'wrong' });
		const again = await until('needs-wifi');
		expect(again).toMatchObject({ ssid: 'Bench', problem: { kind: 'wrong-password' } });
		expect(again.networks).toHaveLength(2);
		void setup.join({ ssid: 'Bench', password: 'secret-1' });
		expect((await until('needs-broker')).network.ssid).toBe('Bench');
	});

	it('asks the board itself where the answer was lost on the line', async () => {
		await toWifi();
		board.deafTo.add(1);
		void setup.join({ ssid: 'Bench', password: 'secret-1' });
		await pass(15_000);
		board.joined = 'Bench';
		await pass(16_000);
		await until('needs-broker');
	});

	it('takes no state for success that tells of the network before', async () => {
		await toWifi();
		board.deafTo.add(1);
		void setup.join({ ssid: 'Bench', password: 'secret-1' });
		await pass(1000);
		port.say(encodeImprov(1, Uint8Array.of(4)));
		board.result(4, []);
		board.result(3, ['other', '', '', '']);
		await pass(1000);
		expect(setup.state.kind).toBe('joining');
		await pass(29_000);
		expect(await until('needs-wifi')).toMatchObject({ problem: { kind: 'timeout' } });
	});

	it('sends no name or password that Wi-Fi cannot have', async () => {
		await toWifi();
		void setup.join({ ssid: 'x'.repeat(33), password: '' });
		expect(await until('needs-wifi')).toMatchObject({ problem: { kind: 'too-long' } });
		expect(board.asked).not.toContain('improv 1');
	});

	it('can be cancelled, and another network chosen', async () => {
		await toWifi();
		board.deafTo.add(1);
		const joining = setup.join({ ssid: 'Bench', password: 'secret-1' });
		await pass(500);
		void setup.chooseWifi();
		await joining;
		expect((await until('needs-wifi')).networks).toHaveLength(2);
	});
});

describe('the broker', () => {
	it('goes all the way: name, trial, connection, confirmation, first message', async () => {
		expect((await toBroker()).form).toEqual({ uri: '', username: '', password: '', name: 'Fresh' });
		board.brokers[GOOD] = { state: 'connecting' };
		void setup.apply(form);
		await pass(3000);
		expect(setup.state).toMatchObject({ kind: 'applying', step: 'connecting' });
		expect(board.confirmed).toBe(0);
		board.brokers[GOOD] = { state: 'connected' };
		expect(await until('live')).toEqual({ kind: 'live', deviceId: 'fb-001122334455', form });
		const steps = states.flatMap((state) => (state.kind === 'applying' ? [state.step] : [state.kind]));
		expect(steps.slice(-6)).toEqual([
			'naming',
			'setting',
			'connecting',
			'confirming',
			'waiting-for-message',
			'live'
		]);
		expect(board).toMatchObject({ name: 'Bench 1', uri: GOOD, confirmed: 1, before: undefined });
	});

	it('goes back with each reason, the form kept and the board as it was', async () => {
		await toBroker();
		for (const reason of ['not-authorised', 'unreachable', 'name-not-found', 'tls', 'refused'] as const) {
			board.brokers['mqtt://b:1'] = { state: 'failed', reason };
			const asked = { ...form, uri: 'mqtt://b:1' };
			void setup.apply(asked);
			await until('applying');
			expect(await until('needs-broker')).toMatchObject({ form: asked, problem: { kind: reason } });
			await pass(200);
			expect(board).toMatchObject({ uri: '', confirmed: 0 });
		}
		void setup.apply(form);
		await until('live');
	});

	it('gives up a broker that never answers, within the trial', async () => {
		await toBroker();
		void setup.apply({ ...form, uri: 'mqtt://silent:1' });
		await until('applying');
		expect(await until('needs-broker')).toMatchObject({ problem: { kind: 'timeout' } });
		await pass(200);
		expect(board.uri).toBe('');
	});

	it('says what the board waits for, where it knows', async () => {
		await toBroker();
		board.brokers[GOOD] = { state: 'off', reason: 'no-network' };
		void setup.apply(form);
		await until('applying');
		expect(await until('needs-broker')).toMatchObject({ problem: { kind: 'no-network' } });
	});

	it('does not take what the session before said of the same address for news', async () => {
		await toBroker();
		board.brokers[GOOD] = { state: 'failed', reason: 'not-authorised' };
		void setup.apply(form);
		await pass(300); // a board ends the old session only once its answer is out
		board.brokers[GOOD] = { state: 'connected' };
		await until('live');
	});

	it('does not take the connection to the broker before for one to this', async () => {
		await toBroker();
		board.answers['mqtt.status'] = () => ({ result: { uri: 'mqtt://old:1', state: 'connected' } });
		void setup.apply(form);
		await pass(5000);
		expect(setup.state).toMatchObject({ kind: 'applying', step: 'connecting' });
		expect(board.confirmed).toBe(0);
	});

	it('tells what the board refused', async () => {
		await toBroker();
		board.answers['mqtt.set'] = () => ({
			error: { code: -32602, message: 'params', data: { field: 'uri' } }
		});
		void setup.apply(form);
		await until('applying');
		expect(await until('needs-broker')).toMatchObject({ problem: { kind: 'bad-uri' } });
		board.answers['mqtt.set'] = () => ({ error: { code: -32005, message: 'storage failed' } });
		void setup.apply(form);
		await until('applying');
		expect(await until('needs-broker')).toMatchObject({ problem: { kind: 'board-refused', code: -32005 } });
	});

	it('never says live where the confirmation came too late', async () => {
		await toBroker();
		board.answers['config.confirm'] = () => ({ result: { confirmed: [] } });
		void setup.apply(form);
		await until('applying');
		expect(await until('needs-broker')).toMatchObject({ problem: { kind: 'trial-over' } });
		expect(states.map((state) => state.kind)).not.toContain('waiting-for-message');
	});

	it('never says live where the confirmation was not heard', async () => {
		await toBroker();
		board.answers['config.confirm'] = () => 'silent';
		void setup.apply(form);
		await until('applying');
		expect(await until('needs-broker')).toMatchObject({ problem: { kind: 'no-answer' } });
		await pass(200);
		expect(board.uri).toBe('');
		expect(states.map((state) => state.kind)).not.toContain('waiting-for-message');
	});

	it('says that nothing was heard where the board is connected elsewhere', async () => {
		heardAfterMs = undefined;
		await toBroker();
		void setup.apply(form);
		await until('waiting-for-message');
		expect(await until('needs-broker')).toMatchObject({ problem: { kind: 'not-heard', waitedMs: 30_000 } });
	});

	it('takes back what is on trial when it is cancelled', async () => {
		await toBroker();
		void setup.apply({ ...form, uri: 'mqtt://silent:1' });
		await pass(2000);
		expect(board.uri).toBe('mqtt://silent:1');
		void setup.chooseBroker();
		await pass(200);
		expect(setup.state).toMatchObject({ kind: 'needs-broker', form: { uri: 'mqtt://silent:1' } });
		expect(board).toMatchObject({ uri: '', confirmed: 0 });
	});

	it('sends no account where none is asked for', async () => {
		await toBroker();
		let sent: unknown;
		board.answers['mqtt.set'] = (params) => {
			sent = params;
			board.uri = GOOD;
			return { result: { trial_s: 60 } };
		};
		void setup.apply({ ...form, username: '', password: '' });
		await until('live');
		expect(sent).toEqual({ uri: GOOD, trial_s: 60 });
	});
});

describe('a bad line', () => {
	/** mulberry32: a small seeded generator, so that a failing session can be had again. */
	function seeded(seed: number): () => number {
		let a = seed;
		return () => {
			a = (a + 0x6d2b79f5) | 0;
			let t = Math.imul(a ^ (a >>> 15), 1 | a);
			t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
			return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
		};
	}

	it(
		'gives no false success in 50 seeded sessions with lost and flipped bytes',
		{ timeout: 60_000 },
		async () => {
			let live = 0;
			for (let seed = 1; seed <= 50; seed++) {
				const random = seeded(seed);
				const rate = 0.0005 * (1 + (seed % 5));
				const noisyPort = new FakePort();
				const noisy = new FakeBoard(noisyPort);
				noisy.brokers[GOOD] = { state: 'connected' };
				noisy.noise = (bytes) =>
					Uint8Array.from(
						[...bytes].flatMap((byte) => {
							if (random() >= rate) return [byte];
							return random() < 0.5 ? [] : [byte ^ (1 << Math.floor(random() * 8))];
						})
					);
				const leased = await new BoardPort(noisyPort, { clock }).lease('line', new AbortController().signal);
				if (!leased.ok) throw new Error('no lease');
				const opened = await leased.value.open(115_200);
				if (!opened.ok) throw new Error('not open');
				const firstMessage = (_id: string, signal: AbortSignal) =>
					delay(noisy.uri === GOOD && noisy.before === undefined ? 500 : 1e9, clock, signal);
				setup = new Setup({ line: opened.value, clock, firstMessage }, leased.value.signal);
				void setup.begin();
				for (let step = 0; step < 1500 && setup.state.kind !== 'live'; step++) {
					await pass(100);
					const { state } = setup;
					if (state.kind === 'no-improv' || state.kind === 'failed') void setup.begin();
					else if (state.kind === 'needs-wifi' && !state.scanning)
						void setup.join({ ssid: 'Bench', password: 'secret-1' });
					else if (state.kind === 'needs-broker') void setup.apply(form);
				}
				if (setup.state.kind === 'live') {
					live++;
					expect(noisy, `seed ${seed}`).toMatchObject({
						joined: 'Bench',
						uri: GOOD,
						name: 'Bench 1',
						before: undefined
					});
				}
				await leased.value.release();
			}
			expect(live).toBeGreaterThan(45);
		}
	);
});
