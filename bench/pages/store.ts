import { parseDeviceId, type DeviceId, type Sample } from '$lib/model';
import { openTelemetryStore, type TelemetryStore } from '$lib/telemetry';

const START_MS = 1_763_690_000_000;
/** What folding makes of samples at 1 s in the end: 8 × 8 blocks of ten minutes. */
const BLOCK_ROWS = 38_400;
const JITTER_MS = 4;
/** Of a step of the walks, in hundredths. */
const STEP = 20;
const never = new AbortController().signal;

let store: TelemetryStore | undefined;

globalThis.storeBench = {
	async open() {
		// Each append is sealed at once as one block of the size that folding ends with, which spares the hours of folding.
		const limits = { sealRecords: 1, foldFan: 1_000_000, blockRows: BLOCK_ROWS };
		const opened = await openTelemetryStore({ fence: 1, known: [], onSentinel: () => undefined, limits });
		if (opened.health.kind !== 'durable') throw new Error(opened.health.cause);
		store = opened.store;
	},
	async fill({ device, metrics, seconds }) {
		const id = deviceId(device);
		const random = generator(device + 1);
		const levels = Array.from({ length: metrics }, () => 2150);
		for (let at = 0; at < seconds; at += BLOCK_ROWS) {
			const samples = Array.from({ length: Math.min(BLOCK_ROWS, seconds - at) }, (_, i) =>
				sample(id, at + i, levels, random)
			);
			const appended = ours().append(samples);
			await ours().flush();
			const outcome = await appended;
			if (!outcome.ok) throw new Error(outcome.error.kind);
		}
		await ours().flush(); // waits its turn after the last sealing
	},
	async query({ device, fromS, seconds, buckets }) {
		const fromMs = START_MS + fromS * 1000;
		const query = { device: deviceId(device), provenance: 'real', metric: 'metric_0', buckets } as const;
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

function deviceId(number: number): DeviceId {
	const id = parseDeviceId(`fb-bench-${number}`);
	if (!id.ok) throw new Error('impossible id');
	return id.value;
}

/** A message of two-decimal random walks, all metrics at once, a little off its second. `levels` go on. */
function sample(device: DeviceId, seq: number, levels: number[], random: () => number): Sample {
	const values: Record<string, number> = {};
	for (const [metric, level] of levels.entries()) {
		levels[metric] = level + Math.round((2 * random() - 1) * STEP);
		values[`metric_${metric}`] = levels[metric] / 100;
	}
	return {
		device,
		provenance: 'real',
		identity: { epoch: 2_890_137_841, seq },
		// Within its second, so that a range of whole seconds has as many samples.
		timeMs: START_MS + seq * 1000 + JITTER_MS + Math.round((2 * random() - 1) * JITTER_MS),
		clock: 'synchronised',
		values
	};
}

/** Lehmer's generator (MINSTD): 0 … 1, the same for a seed at each run. */
function generator(seed: number): () => number {
	let state = seed;
	return () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
}
