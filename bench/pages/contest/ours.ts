import { openTelemetryStore, sampleColumns, type TelemetryStore } from '$lib/telemetry';
import { deviceId, metricName } from '../walks';
import type { Contender } from './contender';

const never = new AbortController().signal;

/** The telemetry store with the product's limits. */
export function ours(): Contender {
	let opened: TelemetryStore | undefined;
	const store = () => {
		if (!opened) throw new Error('not open');
		return opened;
	};
	const must = (outcome: { ok: true } | { ok: false; error: { kind: string } }) => {
		if (!outcome.ok) throw new Error(outcome.error.kind);
	};
	return {
		async open() {
			const { store, health } = await openTelemetryStore({
				fence: 1,
				known: [],
				onSentinel: () => undefined
			});
			if (health.kind !== 'durable') throw new Error(health.cause);
			opened = store;
		},
		bulk: async (columns) => must(await store().bulk(columns, never)),
		async bulkSamples(batches) {
			function* columns() {
				for (const batch of batches) yield* sampleColumns(batch);
			}
			must(await store().bulk(columns(), never));
		},
		async live(samples) {
			const outcome = await store().append(samples);
			if (!outcome.ok && outcome.error.kind === 'dropped') return outcome.error.count;
			must(outcome);
			return 0;
		},
		async query({ device, ...range }) {
			const of = { device: deviceId(device), provenance: 'real', metric: metricName(0), ...range } as const;
			const { count } = await store().range(of, never);
			return { points: count.reduce((sum, n) => sum + n, 0), buckets: count.length };
		},
		async bytes() {
			const { blockBytes, rollupBytes } = await store().stats();
			return blockBytes + rollupBytes;
		},
		close: async () => opened?.close()
	};
}
