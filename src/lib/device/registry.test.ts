import { beforeEach, describe, expect, test } from 'vitest';
import { ManualClock, utf8 } from '$lib/base';
import type { DeviceId } from '$lib/model';
import type { StoredDevice } from './device';
import { MAX_EVENTS_PER_DEVICE } from './device';
import type { EventPage } from './event-archive';
import { MAX_METRICS_PER_DEVICE } from './device-entry';
import { nativeProfile } from './profiles';
import { MAX_DEVICES, Registry } from './registry';

let clock: ManualClock;
let rows: Map<string, StoredDevice>;
let pages: Map<string, EventPage>;
let writes: number;

beforeEach(() => {
	clock = new ManualClock();
	rows = new Map();
	pages = new Map();
	writes = 0;
});

function open(listensSince = () => 0): Registry {
	return new Registry({
		shelf: {
			all: async () => [...rows.values()],
			put: async (key, row) => {
				writes++;
				rows.set(key, structuredClone(row));
			},
			delete: async (key) => void rows.delete(key)
		},
		archive: {
			get: async (key) => pages.get(key),
			all: async () => [...pages.values()],
			put: async (key, page) => void pages.set(key, structuredClone(page)),
			delete: async (key) => void pages.delete(key)
		},
		clock,
		listensSince,
		onChange: () => {},
		onFault: (cause) => {
			throw cause;
		}
	});
}

const profile = nativeProfile();

/** Puts a message through the decoder and into the registry, as the intake does. */
function hear(registry: Registry, id: string, kind: string, body: unknown, retained = false) {
	const payload = utf8(JSON.stringify(body));
	const decoded = profile.decode({
		topic: `iot/node/${id}/${kind}`,
		payload,
		retained,
		receivedMs: clock.now()
	});
	if (decoded?.kind === 'telemetry') return registry.telemetry(decoded, 'mqtt', 'native');
	if (decoded?.kind !== 'status' && decoded?.kind !== 'reported' && decoded?.kind !== 'response')
		throw new Error('the test’s own message was refused');
	return registry.state(decoded, retained, 'mqtt', 'native');
}

const sample = (seq: number, more: object = {}) => ({
	...{ timestamp: clock.now() / 1000, sensors: { t: seq }, epoch: 5, seq, clock: 'sync' },
	...more
});
const only = (registry: Registry) => registry.summaries()[0]!;
const kinds = (registry: Registry, id = 'fb-1') => registry.events(id as DeviceId).map((e) => e.kind);

test('a name cannot turn round what is written after it', () => {
	const registry = open();
	hear(registry, 'fb-1', 'status', { state: 'online', name: 'roof\u202egnp' });
	expect(only(registry).name).toBe('roof gnp');
});

test('a device appears at its first message, online, with values and age', () => {
	const registry = open();
	hear(registry, 'fb-1', 'telemetry', sample(3, { node_id: 'Bench', fw: '0.1.0', wifi_rssi: -60 }));
	expect(only(registry)).toMatchObject({
		...{ id: 'fb-1', name: 'Bench', presence: 'online', provenance: 'real', firmware: '0.1.0' },
		...{ lastSeenMs: clock.now(), values: { t: { value: 3 }, wifi_rssi: { value: -60 } } }
	});
	expect(kinds(registry)).toEqual(['first-seen', 'online']);
});

test('an old retained status makes a device known, but not heard', () => {
	const registry = open();
	hear(registry, 'fb-1', 'status', { state: 'offline', components: { led: 'led' } }, true);
	expect(only(registry)).toMatchObject({ presence: 'offline', lastSeenMs: 0, components: { led: 'led' } });
});

test('the last will makes it offline, its next sample online again', () => {
	const registry = open();
	hear(registry, 'fb-1', 'telemetry', sample(1));
	hear(registry, 'fb-1', 'status', { state: 'offline' });
	expect(only(registry).presence).toBe('offline');
	hear(registry, 'fb-1', 'telemetry', sample(2));
	expect(only(registry).presence).toBe('online');
});

test('a sleeping device that publishes stays sleeping until it says otherwise', () => {
	const registry = open();
	hear(registry, 'fb-1', 'status', { state: 'sleeping', wake_s: 60 });
	hear(registry, 'fb-1', 'telemetry', sample(1));
	expect(only(registry).presence).toBe('sleeping');
});

