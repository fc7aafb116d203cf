import { beforeAll, describe, expect, it, vi } from 'vitest';
import { concatBytes, done, ManualClock, textOf, utf8 } from '$lib/base';
import {
	splitLine,
	encodeFrame,
	encodeImprov,
	type MqttConnector,
	type WireEvents,
	type WireOptions
} from '$lib/link';
import { PracticeBoard, type Cable } from './practice-board';
import { practiceParts } from './practice-parts';
import { PRACTICE_AIR, PRACTICE_NETWORK, RADIO_TIMES } from './sim-network';
import { MemorySparseFlash } from './sparse-flash';
import { INSTANT_TIMING, TYPICAL_TIMING } from './timing';

type Parts = Awaited<ReturnType<typeof practiceParts>>;
let parts: Parts;
let foreign: Parts;
beforeAll(async () => {
	parts = await practiceParts();
	foreign = await practiceParts(5);
}, 60_000);

const MAC = 'fab0a1b2c3d4';

/** A board with a broker that takes whoever has the right password. */
function bench(flashed: Parts = parts, timing = INSTANT_TIMING) {
	const clock = new ManualClock();
	const flash = new MemorySparseFlash(4 << 20);
	for (const { offset, bytes } of flashed) flash.program(offset, bytes);
	const tries: {
		options: WireOptions;
		events: WireEvents;
		published: { topic: string; text: string; retain: boolean }[];
	}[] = [];
	const connector: MqttConnector = (options, events) => {
		const attempt = { options, events, published: [] as { topic: string; text: string; retain: boolean }[] };
		tries.push(attempt);
		return Promise.resolve({
			subscribe: () => Promise.resolve(true),
			unsubscribe: () => {},
			ping: () => {},
			publish: (topic, payload, { retain }) => {
				attempt.published.push({ topic, text: textOf(payload) ?? '', retain: retain ?? false });
				return Promise.resolve(done);
			},
			close: () => Promise.resolve()
		});
	};
	const board = new PracticeBoard({
		...{ mac: MAC, name: 'Practice board', flash, timing, clock, random: () => 0.5 },
		world: { air: PRACTICE_AIR, radio: RADIO_TIMES, connector, dial: (url) => ({ kind: 'url', url }) },
		onChange: () => {}
	});
	return { board, clock, flash, tries, heard: new Uint8Array() as Uint8Array };
}
type Bench = ReturnType<typeof bench>;

const never = () => false;
async function turnOf(b: Bench): Promise<void> {
	b.clock.advance(1);
	await new Promise((resolve) => setImmediate(resolve));
}

/** Lets the WebAssembly compile and promises settle. */
async function settled(b: Bench, untilTrue: () => boolean = never): Promise<void> {
	for (let turn = 0; turn < 40 && !untilTrue(); turn++) await turnOf(b);
	// Compiling takes the time it takes.
	if (untilTrue !== never) await vi.waitFor(() => turnOf(b).then(() => expect(untilTrue()).toBe(true)), 5000);
}

function openCable(b: Bench): Cable {
	const cable = b.board.openCable(115_200);
	if (!cable.ok) throw new Error(cable.error);
	cable.value.onBytes((bytes) => (b.heard = concatBytes([b.heard, bytes])));
	return cable.value;
}

const text = (b: Bench) =>
	splitLine(b.heard)
		.pieces.map((piece) => (piece.kind === 'text' ? new TextDecoder().decode(piece.bytes) : ''))
		.join('');
const frames = (b: Bench) =>
	splitLine(b.heard).pieces.flatMap((piece) =>
		piece.kind === 'frame' ? [JSON.parse(textOf(piece.json) ?? '') as Record<string, unknown>] : []
	);
const improv = (b: Bench) => splitLine(b.heard).pieces.filter((piece) => piece.kind === 'improv');

async function running() {
	const b = bench();
	b.board.plug();
	const cable = openCable(b);
	await settled(b, () => b.board.state.kind === 'running');
	expect(b.board.state).toMatchObject({ kind: 'running', project: 'fieldbench-node' });
	let asked = 0;
	const ask = async (method: string, params: object) => {
		const id = `q${++asked}`;
		await cable.write(encodeFrame(utf8(JSON.stringify({ jsonrpc: '2.0', id, method, params }))));
		const answer = () => frames(b).find((frame) => frame['id'] === id);
		await settled(b, () => answer() !== undefined);
		return answer()?.['result'] ?? answer();
	};
	return { ...b, b, cable, ask };
}

