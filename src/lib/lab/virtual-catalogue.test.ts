import { ManualClock, textOf, utf8 } from '$lib/base';
import { decodeBatch, parseBatchEnvelope, samplesOf } from '$lib/device';
import { metricInfo, type DeviceId } from '$lib/model';
import { beforeAll, describe, expect, it } from 'vitest';
import type { DevicePublish } from './firmware-instance';
import { testFirmware } from './test-firmware';
import {
	DEFAULT_WORLD,
	MAX_VIRTUAL_DEVICES,
	WORLD_BOUNDS,
	VIRTUAL_PARTS,
	VIRTUAL_PRESETS,
	makeOf,
	namesOf,
	parseMakeConfig,
	parseWorld,
	wishProblems,
	type PartId,
	type VirtualMake,
	type VirtualWish,
	type VirtualWorld
} from './virtual-catalogue';
import { VirtualDeviceHost } from './virtual-device-host';

const wish = (changed: Partial<VirtualWish> = {}): VirtualWish => ({
	name: 'Greenhouse',
	count: 1,
	parts: new Set<PartId>(['bme280']),
	world: DEFAULT_WORLD,
	...changed
});
const kinds = (changed: Partial<VirtualWish>, taken: readonly string[] = []) =>
	wishProblems(wish(changed), taken).map(({ kind }) => kind);

describe('a wish', () => {
	it('is fine with a name and a part', () => {
		expect(kinds({})).toEqual([]);
	});

	it('needs a name that the firmware can hold, its number included', () => {
		expect(kinds({ name: '  ' })).toEqual(['no-name']);
		expect(kinds({ name: 'ü'.repeat(32) })).toEqual([]);
		expect(kinds({ name: 'ü'.repeat(32), count: 2 })).toEqual(['name-too-long']);
	});

	it('needs a part', () => {
		expect(kinds({ parts: new Set() })).toEqual(['no-parts']);
	});

	it('does not let two parts measure under one name', () => {
		expect(wishProblems(wish({ parts: new Set<PartId>(['bme280', 'dht22']) }), [])).toEqual([
			{ kind: 'same-metric', metric: 'temperature', parts: ['bme280', 'dht22'] }
		]);
	});

	it('is for 1 to 20 at once, and for as many as there is room', () => {
		for (const count of [0, 21, 1.5, NaN]) expect(kinds({ count }), `${count}`).toEqual(['bad-count']);
		const taken = Array.from({ length: MAX_VIRTUAL_DEVICES - 3 }, (_, i) => `d${i}`);
		expect(kinds({ count: 3 }, taken)).toEqual([]);
		expect(wishProblems(wish({ count: 4 }), taken)).toEqual([{ kind: 'no-room', room: 3 }]);
	});
});

describe('names', () => {
	it('are as typed for one, and numbered where that is taken', () => {
		expect(namesOf(wish({ name: ' Roof ' }), [])).toEqual(['Roof']);
		expect(namesOf(wish({ name: 'Roof' }), ['Roof', 'Roof 2'])).toEqual(['Roof 3']);
	});

	it('are numbered for more, past those that are taken', () => {
		expect(namesOf(wish({ name: 'Roof', count: 3 }), ['Roof 2'])).toEqual(['Roof 1', 'Roof 3', 'Roof 4']);
	});
});

it('measures nothing whose unit no screen knows', () => {
	const unknown = VIRTUAL_PARTS.flatMap(({ metrics }) => metrics).filter(
		(name) => metricInfo(name).unit === ''
	);
	expect(unknown).toEqual([]);
});

it('reads worlds and configurations of rows that anybody could have written', () => {
	expect(parseWorld({ ...DEFAULT_WORLD, people: 12 })).toEqual({ ...DEFAULT_WORLD, people: 12 });
	expect(parseWorld({ latitude: 91, noise: '1', cloudiness: 0 })).toEqual({
		...DEFAULT_WORLD,
		cloudiness: 0
	});
	expect(parseWorld('sunny')).toBeUndefined();
	expect(parseMakeConfig({ complete: true, components: [{ id: 'led', type: 'led' }, 7] })).toEqual({
		complete: true,
		components: [{ id: 'led', type: 'led' }]
	});
	const { config } = makeOf({ parts: new Set<PartId>(['inverter', 'flow']), world: DEFAULT_WORLD });
	expect(parseMakeConfig(structuredClone(config))).toEqual(config);
	expect(parseMakeConfig({ complete: true, components: [], telemetry: { live: 'no' } })).toEqual({
		complete: true,
		components: []
	});
	for (const bad of [null, 1, {}, { complete: true }, { components: [] }])
		expect(parseMakeConfig(bad), JSON.stringify(bad)).toBeUndefined();
});