describe('events', () => {
	test('gaps are told with what is missing; near ones are one event', () => {
		const registry = open();
		for (const seq of [1, 2, 5, 6, 9]) hear(registry, 'fb-1', 'telemetry', sample(seq));
		const gaps = registry.events('fb-1' as DeviceId).filter((e) => e.kind === 'gap');
		expect(gaps).toMatchObject([{ detail: { from: 3, missing: 4 } }]);
		clock.advance(120_000);
		hear(registry, 'fb-1', 'telemetry', sample(20));
		expect(kinds(registry).filter((k) => k === 'gap')).toHaveLength(2);
	});

	test('a repeat or a late sample is no gap', () => {
		const registry = open();
		for (const seq of [1, 2, 3, 2, 2, 4]) hear(registry, 'fb-1', 'telemetry', sample(seq));
		expect(kinds(registry)).not.toContain('gap');
	});

	test('a new log, a restart and new firmware', () => {
		const registry = open();
		hear(registry, 'fb-1', 'status', { state: 'online', boot: 1, fw: '1' });
		hear(registry, 'fb-1', 'telemetry', sample(1));
		hear(registry, 'fb-1', 'status', { state: 'online', boot: 2, fw: '2' });
		hear(registry, 'fb-1', 'telemetry', sample(0, { epoch: 6 }));
		expect(kinds(registry)).toEqual(['first-seen', 'online', 'firmware-changed', 'restarted', 'new-epoch']);
	});

	describe('that are many', () => {
		/** Goes on- and offline, a second apart. */
		async function flap(registry: Registry, times: number) {
			for (let i = 0; i < times; i++) {
				clock.advance(1000);
				hear(registry, 'fb-1', 'status', { state: i % 2 === 0 ? 'online' : 'offline' });
				if (i % 50 === 0) await registry.save();
			}
			await registry.save();
		}
		const device = 'fb-1' as DeviceId;
		const all = async (registry: Registry, fromMs = 0) => {
			const { events, ...beside } = await registry.archivedEvents(device, fromMs);
			return { events: [...events, ...registry.events(device)], ...beside };
		};

		test('stay, in pages, and after a restart none is lost or there twice', async () => {
			const first = open();
			await flap(first, 500);
			const again = open();
			await again.restore();
			const { events, dropped } = await all(again);
			expect(again.events(device).length).toBeLessThanOrEqual(MAX_EVENTS_PER_DEVICE);
			expect(dropped).toBe(0);
			expect(events.map(({ kind }) => kind)).toEqual([
				'first-seen',
				...Array.from({ length: 500 }, (_, i) => (i % 2 === 0 ? 'online' : 'offline'))
			]);
		});

		test('a page is on disk before the row lets go of what is in it', async () => {
			const registry = open();
			await flap(registry, 100);
			const before = rows.get('fb-1');
			await flap(registry, 1);
			rows.set('fb-1', before!); // killed between the two writes
			const again = open();
			await again.restore();
			await flap(again, 50);
			const times = (await all(again)).events.map(({ atMs }) => atMs);
			expect(times).toEqual(times.toSorted((a, b) => a - b));
			expect(new Set(times.slice(2)).size).toBe(times.length - 2); // the first two are of one moment
		});

		test('are asked for by time, and beyond what is kept the oldest are let go and counted', async () => {
			const registry = open();
			await flap(registry, 4500);
			const { events, dropped } = await all(registry);
			expect(events.length + dropped).toBe(4501);
			expect(events.length).toBeLessThan(4200);
			const sinceMs = clock.now() - 1000 * 1000;
			const recent = await all(registry, sinceMs);
			expect(recent.events.filter(({ atMs }) => atMs >= sinceMs)).toHaveLength(1001);
			expect(recent.older).toBeGreaterThan(2000);
			await registry.forget(device);
			expect(pages.size).toBe(0);
		});
	});

	test('a silence longer than usual stays known after it ended, as far as somebody listened', () => {
		let sinceMs = 0;
		const registry = open(() => sinceMs);
		const silences = () =>
			registry
				.events('fb-1' as DeviceId)
				.filter(({ kind }) => kind === 'silent' || kind === 'heard')
				.map(({ kind, atMs, detail }) => [kind, atMs - began, detail['silentS']]);
		const began = clock.now();
		let seq = 0;
		const speak = (afterMs: number) => {
			clock.advance(afterMs);
			hear(registry, 'fb-1', 'telemetry', sample(seq++));
			hear(registry, 'fb-1', 'telemetry', sample(seq++)); // at once: no other habit
		};
		for (let i = 0; i < 10; i++) speak(10_000);
		speak(25_000);
		expect(silences()).toEqual([]);
		speak(120_000);
		const told = [
			['silent', 125_000, undefined],
			['heard', 245_000, 120]
		];
		expect(silences()).toEqual(told);
		sinceMs = clock.now() + 200_000; // the session was down meanwhile
		speak(205_000);
		expect(silences()).toEqual(told);
	});

	test('a number that came after all is not missing any more', () => {
		const registry = open();
		for (const seq of [1, 2, 6, 4]) hear(registry, 'fb-1', 'telemetry', sample(seq));
		const told = nativeProfile().decode({
			...{ topic: 'iot/node/fb-1/telemetry', payload: utf8(JSON.stringify(sample(5))) },
			...{ retained: false, receivedMs: clock.now() }
		});
		if (told?.kind === 'telemetry') registry.backfilled([told.sample]);
		const gap = registry.events('fb-1' as DeviceId).at(-1);
		expect(gap).toMatchObject({ kind: 'gap', detail: { missing: 3, filled: 2 } });
	});
});

