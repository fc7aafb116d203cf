import 'fake-indexeddb/auto';
import { IDBFactory } from 'fake-indexeddb';
import { expect, it } from 'vitest';
import { ManualClock } from '$lib/base';
import { Registry, type StoredDevice } from '$lib/device';
import { parseDeviceId, type Sample } from '$lib/model';
import { openTelemetryStore } from '$lib/telemetry';
import { memoryKeep } from '$lib/vault';
import { StateLog } from './state-log';
import { parseEventPage } from './stored-rows';

const START_MS = 1_763_690_000_000;
const parsed = parseDeviceId('fb-1');
if (!parsed.ok) throw new Error('impossible id');
const device = parsed.value;

/** A run of the field worker: registry and store as they are joined there. */
async function begin(factory: IDBFactory, rows: Map<string, StoredDevice>, clock: ManualClock) {
	const options = { fence: 1, known: [null], onSentinel: () => undefined, clock, indexedDB: factory };
	const { store } = await openTelemetryStore(options);
	const onStoreError = (error: unknown) => {
		throw new Error(JSON.stringify(error));
	};
	const log = new StateLog({ store, clock, onStoreError });
	const registry = new Registry({
		shelf: {
			all: async () => [...rows.values()],
			put: async (id, row) => void rows.set(id, row),
			delete: async (id) => void rows.delete(id)
		},
		archive: memoryKeep(clock).rows('events', parseEventPage),
		clock,
		onChange: () => undefined,
		onStates: (id, provenance, states) => log.tell(id, provenance, states),
		onFault: onStoreError
	});
	await registry.restore();
	await log.endUnheard(registry.summaries());
	const hear = (firmware: string) => {
		const sample: Sample = {
			...{ device, provenance: 'real', identity: undefined, timeMs: clock.now(), clock: 'synchronised' },
			values: { temperature: 20 }
		};
		registry.telemetry({ device, sample, firmware }, 'mqtt', 'native');
	};
	const end = async () => {
		await store.flush();
		await registry.save();
		await store.close();
	};
	const states = async (state: string) => {
		const query = { device, provenance: 'real' as const, state, fromMs: START_MS, toMs: clock.now() };
		const found = await store.states(query, new AbortController().signal);
		return found.map(({ fromMs, toMs, value }) => [fromMs - START_MS, toMs - START_MS, value]);
	};
	/** As an import does it. */
	const take = async (samples: readonly Sample[]) => {
		void store.append(samples);
		await store.flush();
		for (const { device: id, provenance, values } of await store.latest())
			registry.restoreValues(id, provenance, values);
		await log.endUnheard(registry.summaries());
	};
	return { hear, end, states, take };
}

it('keeps presence and firmware, and says of the time when no page was open that nobody knows', async () => {
	const [factory, rows, clock] = [
		new IDBFactory(),
		new Map<string, StoredDevice>(),
		new ManualClock(START_MS)
	];
	const first = await begin(factory, rows, clock);
	first.hear('1.0.0');
	clock.advance(5000);
	first.hear('1.1.0');
	await first.end();
	clock.advance(60_000);
	const second = await begin(factory, rows, clock);
	clock.advance(1000);
	expect(await second.states('presence')).toStrictEqual([[0, 5001, 'online']]);
	second.hear('1.1.0');
	clock.advance(1000);
	expect(await second.states('presence')).toStrictEqual([
		[0, 5001, 'online'],
		[66_000, 67_000, 'online']
	]);
	expect(await second.states('firmware')).toStrictEqual([
		[0, 5000, '1.0.0'],
		[5000, 67_000, '1.1.0']
	]);
	await second.end();
});

it('knows nothing of a device after the last that a file tells of it, and all of one that is heard', async () => {
	const clock = new ManualClock(START_MS);
	const run = await begin(new IDBFactory(), new Map(), clock);
	clock.advance(60_000);
	const told = (timeMs: number, states: Sample['states'], values = {}): Sample => ({
		...{ device, provenance: 'real', identity: undefined, clock: 'synchronised', timeMs, values },
		...(states ? { states } : {})
	});
	await run.take([
		told(START_MS + 1000, { presence: 'online' }),
		told(START_MS + 9000, undefined, { temperature: 20 })
	]);
	expect(await run.states('presence')).toStrictEqual([[1000, 9001, 'online']]);
	run.hear('1.0.0');
	clock.advance(5000);
	await run.take([told(START_MS + 20_000, { presence: 'offline' })]);
	expect(await run.states('presence')).toStrictEqual([
		[1000, 9001, 'online'],
		[20_000, 60_000, 'offline'],
		[60_000, 65_000, 'online']
	]);
	await run.end();
});
