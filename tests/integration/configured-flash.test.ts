import mqtt from 'mqtt';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { systemClock, type Clock } from '$lib/base';
import { CableBoard } from '$lib/app/page/flash/cable-board';
import { sameThreadCompressor, type FirmwarePart } from '$lib/flash';
import { parseNvs, type NvsEntry } from '$lib/formats';
import { PRACTICE_NETWORK } from '$lib/lab';
import { practiceParts } from '$lib/lab/board/practice-parts';
import {
	EMPTY_SETTINGS,
	presentSettings,
	settingsImage,
	type SettingsForm,
	type SetupState
} from '$lib/provision';
import {
	INSTANT_TIMING,
	MemorySparseFlash,
	PRACTICE_AIR,
	PracticeBoard,
	PracticePort,
	type Cable
} from '../../src/lib/lab/board';
import { nodeConnector } from './field-environment';
import { startMosquitto } from './mosquitto';

vi.setConfig({ testTimeout: 60_000 });

/** Where practiceParts' table has NVS. */
const NVS = { offset: 0x9000, length: 0x5000 };
const BROKER = 'ws://broker.test';
const FORM: SettingsForm = {
	...EMPTY_SETTINGS,
	...{ ssid: PRACTICE_NETWORK.ssid, wifiPassword: PRACTICE_NETWORK.password },
	...{ uri: BROKER, username: 'bench', brokerPassword: 'word "of" the bench' },
	...{ name: 'Pumpe Süd', deviceId: 'sim-pump-2', timeZone: 'CET-1CEST,M3.5.0,M10.5.0/3' }
};

/** Waits a tenth: what is tested is not how long a radio takes. */
const quickClock: Clock = { now: () => systemClock.now(), after: (ms, fn) => systemClock.after(ms / 10, fn) };
const never = () => new AbortController().signal;
const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
	for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

let parts: readonly FirmwarePart[];
beforeAll(async () => {
	const named = ['Bootloader', 'Partition table', 'App'];
	parts = (await practiceParts()).map((part, i) => ({ ...part, name: named[i] ?? '', from: 'the build' }));
}, 120_000);

/** An empty practice board on the Flash page's own way to a board, and somebody who listens at a broker with accounts. */
async function bench() {
	const mosquitto = await startMosquitto({ users: { bench: FORM.brokerPassword, listener: 'word' } });
	cleanUps.push(() => mosquitto.stop());
	const listener = await mqtt.connectAsync(mosquitto.tcpUrl, { username: 'listener', password: 'word' });
	cleanUps.push(() => listener.endAsync(true));
	const heard: { topic: string; text: string }[] = [];
	listener.on('message', (topic, payload) => heard.push({ topic, text: payload.toString() }));
	await listener.subscribeAsync('iot/node/#');

	const flash = new MemorySparseFlash(4 << 20);
	const virtual = new PracticeBoard({
		...{ mac: 'fab0c0ffee01', name: 'Practice board', flash, timing: INSTANT_TIMING, clock: quickClock },
		random: () => 0.5,
		world: {
			...{ air: PRACTICE_AIR, radio: { scanMs: 10, joinMs: 10 }, connector: nodeConnector },
			dial: (url) => ({ kind: 'url', url: url === BROKER ? mosquitto.wsUrl : url })
		},
		onChange: () => undefined
	});
	virtual.plug();
	cleanUps.push(() => virtual.unplug());
	const board = new CableBoard(portOf(virtual), {
		compressor: () => ({ ...sameThreadCompressor(quickClock), close: () => undefined }),
		log: () => undefined,
		firstMessage: (id) =>
			vi.waitFor(() => expect(heard.some(({ topic }) => topic === `iot/node/${id}/telemetry`)).toBe(true), {
				timeout: 30_000
			}),
		brokers: () => Promise.reject(new Error('nobody asks'))
	});
	cleanUps.push(() => board.release());
	const facts = await board.connect(() => undefined, never());
	if (!facts.ok) throw new Error(facts.error.kind);

	const flashWith = async (settings: Uint8Array<ArrayBuffer>) => {
		const firmware = { name: 'Practice', version: '', parts, eraseFirst: 'never' } as const;
		const part = { name: 'Settings', offset: NVS.offset, bytes: settings, from: 'the form' };
		const plan = board.plan(firmware, { settings: part });
		expect(plan.problems).toStrictEqual([]);
		const states: string[] = [];
		await board.write(plan, ({ kind }) => states.push(kind), never());
		expect(states.at(-1)).toBe('done');
		return plan;
	};
	/** What the set-up step sees of it, to its end. */
	const setUp = async () => {
		const line = await board.listen(() => undefined, never());
		if (!line.ok) throw new Error(line.error.kind);
		const setup = board.setUp(line.value, never());
		const states: SetupState[] = [];
		setup.watch((state) => states.push(state), never());
		await setup.begin();
		return states;
	};
	const readNvs = () => {
		const read = parseNvs(flash.read(NVS.offset, NVS.length));
		if (!read.ok) throw new Error(read.error.kind);
		expect(read.value.damage).toStrictEqual([]);
		return read.value.entries;
	};
	return { board, heard, flashWith, setUp, readNvs };
}

