import { systemClock } from '$lib/base';
import { parseDeviceId, type DeviceId, type Sample } from '$lib/model';
import { copyMemory, openTelemetryStore, opfsFolder, SecondCopy, type OpenedStore } from '$lib/telemetry';
import { openKeep, type Keep } from '$lib/vault';
import type { FromWorker, StoreActs, ToWorker } from './messages';

const START_MS = 1_763_690_000_000;
const METRICS = ['temperature', 'humidity', 'pressure', 'wifi_rssi', 'uptime'];
const NOISY_DEVICE = 99;
const never = new AbortController().signal;

const tell = (message: FromWorker) => postMessage(message);

let opened: OpenedStore | undefined;
let copy: SecondCopy | undefined;
let keep: Keep | undefined;
let ingesting: { stop: boolean; ended: Promise<number> } | undefined;

function store() {
	if (!opened) throw new Error('not open');
	return opened.store;
}

function device(number: number): DeviceId {
	const id = parseDeviceId(`fb-harness-${number}`);
	if (!id.ok) throw new Error('impossible id');
	return id.value;
}

/** Readings as a climate sensor with two decimals gives them; the same for a number at each run. */
function sample(number: number, seq: number): Sample {
	const swing = Math.sin(seq / 97 + number);
	const noise = ((seq * 7919 + number * 104729) % 11) - 5;
	const values = [2150 + swing * 300 + noise, 4800 - swing * 900 + noise, 101_325 + swing * 80 + noise * 2];
	return {
		device: device(number),
		provenance: 'real',
		identity: { epoch: 1000 + number, seq },
		timeMs: START_MS + seq * 1000 + (noise + 5) * 3,
		clock: 'synchronised',
		values: {
			...Object.fromEntries(values.map((value, i) => [METRICS[i]!, Math.round(value) / 100])),
			wifi_rssi: -60 + noise,
			uptime: seq
		}
	};
}

/** As a device tells it whose clock was not set yet. */
const guessed = (told: Sample): Sample => ({
	...told,
	timeMs: told.timeMs - 3_600_000,
	clock: 'unsynchronised'
});

/** Full-precision readings of one more device, without identity. */
const noise = (n: number): Sample => ({
	...sample(NOISY_DEVICE, n),
	identity: undefined,
	values: Object.fromEntries(METRICS.map((name, i) => [name, Math.sin(n * (i + 1) * 1.7) * Math.PI]))
});

/** Between two batches of an ingest: the pace is the test's input, nothing waits on it. */
const pause = (ms: number) =>
	new Promise<void>((resolve) => {
		setTimeout(resolve, ms);
	});

