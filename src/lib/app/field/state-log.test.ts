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
	await log.begin(registry.summaries());
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
	return { hear, end, states };
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
