import { ManualClock } from '$lib/base';
import { openTelemetryStore, type TelemetryStore } from '$lib/telemetry';
import { deviceId, metricName, samplesOf, START_MS, Walk } from './walks';

/** As long as a block. */
const DAY_S = 86_400;
const never = new AbortController().signal;

/** A flush each: so long a sample waits at most. */
const STEP_MS = 250;

let store: TelemetryStore | undefined;
let clock: ManualClock | undefined;
let walks: readonly Walk[] = [];

globalThis.storeBench = {
	async open(of) {
		clock = of?.ownClock ? new ManualClock(START_MS) : undefined;
		const options = { fence: 1, known: [], onSentinel: () => undefined };
		const opened = await openTelemetryStore(clock ? { ...options, clock } : options);
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
	async live({ devices, metrics, perSecond, seconds }) {
		if (!clock) throw new Error('not under a clock of its own');
		if (walks.length === 0) walks = Array.from({ length: devices }, (_, i) => new Walk(i, metrics));
		const each = (perSecond * STEP_MS) / 1000 / devices;
		let sent = 0;
		for (let step = 1; step <= (seconds * 1000) / STEP_MS; step++) {
			const samples = walks.flatMap((walk) => {
				const due = Math.floor(step * each) - Math.floor((step - 1) * each);
				return due > 0 ? samplesOf(walk.columns(due)) : [];
			});
			sent += samples.length;
			const written = samples.length > 0 ? ours().append(samples) : undefined;
			clock.advance(STEP_MS);
			const outcome = await written;
			if (outcome && !outcome.ok) throw new Error(outcome.error.kind);
		}
		const flushed = await ours().flush(); // behind the seal that fell due
		if (!flushed.ok) throw new Error(flushed.error.kind);
		return sent;
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
