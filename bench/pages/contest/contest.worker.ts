import type { Sample } from '$lib/model';
import type { SampleColumns } from '$lib/telemetry';
import { samplesOf, Walk } from '../walks';
import type { Contender } from './contender';
import { dexie } from './dexie';
import { idb } from './idb';
import type { ContestActs, FromContest, ToContest, Who } from './messages';
import { ours } from './ours';
import { sqlite } from './sqlite';

const TICK_MS = 10;
const DAY_S = 86_400;
const OBJECTS_PER_BATCH = 1000;
const contenders: Readonly<Record<Who, () => Contender>> = { ours, sqlite, idb, dexie };

let contender: Contender | undefined;
let walks: Walk[] = [];

const taking = () => {
	if (!contender) throw new Error('not open');
	return contender;
};

function walksOf(devices: number, metrics: number, everyS = 1): readonly Walk[] {
	if (walks.length !== devices)
		walks = Array.from({ length: devices }, (_, device) => new Walk(device, metrics, everyS));
	return walks;
}

const acts: ContestActs = {
	async open(who) {
		contender = contenders[who]();
		const startMs = performance.now();
		await contender.open();
		return performance.now() - startMs;
	},
	async bulk({ devices, metrics, seconds, everyS, objects }) {
		const batches: SampleColumns[] = [];
		for (const walk of walksOf(devices, metrics, everyS))
			for (let at = 0; at < seconds; at += DAY_S) batches.push(walk.columns(Math.min(DAY_S, seconds - at)));
		const points = devices * metrics * seconds;
		if (!objects) return timed(points, () => taking().bulk(batches));
		const samples = batches.flatMap((batch) => {
			const all = samplesOf(batch);
			return Array.from({ length: Math.ceil(all.length / OBJECTS_PER_BATCH) }, (_, i) =>
				all.slice(i * OBJECTS_PER_BATCH, (i + 1) * OBJECTS_PER_BATCH)
			);
		});
		return timed(points, async () => taking().bulkSamples?.(samples));
	},
	async live({ pointsPerS, devices, metrics, ms }) {
		const rounds = Math.ceil((pointsPerS * ms) / 1000 / metrics / devices);
		const perDevice = walksOf(devices, metrics).map((walk) => samplesOf(walk.columns(rounds)));
		// As they come: device after device, each second of theirs.
		const messages = Array.from(
			{ length: rounds * devices },
			(_, i): Sample => perDevice[i % devices]![Math.floor(i / devices)]!
		);
		const waits: number[] = [];
		const pending: Promise<void>[] = [];
		const startMs = performance.now();
		let sent = 0;
		let dropped = 0;
		while (sent < messages.length) {
			const dueMs = performance.now() - startMs;
			const due = Math.min(messages.length, Math.ceil((dueMs * pointsPerS) / 1000 / metrics));
			if (due > sent) {
				// The wait counts from when the oldest of them was due.
				const cameMs = startMs + (sent * metrics * 1000) / pointsPerS;
				const live = taking().live(messages.slice(sent, due));
				pending.push(
					live.then((count) => {
						dropped += count;
						waits.push(performance.now() - cameMs);
					})
				);
				sent = due;
			}
			await new Promise((resolve) => setTimeout(resolve, TICK_MS));
		}
		const offered = performance.now() - startMs < ms * 1.05;
		await Promise.all(pending);
		waits.sort((a, b) => a - b);
		const p99Ms = waits[Math.ceil(waits.length * 0.99) - 1]!;
		return { longestMs: waits.at(-1)!, p99Ms, dropped, offered };
	},
	async query(of) {
		const startMs = performance.now();
		const answer = await taking().query(of);
		return { ms: performance.now() - startMs, ...answer };
	},
	bytes: () => taking().bytes(),
	close: () => taking().close()
};

async function timed(points: number, act: () => Promise<void>) {
	const startMs = performance.now();
	await act();
	return { ms: performance.now() - startMs, points };
}

const tell = (message: FromContest) => postMessage(message);

onmessage = async ({ data: { id, act, argument } }: MessageEvent<ToContest>) => {
	try {
		tell({ id, value: await acts[act](argument as never) });
	} catch (error) {
		tell({ id, failed: error instanceof Error ? `${error.message}\n${error.stack ?? ''}` : String(error) });
	}
};