const acts: StoreActs = {
	async open({ sentinel, withoutBuckets, limits }) {
		const startMs = performance.now();
		if (withoutBuckets) Object.defineProperty(navigator, 'storageBuckets', { value: undefined });
		const kept = await openKeep();
		if (!kept.ok) throw new Error(`keep: ${kept.error.kind}`);
		keep = kept.value;
		const known = [sentinel, await keep.sentinel.read()];
		const fence = await keep.takeFence('telemetry');
		copy = new SecondCopy({ own: opfsFolder(), memory: copyMemory(), clock: systemClock, fence });
		opened = await openTelemetryStore({
			...{ fence, copy },
			known,
			limits: limits ?? {},
			onSentinel(text) {
				tell({ type: 'sentinel', text });
				void keep?.sentinel.write(text);
			},
			onTrouble: (trouble) => tell({ type: 'trouble', trouble })
		});
		const { bucketsApart } = await opened.store.stats();
		return {
			losses: opened.losses,
			health: opened.health.kind,
			bucketsApart,
			keepDiscarded: keep.discarded,
			openMs: performance.now() - startMs,
			seals: Number(opened.sentinel?.split(':')[2] ?? 0)
		};
	},
	async ingest({ from, devices, perBatch, everyMs }) {
		const state = { stop: false, ended: Promise.resolve(from) };
		state.ended = (async () => {
			let next = from;
			const waiting: Promise<void>[] = [];
			while (!state.stop) {
				const seqs = Array.from({ length: perBatch }, (_, i) => next + ((i + (perBatch >> 1)) % perBatch));
				const batch = seqs.flatMap((seq) => Array.from({ length: devices }, (_, d) => sample(d, seq)));
				if ((next / perBatch) % 4 === 0) {
					void store().append(batch.map(guessed));
					await pause(everyMs);
				}
				next += perBatch;
				const below = next;
				waiting.push(
					store()
						.append(batch)
						.then((outcome) => {
							if (outcome.ok) tell({ type: 'acknowledged', next: below });
						})
				);
				await pause(everyMs);
			}
			await Promise.all(waiting);
			return next;
		})();
		ingesting = state;
	},
	async stream({ devices, everyMs }) {
		const state = { stop: false, ended: Promise.resolve(0) };
		state.ended = (async () => {
			let sent = 0;
			let last: Promise<unknown> = Promise.resolve();
			while (!state.stop) {
				last = store().append([sample(sent % devices, Math.floor(sent / devices))]);
				sent++;
				await pause(everyMs);
			}
			await last;
			return sent;
		})();
		ingesting = state;
	},
	async stop() {
		if (!ingesting) throw new Error('nothing is ingested');
		ingesting.stop = true;
		return ingesting.ended;
	},
	async append({ from, count }) {
		const batch = Array.from({ length: count }, (_, i) => sample(0, from + i));
		const appended = store().append(batch);
		await store().flush();
		const outcome = await appended;
		return outcome.ok
			? `stored ${outcome.value.stored}, duplicates ${outcome.value.duplicates}`
			: outcome.error.kind;
	},
	async check({ device: number, below }) {
		const seen = new Uint8Array(below);
		let doubled = 0;
		const step = 5000;
		for (let from = 0; from < below; from += step) {
			const fromMs = START_MS + from * 1000 - 100;
			const query = {
				device: device(number),
				provenance: 'real',
				metric: 'uptime',
				buckets: 10_000
			} as const;
			const columns = await store().range({ ...query, fromMs, toMs: fromMs + step * 1000 }, never);
			columns.avg.forEach((seq, i) => {
				if (seq >= below) return;
				doubled += (columns.count[i] ?? 0) - 1 + (seen[seq] ?? 0);
				seen[seq] = 1;
			});
		}
		const missing = [...seen.keys()].filter((seq) => seen[seq] === 0);
		return { missing, doubled };
	},
	latest: async () => (await store().latest()).length,
	async seal() {
		await store().forget(device(1_000_000));
	},
	stats: () => store().stats(),
	async fillNoise({ flushes }) {
		for (let flush = 0; flush < flushes; flush++) {
			const batch = Array.from({ length: 500 }, (_, i) => noise(flush * 500 + i));
			const appended = store().append(batch);
			await store().flush();
			await appended;
		}
	},
	async putKeepRows() {
		const put = { strict: true };
		await keep?.rows('settings', String).put('theme', 'dark', put);
		await keep?.rows('brokers', String).put('home', 'wss://broker.example', put);
		const stored = await keep?.secrets.put('broker.home', 'correct horse');
		if (!stored?.ok) throw new Error('the secret was not stored');
	},
	async keepRows() {
		const secret = await keep?.secrets.open('broker.home');
		return {
			setting: await keep?.rows('settings', String).get('theme'),
			broker: await keep?.rows('brokers', String).get('home'),
			secret: secret?.ok ? secret.value : String(secret?.error.kind)
		};
	},
	async fill({ count, perFlush }) {
		const startMs = performance.now();
		for (let from = 0; from < count; from += perFlush) {
			const appended = store().append(Array.from({ length: perFlush }, (_, i) => sample(0, from + i)));
			await store().flush();
			await appended;
		}
		const appendMs = performance.now() - startMs;
		await acts.seal();
		const { blockBytes, samples } = await store().stats();
		return { appendMs, bytesPerPoint: blockBytes / (samples * METRICS.length) };
	},
	async timeRange({ spanMs, buckets }) {
		const query = { device: device(0), provenance: 'real', metric: 'temperature', buckets } as const;
		const run = async () => {
			const startMs = performance.now();
			const { count } = await store().range({ ...query, fromMs: START_MS, toMs: START_MS + spanMs }, never);
			return { ms: performance.now() - startMs, points: count.reduce((sum, n) => sum + n, 0) };
		};
		const first = await run();
		const again = await run();
		return { firstMs: first.ms, againMs: again.ms, points: first.points };
	},
	async keepCopy() {
		await copy?.turnOn();
		for (;;) {
			const status = copy?.status;
			if (status?.kind === 'current') return status;
			if (!status || status.trouble) throw new Error(`copy: ${String(status?.trouble?.kind)}`);
			await pause(20);
		}
	},
	async close() {
		await opened?.store.close();
		await copy?.close();
		keep?.close();
		opened = undefined;
	}
};

self.onmessage = async ({ data }: MessageEvent<ToWorker>) => {
	const { id, act, argument } = data;
	try {
		const value = await (acts[act] as (argument: unknown) => Promise<unknown>)(argument);
		tell({ type: 'result', id, value });
	} catch (error) {
		tell({ type: 'failed', id, message: String(error) });
	}
};
