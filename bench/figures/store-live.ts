import type { Figure } from '../figure';
import { withCleanUp } from '../harness/clean-up';
import { newContest, serveContest } from '../harness/contest-page';
import { RateSearch } from '../harness/highest-rate';
import { median } from '../harness/statistics';
import type { Who } from '../pages/contest/messages';

const TARGET_PER_S = 300_000;
const DURABLE_MS = 250;
/** Of ours a flush waits its full 250 ms below 256 messages in 100 ms, and then nothing is durable within as much. */
const LOWEST_RATE = 13_000;
const DATA = { devices: 20, metrics: 5 };
const RUNS = 3;
const PRECISION = 1.1;

/** Who, where the search begins (points/s), and how often it is searched. */
const CONTENDERS: readonly { name: string; who: Who; firstRate: number; runs: number }[] = [
	{ name: 'ours', who: 'ours', firstRate: 500_000, runs: RUNS },
	{ name: 'SQLite-WASM on OPFS', who: 'sqlite', firstRate: 400_000, runs: 1 },
	{ name: 'idb', who: 'idb', firstRate: 50_000, runs: 1 },
	{ name: 'Dexie', who: 'dexie', firstRate: 50_000, runs: 1 }
];

/** Messages as they come, each append durable before its wait is over. */
export const storeLive: Figure = {
	name: 'store-live-points-per-s',
	measure: ({ quick, signal, say }) =>
		withCleanUp(async (atEnd) => {
			const url = await serveContest(atEnd);
			const offerMs = quick ? 2000 : 3000;
			const found = new Map<string, number[]>();
			for (let run = 0; run < (quick ? 1 : RUNS); run++)
				for (const { name, who, firstRate, runs } of CONTENDERS) {
					if (run >= runs) continue;
					const before = found.get(name) ?? [];
					const search = new RateSearch(before.at(-1) ?? firstRate, PRECISION);
					// One that reaches nothing worth telling has reached nothing.
					while (search.found === undefined && search.rate >= LOWEST_RATE) {
						signal.throwIfAborted();
						const { held, told } = await trial(url, who, search.rate, offerMs);
						say(`${name}, ${Math.round(search.rate)} points/s: ${told}`);
						search.tell(held);
					}
					found.set(name, [...before, search.found ?? 0]);
				}
			const of = (name: string) => median(found.get(name) ?? []);
			const peers = CONTENDERS.filter(({ who }) => who !== 'ours').map(
				({ name }) => [name, of(name)] as const
			);
			return [
				{
					...{ name: 'store-live-points-per-s', value: of('ours'), unit: '1/s' },
					...{ peers: Object.fromEntries(peers), runs: found.get('ours') ?? [] },
					target: { kind: 'at-least', value: TARGET_PER_S },
					notes: [
						`messages of five points from 20 devices, appended each 10 ms for ${offerMs / 1000} s; every one committed within ${DURABLE_MS} ms of when it was due, sealing and folding included; a rate fails where two trials of it do`,
						`peers: a transaction each 10 ms, relaxed (SQLite: write-ahead log, synchronous=normal), searched once; 0: none above ${LOWEST_RATE}`
					]
				}
			];
		})
};

/** Whether all that is offered at a rate is committed in time, in a browser of its own. */
async function trial(url: string, who: Who, pointsPerS: number, ms: number) {
	return withCleanUp(async (atEnd) => {
		const { ask } = await (await newContest(atEnd, url)).enter(who);
		await ask('live', { ...DATA, pointsPerS: pointsPerS / 4, ms: 1000 }); // code gets compiled
		const { longestMs, p99Ms, dropped, offered } = await ask('live', { ...DATA, pointsPerS, ms });
		const told = [
			`longest ${longestMs.toFixed(0)} ms, p99 ${p99Ms.toFixed(0)} ms`,
			...(dropped > 0 ? [`${dropped} messages let go of`] : []),
			...(offered ? [] : ['not all offered in time'])
		].join('; ');
		return { held: offered && dropped === 0 && longestMs <= DURABLE_MS, told };
	});
}
