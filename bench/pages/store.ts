import { openTelemetryStore, type TelemetryStore } from '$lib/telemetry';
import { deviceId, metricName, START_MS, Walk } from './walks';

/** As long as a block. */
const DAY_S = 86_400;
const never = new AbortController().signal;

let store: TelemetryStore | undefined;

globalThis.storeBench = {
	async open() {
		const opened = await openTelemetryStore({ fence: 1, known: [], onSentinel: () => undefined });
		if (opened.health.kind !== 'durable') throw new Error(opened.health.cause);
		store = opened.store;
	},
	async fill({ device, metrics, seconds }) {
		const walk = new Walk(device, metrics);
		function* days() {
			for (let at = 0; at < seconds; at += DAY_S) yield walk.columns(Math.min(DAY_S, seconds - at));
		}
		const outcome = await ours().bulk(days(), never);
		if (!outcome.ok) throw new Error(outcome.error.kind);
	},
	async query({ device, fromS, seconds, buckets }) {
		const fromMs = START_MS + fromS * 1000;
		const query = { device: deviceId(device), provenance: 'real', metric: metricName(0), buckets } as const;
		const startMs = performance.now();
		const { count } = await ours().range({ ...query, fromMs, toMs: fromMs + seconds * 1000 }, never);
		const ms = performance.now() - startMs;
		return { ms, points: count.reduce((sum, n) => sum + n, 0), buckets: count.length };
	},
	stats: () => ours().stats(),
	async close() {
		await store?.close();
	}
};

function ours(): TelemetryStore {
	if (!store) throw new Error('not open');
	return store;
}
