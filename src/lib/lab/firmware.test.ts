import { ManualClock, textOf, utf8 } from '$lib/base';
import { beforeAll, describe, expect, it } from 'vitest';
import type { DevicePublish } from './firmware-instance';
import { MemoryFlash, type Flash } from './flash';
import { testFirmware } from './test-firmware';
import { VirtualDeviceHost } from './virtual-device-host';

let firmware: WebAssembly.Module;
beforeAll(async () => void (firmware = await testFirmware()), 120_000);

async function bench(clock = new ManualClock()) {
	const sent: { topic: string; text: string; retain: boolean }[] = [];
	const log: string[] = [];
	const host = await VirtualDeviceHost.load(firmware, {
		clock,
		monoMs: () => clock.now() + 1e6,
		random: () => 0,
		log: (id, line) => log.push(`${id} ${line}`)
	});
	if (!host.ok) throw new Error(host.error.kind);
	const link = {
		publish: ({ topic, payload, retain }: DevicePublish) =>
			sent.push({ topic, text: textOf(payload) ?? '', retain })
	};
	const add = (id: string, options: { flash?: Flash; config?: unknown; seed?: number } = {}) => {
		const device = host.value.add({ id, name: id, seed: 7, ...options }, link);
		if (!device.ok) throw new Error(device.error.kind);
		return device.value;
	};
	const take = (leaf: string, id = '') =>
		sent
			.filter((m) => m.topic.endsWith(`${id}/${leaf}`))
			.map((m) => JSON.parse(m.text) as Record<string, unknown>);
	return { clock, host: host.value, sent, log, add, take };
}

describe('Device API', () => {
	it('answers an act that was cut by a restart as unknown, and not again', async () => {
		const { add, take, host } = await bench();
		const records = new Map<string, Uint8Array>();
		const torn: Flash = {
			read: (key) => records.get(key),
			write: (key, bytes) => {
				if (key.startsWith('j') && key.endsWith('f')) return false; // the power goes before the end is kept
				records.set(key, bytes);
				return true;
			}
		};
		const act =
			'{"jsonrpc":"2.0","id":"k","method":"components.execute","params":{"id":"led","input":{"on":true}}}';
		const first = add('sim-1', { flash: torn });
		first.setLink(true);
		first.deliver(first.commandTopic, utf8(act));
		host.remove('sim-1');
		const second = add('sim-1', { flash: torn });
		second.setLink(true);
		second.deliver(second.commandTopic, utf8(act));
		const [done, asked] = take('response');
		expect(done).toHaveProperty('result.output.on', true);
		expect(asked).toHaveProperty('error.code', -32006);
		expect(take('shadow/reported').at(-1)).toEqual({ led: { on: false, brightness: 100 } });
	});

	it('does not act where the journal cannot be written', async () => {
		const { add, take } = await bench();
		const device = add('sim-1', { flash: { read: () => undefined, write: () => false } });
		device.setLink(true);
		device.deliver(
			device.commandTopic,
			utf8(
				'{"jsonrpc":"2.0","id":"k","method":"components.execute","params":{"id":"led","input":{"on":true}}}'
			)
		);
		expect(take('response')[0]).toHaveProperty('error.code', -32005);
		expect(take('shadow/reported')).toEqual([{ led: { on: false, brightness: 100 } }]);
	});

	it('keeps configuration, boot count and telemetry log over a restart', async () => {
		const { add, take, clock } = await bench();
		const device = add('sim-1');
		device.setLink(true);
		const ask = (id: string, method: string, params: unknown = {}) =>
			device.deliver(device.commandTopic, utf8(JSON.stringify({ jsonrpc: '2.0', id, method, params })));
		ask('a', 'config.set', { components: [{ id: 'climate', config: { base_c: -10 } }] });
		ask('b', 'system.restart');
		clock.advance(10);
		ask('c', 'config.get');
		expect(take('response').at(-1)).toHaveProperty('result.components.0.config.base_c', -10);
		const [before, after] = take('status');
		expect(before).toMatchObject({ boot: 1 });
		expect(after).toMatchObject({ boot: 2, state: 'online' });
		expect(after?.['epoch']).toBe(before?.['epoch']);
		const seqs = take('telemetry').map((s) => s['seq']);
		expect(seqs).toEqual(seqs.map((_, i) => i));
		expect(seqs.length).toBeGreaterThan(1);
	});
});