const JOIN = concatBytes([
	Uint8Array.of(1, 2 + PRACTICE_NETWORK.ssid.length + PRACTICE_NETWORK.password.length),
	Uint8Array.of(PRACTICE_NETWORK.ssid.length),
	utf8(PRACTICE_NETWORK.ssid),
	Uint8Array.of(PRACTICE_NETWORK.password.length),
	utf8(PRACTICE_NETWORK.password)
]);

describe('after a reset', () => {
	it('an empty flash is no program, and the ROM says so again and again', async () => {
		const b = bench([]);
		b.board.plug();
		openCable(b);
		b.board.pressEn();
		expect(b.board.state).toEqual({ kind: 'stuck', fault: { kind: 'no-bootloader' } });
		await settled(b);
		expect(text(b)).toContain('invalid header: 0xffffffff');
	});

	it('what was flashed is what runs', async () => {
		const { b, ask, board } = await running();
		board.pressEn();
		await settled(b, () => board.state.kind === 'running');
		expect(text(b)).toContain('Loaded app from partition at offset 0x10000');
		expect(await ask('system.info', {})).toMatchObject({
			id: `sim-${MAC}`,
			name: 'Practice board',
			sim: true
		});
	});

	it('an image for a real chip is kept and not run, and the log says why', () => {
		const b = bench(foreign);
		b.board.plug();
		openCable(b);
		b.board.pressEn();
		expect(b.board.state).toMatchObject({ kind: 'stuck', fault: { kind: 'foreign', chipId: 5 } });
		expect(text(b)).toContain('mismatch chip ID, expected 64256, found 5');
		expect(b.flash.read(0x10000, 1)[0]).toBe(0xe9);
	});

	it.each([
		['one flipped bit', (f: MemorySparseFlash) => f.program(0x10400, Uint8Array.of(0)), 'app-damaged'],
		['a table that was erased', (f: MemorySparseFlash) => f.erase(0x8000, 0x1000), 'no-partition-table'],
		['a slot that was erased', (f: MemorySparseFlash) => f.erase(0x10000, 0x1000), 'no-app']
	])('%s is found', (_, harm, kind) => {
		const b = bench();
		harm(b.flash);
		b.board.plug();
		expect(b.board.state).toMatchObject({ kind: 'stuck', fault: { kind } });
	});

	it('with IO0 low the ROM waits for a download', () => {
		const b = bench();
		b.board.plug();
		const cable = openCable(b);
		cable.setSignals({ dataTerminalReady: false, requestToSend: true });
		cable.setSignals({ dataTerminalReady: true, requestToSend: false });
		expect(b.board.state).toEqual({ kind: 'download', stub: false });
		expect(text(b)).toContain('waiting for download');
		b.board.pressBoot(true);
		b.board.pressEn();
		expect(b.board.state.kind).toBe('download');
		b.board.pressBoot(false);
		cable.setSignals({ dataTerminalReady: false, requestToSend: false });
		b.board.pressEn();
		expect(b.board.state.kind).toBe('booting');
	});
});

describe('the cable', () => {
	it('has one opener at a time, and is lost when it is pulled', () => {
		const b = bench([]);
		expect(b.board.openCable(115_200)).toEqual({ ok: false, error: 'unplugged' });
		b.board.plug();
		const cable = openCable(b);
		let lost = 0;
		cable.onLost(() => lost++);
		expect(b.board.openCable(115_200)).toEqual({ ok: false, error: 'busy' });
		b.board.unplug();
		expect([lost, b.board.state.kind]).toEqual([1, 'unplugged']);
		b.board.plug();
		expect(b.board.openCable(115_200).ok).toBe(true);
	});
});

describe('DTR and RTS', () => {
	/** What the board writes from now on. */
	const said = (b: Bench) => {
		b.clock.advance(1);
		const from = b.heard.length;
		return () => new TextDecoder().decode(b.heard.subarray(from));
	};

	it('fall with the cable, so that an opener that died in mid-pulse leaves a board that starts', () => {
		const b = bench([]);
		b.board.plug();
		const holdsIo0 = openCable(b);
		holdsIo0.setSignals({ dataTerminalReady: true, requestToSend: false });
		holdsIo0.close();
		b.board.pressEn();
		expect(b.board.state.kind).toBe('stuck');

		b.board.pressBoot(true);
		b.board.pressEn();
		b.board.pressBoot(false);
		expect(b.board.state.kind).toBe('download');
		const holdsEn = openCable(b);
		holdsEn.setSignals({ dataTerminalReady: false, requestToSend: true });
		b.board.pressEn();
		expect(b.board.state.kind).toBe('download');
		holdsEn.close();
		expect(b.board.state.kind).toBe('stuck');
	});

	it('of a cable that was pulled in mid-pulse are not those of the next', () => {
		const b = bench([]);
		b.board.plug();
		openCable(b).setSignals({ requestToSend: true });
		b.board.unplug();
		b.board.plug();
		const cable = openCable(b);
		const text = said(b);
		cable.setSignals({ dataTerminalReady: false, requestToSend: false });
		b.clock.advance(10);
		expect(text()).toBe('');
	});
});