describe('real and simulated', () => {
	test('a mark in the status marks samples that do not say so themselves', () => {
		const registry = open();
		hear(registry, 'fb-1', 'status', { state: 'online', sim: true });
		expect(hear(registry, 'fb-1', 'telemetry', sample(1))).toMatchObject({
			sample: { provenance: 'simulated' }
		});
	});

	test('a device that turns out simulated loses the values it showed as real', () => {
		const registry = open();
		hear(registry, 'fb-1', 'telemetry', sample(1, { sensors: { real: 1 } }));
		hear(registry, 'fb-1', 'telemetry', sample(2, { sim: true }));
		expect(only(registry)).toMatchObject({ provenance: 'simulated' });
		expect(Object.keys(only(registry).values)).toEqual(['t']);
	});
});

describe('bounds', () => {
	test(`of 100,000 ids ${MAX_DEVICES} are kept and the rest counted within 2 %`, () => {
		const registry = open();
		for (let i = 0; i < 100_000; i++)
			hear(registry, `n-${i}`, 'telemetry', { timestamp: 1, sensors: { t: 1 } });
		expect(registry.size).toBe(MAX_DEVICES);
		const refused = 100_000 - MAX_DEVICES;
		expect(Math.abs(registry.refusedIds - refused) / refused).toBeLessThan(0.02);
	}, 30_000);

	test(`${MAX_METRICS_PER_DEVICE} metrics a device; the rest of a sample stands`, () => {
		const registry = open();
		for (let i = 0; i < MAX_METRICS_PER_DEVICE; i++)
			hear(registry, 'fb-1', 'telemetry', { timestamp: 1, sensors: { [`m${i}`]: i } });
		const taken = hear(registry, 'fb-1', 'telemetry', { timestamp: 1, sensors: { m0: 7, another: 1 } });
		expect(taken).toMatchObject({ droppedMetrics: 1, sample: { values: { m0: 7 } } });
		expect(Object.keys(only(registry).values)).toHaveLength(MAX_METRICS_PER_DEVICE);
	});

	test('a device that changes between real and simulated has no more metrics for it', () => {
		const registry = open();
		for (let i = 0; i < MAX_METRICS_PER_DEVICE; i++)
			hear(registry, 'fb-1', 'telemetry', { timestamp: 1, sensors: { [`m${i}`]: i } });
		hear(registry, 'fb-1', 'status', { state: 'online', sim: true });
		const taken = hear(registry, 'fb-1', 'telemetry', {
			timestamp: 1,
			sim: true,
			sensors: { m0: 7, other: 1 }
		});
		expect(taken).toMatchObject({
			droppedMetrics: 1,
			sample: { provenance: 'simulated', values: { m0: 7 } }
		});
	});
});