describe('telemetry', () => {
	it('numbers samples without a hole while the link is up, and is marked as simulated', async () => {
		const { add, take, clock } = await bench();
		add('sim-1', {
			config: { components: [{ id: 'climate', type: 'sim-climate', config: { period_ms: 500 } }] }
		}).setLink(true);
		clock.advance(10_000);
		const samples = take('telemetry');
		expect(samples.map((s) => s['seq'])).toEqual(Array.from({ length: 21 }, (_, i) => i));
		expect(samples.every((s) => s['sim'] === true && s['clock'] === 'sync')).toBe(true);
	});

	it('lives in the same world for the same seed, and in another for another', async () => {
		const { add, take, clock } = await bench();
		for (const [id, seed] of [
			['sim-a', 1],
			['sim-b', 1],
			['sim-c', 2]
		] as const)
			add(id, { seed }).setLink(true);
		clock.advance(60_000);
		const world = (id: string) => take('telemetry', id).map((s) => s['sensors']);
		expect(world('sim-a')).toEqual(world('sim-b'));
		expect(world('sim-a')).not.toEqual(world('sim-c'));
	});

	it('is a believable day: warmer in the afternoon, drier when warm, within bounds', async () => {
		const { add, take, clock } = await bench(new ManualClock(Date.UTC(2026, 0, 1)));
		add('sim-1', {
			config: { components: [{ id: 'climate', type: 'sim-climate', config: { period_ms: 600_000 } }] }
		}).setLink(true);
		clock.advance(7 * 86_400_000);
		const readings = take('telemetry').map((s) => ({
			hour: new Date((s['timestamp'] as number) * 1000).getUTCHours(),
			...(s['sensors'] as { temperature: number; humidity: number; pressure: number })
		}));
		const mean = (hours: number[], key: 'temperature' | 'humidity') => {
			const all = readings.filter((r) => hours.includes(r.hour)).map((r) => r[key]);
			return all.reduce((a, b) => a + b, 0) / all.length;
		};
		expect(mean([14, 15], 'temperature') - mean([2, 3], 'temperature')).toBeGreaterThan(5);
		expect(mean([2, 3], 'humidity') - mean([14, 15], 'humidity')).toBeGreaterThan(10);
		expect(readings.every((r) => r.temperature > 10 && r.temperature < 32)).toBe(true);
		expect(readings.every((r) => r.humidity >= 1 && r.humidity <= 100)).toBe(true);
		expect(readings.every((r) => r.pressure > 970 && r.pressure < 1060)).toBe(true);
	});
});