it('tells why it restarted, as the ROM does', () => {
	const b = bench([]);
	b.board.plug();
	openCable(b);
	b.board.pressEn();
	b.clock.advance(3000);
	expect(text(b).match(/rst:\S+ \(\w+\)/gu)).toEqual(['rst:0x1 (POWERON)', 'rst:0x7 (TG0WDT_SYS_RST)']);
	for (const { offset, bytes } of parts) if (offset < 0x10000) b.flash.program(offset, bytes);
	b.board.pressEn();
	b.clock.advance(3000);
	expect(text(b)).toContain('rst:0x3 (RTC_SW_SYS_RST)');
});

it('gives the next opener nothing of what was on the way to the last one', () => {
	const b = bench([], TYPICAL_TIMING);
	b.board.plug();
	const fast = b.board.openCable(921_600);
	b.board.pressEn();
	if (fast.ok) fast.value.close();
	openCable(b);
	b.clock.advance(1000);
	expect(b.heard).toHaveLength(0);
});

describe('its firmware', () => {
	it('is set up by Improv and the Device API over the cable, and keeps it over a reset', async () => {
		const { b, cable, ask, board, tries } = await running();
		await cable.write(encodeImprov(3, Uint8Array.of(4, 0)));
		b.clock.advance(RADIO_TIMES.scanMs);
		await settled(b, () => improv(b).length >= 4);
		expect(new TextDecoder().decode(b.heard)).toContain('Café Guest');

		await cable.write(encodeImprov(3, JOIN));
		b.clock.advance(RADIO_TIMES.joinMs);
		await settled(b, () => improv(b).some((p) => p.kind === 'improv' && p.type === 1 && p.data[0] === 4));
		expect(await ask('wifi.status', {})).toMatchObject({ state: 'joined', ssid: PRACTICE_NETWORK.ssid });

		await ask('mqtt.set', { uri: 'ws://192.168.1.5:9001' });
		await settled(b, () => tries.length > 0);
		tries.at(-1)!.events.connected(false);
		await settled(b, () => tries.at(-1)!.published.length > 0);
		expect(tries.at(-1)!.published[0]).toMatchObject({ topic: `iot/node/sim-${MAC}/status`, retain: true });
		expect(await ask('mqtt.status', {})).toMatchObject({ state: 'connected' });
		expect(await ask('config.confirm', {})).toMatchObject({ confirmed: ['mqtt'] });

		board.pressEn();
		await settled(b, () => board.state.kind === 'running');
		b.clock.advance(RADIO_TIMES.joinMs);
		await settled(b, () => tries.length > 1);
		expect(tries.at(-1)!.options.url).toContain('192.168.1.5:9001');
	});

	it('cannot join with a wrong password, and says why', async () => {
		const { b, ask } = await running();
		await ask('wifi.set', { ssid: PRACTICE_NETWORK.ssid, password: 'practice-wrong' });
		b.clock.advance(RADIO_TIMES.joinMs);
		await settled(b);
		expect(await ask('wifi.status', {})).toMatchObject({ state: 'failed', reason: 'wrong-password' });
	});

	it('takes localhost for itself', async () => {
		const { b, cable, ask } = await running();
		await cable.write(encodeImprov(3, JOIN));
		b.clock.advance(RADIO_TIMES.joinMs);
		await settled(b);
		await ask('mqtt.set', { uri: 'ws://localhost:9001' });
		b.clock.advance(2000);
		await settled(b);
		expect(await ask('mqtt.status', {})).toMatchObject({ state: 'failed', reason: 'unreachable' });
		expect(text(b)).toContain('localhost is this board itself');
	});
});

describe('a write that was cut off', () => {
	it('leaves a board that says what is wrong, and runs once it was written whole', async () => {
		const half = parts.map(({ offset, bytes }) => ({
			offset,
			bytes: offset === 0x10000 ? bytes.slice(0, bytes.length >> 1) : bytes
		}));
		const b = bench(half);
		b.board.plug();
		openCable(b);
		await settled(b, () => b.board.state.kind === 'stuck');
		b.board.pressEn();
		await settled(b);
		expect(text(b)).toMatch(/E \(\d+\)/u);
		for (const { offset, bytes } of parts) b.flash.program(offset, bytes);
		b.board.pressEn();
		await settled(b, () => b.board.state.kind === 'running');
	});
});