describe('in the firmware', () => {
	let firmware: WebAssembly.Module;
	beforeAll(async () => void (firmware = await testFirmware()), 120_000);
	/** Noon of a day in June. */
	const START_MS = Date.UTC(2026, 5, 21, 12);

	function batchOf(message: Uint8Array) {
		const envelope = parseBatchEnvelope(message);
		if (!envelope.ok) throw new Error(envelope.error.kind);
		const batch = decodeBatch(envelope.value.payload);
		if (!batch.ok) throw new Error(batch.error.kind);
		return samplesOf(batch.value, 'sim-made' as DeviceId, START_MS).samples;
	}

	/** A minute of a device made so: the types that run, and the last value of each metric. */
	async function minute(make: VirtualMake, seed = 7) {
		const clock = new ManualClock(START_MS);
		const host = await VirtualDeviceHost.load(firmware, {
			clock,
			monoMs: () => clock.now() - START_MS,
			random: () => 0
		});
		if (!host.ok) throw new Error(host.error.kind);
		const sent: DevicePublish[] = [];
		const added = host.value.add(
			{ id: 'sim-made', name: 'Made', seed, ...make },
			{ publish: (m) => void sent.push(m) }
		);
		if (!added.ok) throw new Error(added.error.kind);
		const device = added.value;
		device.setLink(true);
		clock.advance(60_000);
		device.deliver(
			device.commandTopic,
			utf8('{"jsonrpc":"2.0","id":"1","method":"components.list","params":{}}')
		);
		const texts = (leaf: string) =>
			sent.filter((m) => m.topic.endsWith(leaf)).map((m) => JSON.parse(textOf(m.payload)!) as unknown);
		const last: Record<string, number> = {};
		const live = texts('/telemetry') as { seq: number; sensors: Record<string, number> }[];
		for (const sample of live) Object.assign(last, sample.sensors);
		const batches = sent.filter((m) => m.topic.endsWith('/batch')).map((m) => batchOf(m.payload));
		for (const sample of batches.flat()) Object.assign(last, sample.values);
		return { answer: texts('/response').at(-1), last, live, batches, crashes: device.crashes };
	}

	it.each(VIRTUAL_PARTS.map((part) => [part.type, part] as const))(
		'%s runs alone, and measures what the catalogue says',
		async (type, { id, metrics }) => {
			const { answer, last, crashes } = await minute(makeOf({ parts: new Set([id]), world: DEFAULT_WORLD }));
			expect(crashes).toBe(0);
			expect(answer).toHaveProperty('result.components', [
				expect.objectContaining({ id, type, state: 'active' })
			]);
			expect(Object.keys(last)).toEqual(expect.arrayContaining([...metrics]));
		}
	);

	it.each(VIRTUAL_PRESETS.map((preset) => [preset.id, preset] as const))(
		'the preset “%s” has no problem, and runs whole',
		async (_, { parts, world }) => {
			expect(wishProblems(wish({ parts: new Set(parts), world }), [])).toEqual([]);
			const { answer, last } = await minute(makeOf({ parts: new Set(parts), world }));
			const ids = (answer as { result: { components: { id: string }[] } }).result.components.map(
				({ id }) => id
			);
			expect(ids.sort()).toEqual([...parts].sort());
			for (const { id, metrics } of VIRTUAL_PARTS)
				if (parts.includes(id)) for (const metric of metrics) expect(last, id).toHaveProperty(metric);
		}
	);

	it('sends each sample once where a part uploads them, in batches of 7 polls each 14 s', async () => {
		const parts = new Set<PartId>(['inverter', 'flow']);
		const { live, batches } = await minute(makeOf({ parts, world: DEFAULT_WORLD }));
		expect(live).toEqual([]);
		expect(batches.map((samples) => samples.length)).toEqual([7, 7, 7, 7]);
		const numbers = batches.flat().map(({ identity }) => identity?.seq);
		expect(numbers).toEqual(Array.from({ length: 28 }, (_, seq) => seq));
	});

	it('takes every world within the bounds, and lives in it', async () => {
		const world = (end: 'min' | 'max') =>
			Object.fromEntries(
				Object.entries(WORLD_BOUNDS).map(([key, b]) => [key, b[end]])
			) as unknown as VirtualWorld;
		for (const end of ['min', 'max'] as const)
			expect((await minute({ world: world(end) })).crashes, end).toBe(0);
		const parts = new Set<PartId>(['bme280', 'sun']);
		const sunny = await minute(makeOf({ parts, world: { ...DEFAULT_WORLD, cloudiness: 0, base_c: 30 } }));
		const dull = await minute(makeOf({ parts, world: { ...DEFAULT_WORLD, cloudiness: 1, base_c: 5 } }));
		expect(sunny.last.temperature).toBeGreaterThan(dull.last.temperature! + 15);
		expect(sunny.last.irradiance).toBeGreaterThan(2 * dull.last.irradiance!);
	});
});