describe('what outlives the worker', () => {
	test('devices, names, components, state and events come back, presence unknown until heard', async () => {
		const before = open();
		hear(before, 'fb-1', 'status', { state: 'online', name: 'Bench', components: { led: 'led' } });
		hear(before, 'fb-1', 'shadow/reported', { led: { on: true } });
		await before.save();
		const after = open();
		await after.restore();
		after.restoreValues('fb-1' as DeviceId, 'real', { t: { value: 4, timeMs: 9 } });
		expect(only(after)).toMatchObject({
			...{ name: 'Bench', presence: 'unknown', components: { led: 'led' }, reported: { led: { on: true } } },
			values: { t: { value: 4, timeMs: 9 } }
		});
		expect(kinds(after)).toEqual(kinds(before));
	});

	test('to be heard again after a reload is no event; to have changed meanwhile is one', async () => {
		const before = open();
		hear(before, 'fb-1', 'status', { state: 'online', boot: 1 });
		await before.save();
		const same = open();
		await same.restore();
		hear(same, 'fb-1', 'status', { state: 'online', boot: 1 }, true);
		hear(same, 'fb-1', 'telemetry', sample(1));
		expect(only(same).presence).toBe('online');
		expect(kinds(same)).toEqual(['first-seen', 'online']);
		const changed = open();
		await changed.restore();
		hear(changed, 'fb-1', 'status', { state: 'online', boot: 2 });
		hear(changed, 'fb-1', 'status', { state: 'offline' });
		expect(kinds(changed)).toEqual(['first-seen', 'online', 'restarted', 'offline']);
		await changed.save();
		const back = open();
		await back.restore();
		expect(only(back), 'until something newer is heard').toMatchObject({
			...{ presence: 'offline', presenceOf: 'before' }
		});
		hear(back, 'fb-1', 'telemetry', sample(2));
		expect(kinds(back).at(-1)).toBe('online');
		expect(only(back).presence).toBe('online');
		expect(only(back)).not.toHaveProperty('presenceOf');
	});

	test('a device whose values were stored and whose row was not is seen all the same', async () => {
		const after = open();
		await after.restore();
		after.restoreValues('sim-1' as DeviceId, 'simulated', { t: { value: 4, timeMs: 9 } });
		expect(only(after)).toMatchObject({
			...{ id: 'sim-1', provenance: 'simulated', presence: 'unknown', lastSeenMs: 9 },
			values: { t: { value: 4, timeMs: 9 } }
		});
		expect(after.events('sim-1' as DeviceId)).toMatchObject([{ kind: 'first-seen', atMs: 9 }]);
		await after.save();
		expect([...rows.keys()]).toEqual(['sim-1']);
	});

	test('a time far ahead hides nothing that is said after it, and is no sign of life', () => {
		const far = Date.UTC(2099, 0, 1);
		const registry = open();
		hear(registry, 'fb-1', 'telemetry', sample(1, { timestamp: far / 1000 }));
		hear(registry, 'fb-1', 'telemetry', sample(2));
		expect(only(registry).values).toEqual({ t: { value: 2, timeMs: clock.now() } });
		registry.restoreValues('fb-1' as DeviceId, 'real', { t: { value: 1, timeMs: far } });
		expect(only(registry)).toMatchObject({ lastSeenMs: clock.now(), values: { t: { value: 2 } } });
	});

	test('a thousand samples in a minute are one row or two, not a thousand', async () => {
		const registry = open();
		for (let i = 0; i < 1000; i++) {
			hear(registry, 'fb-1', 'telemetry', sample(i));
			clock.advance(60);
			if (i % 100 === 0) await new Promise<void>((resolve) => setImmediate(resolve));
		}
		expect(writes).toBeGreaterThan(0);
		expect(writes).toBeLessThanOrEqual(3);
	});

	test('a forgotten device is gone from the rows too', async () => {
		const registry = open();
		hear(registry, 'fb-1', 'telemetry', sample(1));
		await registry.save();
		await registry.forget('fb-1' as DeviceId);
		expect([registry.size, rows.size]).toEqual([0, 0]);
	});
});

test('a summary is the same object until something changes', () => {
	const registry = open();
	hear(registry, 'fb-1', 'telemetry', sample(1));
	const first = only(registry);
	expect(only(registry)).toBe(first);
	hear(registry, 'fb-1', 'telemetry', sample(2));
	expect(only(registry)).not.toBe(first);
});

describe('what a message says has happened', () => {
	const tell = (registry: Registry, message: string, hearsay = false) =>
		registry.event(
			{
				...{ kind: 'event', device: 'ecowatt:1' as DeviceId, provenance: 'real', alias: 'Roof', hearsay },
				event: { kind: 'alert', atMs: clock.now(), detail: { message } }
			},
			'mqtt',
			'ecowatt'
		);

	test('is an event of the device; the same again at once is the same one', () => {
		const registry = open();
		for (const message of ['hot', 'hot', 'hot', 'cold']) tell(registry, message);
		expect(only(registry)).toMatchObject({ name: 'Roof', lastSeenMs: clock.now() });
		expect(registry.events('ecowatt:1' as DeviceId).slice(1)).toMatchObject([
			{ kind: 'alert', detail: { message: 'hot', times: 3 } },
			{ kind: 'alert', detail: { message: 'cold' } }
		]);
	});

	test('does not push out what else happened', () => {
		const registry = open();
		for (let i = 0; i < 300; i++) tell(registry, `m${i}`);
		expect(kinds(registry, 'ecowatt:1').filter((kind) => kind === 'alert')).toHaveLength(40);
		expect(kinds(registry, 'ecowatt:1')[0]).toBe('first-seen');
		expect(registry.events('ecowatt:1' as DeviceId).at(-1)?.detail).toEqual({ message: 'm299' });
	});

	test('is no sign of life after a restart either', async () => {
		const registry = open();
		tell(registry, 'open', true);
		await registry.save();
		const again = open();
		await again.restore();
		again.restoreValues('ecowatt:1' as DeviceId, 'real', { confidence: { value: 1, timeMs: clock.now() } });
		expect(only(again)).toMatchObject({ lastSeenMs: 0, values: { confidence: { value: 1 } } });
	});

	test('is no sign of life where somebody else says it', () => {
		const registry = open();
		tell(registry, 'open', true);
		expect(only(registry)).toMatchObject({ lastSeenMs: 0, presence: 'unknown' });
	});
});