function portOf(virtual: PracticeBoard): PracticePort {
	let cable: Cable | undefined;
	return new PracticePort({
		open(baud, events) {
			const opened = virtual.openCable(baud);
			if (!opened.ok) return Promise.resolve(opened.error);
			cable = opened.value;
			cable.onBytes((bytes) => events.bytes(bytes));
			cable.onLost(() => events.lost());
			return Promise.resolve('ok');
		},
		write: async (bytes) => {
			await cable?.write(bytes);
		},
		setSignals: (signals) => Promise.resolve(cable?.setSignals(signals)),
		close: () => Promise.resolve(cable?.close()),
		whenPlugged: () => undefined
	});
}

function imageOf(form: SettingsForm, base: readonly NvsEntry[] = []) {
	const image = settingsImage(form, base, { practice: true }, NVS.length);
	if (!image.ok) throw new Error(JSON.stringify(image.error));
	return image.value;
}

describe('an empty board that is flashed with its settings', () => {
	it('comes up in its network and at its broker, and needs nobody to set it up', async () => {
		const { flashWith, setUp, heard } = await bench();
		const plan = await flashWith(imageOf(FORM).bytes);
		expect(plan.regions.map(({ label, kind }) => `${label}: ${kind}`)).toContain('Settings: nvs');
		const states = (await setUp()).map(({ kind }) => kind);
		expect(states).toStrictEqual(['looking', 'waiting-for-message', 'live']);
		const status = heard.find(({ topic }) => topic === 'iot/node/sim-pump-2/status');
		expect(JSON.parse(status?.text ?? '')).toMatchObject({
			...{ state: 'online', name: 'Pumpe Süd', sim: true },
			components: { climate: 'sim-climate', led: 'led' }
		});
		const sample = heard.find(({ topic }) => topic === 'iot/node/sim-pump-2/telemetry');
		expect(JSON.parse(sample?.text ?? '')).toMatchObject({ node_id: 'Pumpe Süd', sim: true });
		expect(heard.filter(({ topic }) => !topic.includes('/sim-pump-2/'))).toStrictEqual([]);
	});

	it.each([
		['sensor', { air: 'bme280', light: 'adc-input', led: 'led' }],
		['inverter', { inverter: 'modbus-rtu', flow: 'inverter-flow', led: 'led' }],
		['none', {}]
	] as const)('has the components of the preset "%s"', async (components, expected) => {
		const { flashWith, board, heard } = await bench();
		await flashWith(imageOf({ ...FORM, components }).bytes);
		let log = '';
		const line = await board.listen((bytes) => (log += new TextDecoder().decode(bytes)), never());
		expect(line.ok).toBe(true);
		const online = await vi.waitFor(
			() => {
				const found = heard.find(({ topic }) => topic.endsWith('/status'));
				return JSON.parse(found?.text ?? '') as { components: object };
			},
			{ timeout: 30_000 }
		);
		expect(online.components).toStrictEqual(expected);
		expect(log).not.toMatch(/passed over|keeps its defaults|does not parse/u);
	});

	it('keeps all that it noted itself when it is flashed again with another name', async () => {
		const { flashWith, setUp, board, readNvs, heard } = await bench();
		await flashWith(imageOf(FORM).bytes);
		await setUp();
		await board.release();
		expect((await board.connect(() => undefined, never())).ok).toBe(true);
		const read = await board.read(NVS, () => undefined, never());
		const before = readNvs();
		expect(read.ok && parseNvs(read.value)).toMatchObject({ value: { entries: before } });
		expect(before.length).toBeGreaterThan(4); // the count of its starts, for one

		const { changes, kept, bytes } = imageOf(
			{ ...FORM, wifiPassword: '', brokerPassword: '', name: 'Pumpe Nord' },
			before
		);
		expect(changes).toStrictEqual([{ namespace: 'fieldbench', key: 'name', change: 'changed' }]);
		expect(kept).toBeGreaterThan(3);
		await flashWith(bytes);
		heard.length = 0;
		const states = (await setUp()).map(({ kind }) => kind);
		expect(states).toStrictEqual(['looking', 'waiting-for-message', 'live']);
		expect(heard.some(({ text }) => text.includes('Pumpe Nord'))).toBe(true);
		expect(presentSettings(readNvs())).toMatchObject({ name: 'Pumpe Nord', hasBrokerPassword: true });
	});

	it('believes only sealed messages where it was given a secret', async () => {
		const { flashWith, board } = await bench();
		await flashWith(imageOf({ ...FORM, secret: btoa('k'.repeat(32)) }).bytes);
		const line = await board.listen(() => undefined, never());
		if (!line.ok) throw new Error(line.error.kind);
		const { SerialDeviceApi } = await import('$lib/device');
		const api = new SerialDeviceApi(line.value, { clock: systemClock });
		await vi.waitFor(
			async () =>
				expect(await api.call('keys.status', {}, { signal: never(), timeoutMs: 1000 })).toStrictEqual({
					ok: true,
					value: { required: true }
				}),
			{ timeout: 30_000 }
		);
	});
});