describe('host', () => {
	it('starts a crashed device again after a pause, while the others go on', async () => {
		const { add, take, clock, log } = await bench();
		let broken = false;
		const memory = new MemoryFlash();
		const flash: Flash = {
			read: (key) => memory.read(key),
			write: (key, bytes) => {
				if (broken) throw new Error('flash controller fault');
				return memory.write(key, bytes);
			}
		};
		const bad = add('sim-bad', { flash });
		const good = add('sim-good');
		bad.setLink(true);
		good.setLink(true);
		broken = true;
		bad.deliver(bad.commandTopic, utf8('{"jsonrpc":"2.0","id":"k","method":"system.restart"}'));
		expect(bad.state).toMatchObject({ kind: 'crashed', cause: 'flash controller fault' });
		broken = false;
		clock.advance(10_000);
		expect(bad.state).toEqual({ kind: 'running' });
		expect(bad.crashes).toBe(1);
		expect(take('status', 'sim-bad').map((s) => s['boot'])).toEqual([1, 2]);
		expect(take('telemetry', 'sim-good').map((s) => s['seq'])).toEqual([0, 1, 2, 3, 4, 5]);
		expect(log.join()).toContain('sim-bad crashed');
	});

	it('gives the C stack back after each of a thousand traps', async () => {
		const { host, add } = await bench();
		const flash: Flash = {
			read: (key) => {
				if (key.startsWith('j')) throw new Error('flash controller fault');
				return undefined;
			},
			write: () => true
		};
		for (let i = 0; i < 1000; i++) {
			const made = host.add({ id: 'sim-bad', name: 'x', seed: 1, flash }, { publish: () => {} });
			expect(made).toMatchObject({ ok: false, error: { kind: 'trapped' } });
		}
		expect(add('sim-good').state).toEqual({ kind: 'running' });
	});

	it('waits longer after each crash in a row', async () => {
		const { host, clock, add } = await bench();
		let reads = 0;
		let broken = false;
		const flash: Flash = {
			read: () => {
				reads++;
				if (broken) throw new Error('flash controller fault');
				return undefined;
			},
			write: () => {
				if (broken) throw new Error('flash controller fault');
				return true;
			}
		};
		const device = add('sim-1', { flash });
		broken = true;
		device.deliver(device.commandTopic, utf8('{"jsonrpc":"2.0","id":"k","method":"system.restart"}'));
		const before = reads;
		clock.advance(60_000);
		expect(reads - before).toBeLessThan(10);
		expect(device.crashes).toBeGreaterThan(4);
		host.close();
	});

	it('gives the last will before the link is up', async () => {
		const { add } = await bench();
		const device = add('sim-1');
		expect(device.will).toEqual({
			topic: 'iot/node/sim-1/status',
			payload: '{"state":"offline","sim":true}'
		});
		expect(device.commandTopic).toBe('iot/node/sim-1/command');
	});

	it('refuses ids that are not a virtual device, and one that is taken', async () => {
		const { host, add } = await bench();
		const link = { publish: () => {} };
		const refused = (id: string) => host.add({ id, name: 'x', seed: 1 }, link);
		expect(refused('fb-1')).toEqual({ ok: false, error: { kind: 'not-simulated' } });
		expect(refused('sim-/')).toEqual({ ok: false, error: { kind: 'bad-id' } });
		add('sim-1');
		expect(refused('sim-1')).toEqual({ ok: false, error: { kind: 'taken' } });
	});

	it('refuses a module that is not ours', async () => {
		const empty = new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]);
		expect(await VirtualDeviceHost.load(empty)).toEqual({
			ok: false,
			error: { kind: 'missing-export', name: 'fb_abi_version' }
		});
		expect(await VirtualDeviceHost.load(new Uint8Array([1, 2, 3]))).toMatchObject({
			ok: false,
			error: { kind: 'not-firmware' }
		});
	});

	it('lets each of a thousand devices give a sample a second', async () => {
		const { add, take, clock } = await bench();
		const config = {
			complete: true,
			components: [{ id: 'climate', type: 'sim-climate', config: { period_ms: 1000 } }]
		};
		for (let i = 0; i < 1000; i++) add(`sim-${i}`, { config, seed: i }).setLink(true);
		clock.advance(3500);
		const counts = new Map<unknown, number>();
		for (const { node_id } of take('telemetry')) counts.set(node_id, (counts.get(node_id) ?? 0) + 1);
		expect(counts.size).toBe(1000);
		expect(new Set(counts.values())).toEqual(new Set([4])); // at 0, 1, 2 and 3 s
	}, 60_000);

	it('holds a hundred devices in one instance', async () => {
		const { host, add, take, clock } = await bench();
		for (let i = 0; i < 100; i++) add(`sim-${i}`).setLink(true);
		clock.advance(4000);
		expect(take('telemetry')).toHaveLength(300);
		expect(host.memoryBytes).toBeLessThan(8 << 20);
	});
});
