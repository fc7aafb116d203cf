import type { Figure, Row } from '../figure';
import { withCleanUp } from '../harness/clean-up';
import { newContest, serveContest, type Contest } from '../harness/contest-page';
import { median, percentile } from '../harness/statistics';
import type { Who } from '../pages/contest/messages';
import { START_MS } from '../pages/walks';

const POINTS = 100_000;
const BUCKETS = 1000;
const TARGET_FRESH_MS = 15;
const TARGET_WARM_MS = 5;
const WARM_RUNS = 9;
const NAMES: Readonly<Record<Exclude<Who, 'dexie'>, string>> = {
	ours: 'ours',
	sqlite: 'SQLite-WASM on OPFS',
	idb: 'idb'
};
const RANGE = { device: 0, fromMs: START_MS, toMs: START_MS + POINTS * 1000, buckets: BUCKETS };

/** A bit more than a day of one series at 1 s, among five of its device. */
export const query100k: Figure = {
	name: 'query-100k-ms',
	measure: ({ quick, signal, say }) =>
		withCleanUp(async (atEnd) => {
			const url = await serveContest(atEnd);
			const fresh = new Map<string, number[]>();
			const warm = new Map<string, number[]>();
			for (const who of ['ours', 'sqlite', 'idb'] as const) {
				const contest = await newContest(atEnd, url);
				const { ask } = await contest.enter(who);
				await ask('bulk', { devices: 1, metrics: 5, seconds: POINTS, objects: false });
				await ask('close', undefined);
				const processes = quick ? 2 : who === 'ours' ? 20 : 5;
				for (let run = 0; run < processes; run++) {
					signal.throwIfAborted();
					const times = await inFreshProcess(contest, who);
					say(
						`${NAMES[who]}: first ${times[0]!.toFixed(1)} ms, then ${median(times.slice(1)).toFixed(1)} ms`
					);
					fresh.set(who, [...(fresh.get(who) ?? []), times[0]!]);
					warm.set(who, [...(warm.get(who) ?? []), ...times.slice(1)]);
				}
			}
			const row = (name: string, of: (who: string) => number, atMost: number, note: string): Row => ({
				...{ name, value: of('ours'), unit: 'ms', peers: { [NAMES.sqlite]: of('sqlite'), idb: of('idb') } },
				target: { kind: 'at-most', value: atMost },
				runs: name === 'query-100k-ms' ? (fresh.get('ours') ?? []) : [],
				notes: [note]
			});
			return [
				row(
					'query-100k-ms',
					(who) => percentile(fresh.get(who) ?? [], 0.95),
					TARGET_FRESH_MS,
					`${POINTS} points to ${BUCKETS} buckets, the first query of a fresh browser process after opening: 95th percentile`
				),
				row(
					'query-100k-warm-ms',
					(who) => median(warm.get(who) ?? []),
					TARGET_WARM_MS,
					'the same again: median'
				)
			];
		})
};

/** @returns ms of the first query and of those after it */
async function inFreshProcess(contest: Contest, who: Who): Promise<readonly number[]> {
	const { ask } = await contest.enter(who);
	const times: number[] = [];
	for (let run = 0; run <= WARM_RUNS; run++) {
		const { ms, points } = await ask('query', RANGE);
		if (points !== POINTS) throw new Error(`${who} found ${points} of ${POINTS} points`);
		times.push(ms);
	}
	await ask('close', undefined);
	return times;
}
