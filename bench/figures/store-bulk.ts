import type { Figure, Row } from '../figure';
import { withCleanUp } from '../harness/clean-up';
import { newContest, serveContest } from '../harness/contest-page';
import { median } from '../harness/statistics';
import type { Who } from '../pages/contest/messages';

const TARGET_PER_S = 3_000_000;
const SQLITE = 'SQLite-WASM on OPFS';
const DATA = { devices: 20, metrics: 5 };

/** Who stores how many messages of each device; idb and Dexie would take minutes for as many. */
const TRIALS: readonly { name: string; who: Who; objects: boolean; seconds: number }[] = [
	{ name: 'columns', who: 'ours', objects: false, seconds: 40_000 },
	{ name: 'objects', who: 'ours', objects: true, seconds: 10_000 },
	{ name: SQLITE, who: 'sqlite', objects: false, seconds: 10_000 },
	{ name: 'idb', who: 'idb', objects: false, seconds: 1000 },
	{ name: 'Dexie', who: 'dexie', objects: false, seconds: 1000 }
];

/** Much at once: an import, a restore, a long backfill. */
export const storeBulk: Figure = {
	name: 'store-bulk-points-per-s',
	measure: ({ quick, signal, say }) =>
		withCleanUp(async (atEnd) => {
			const url = await serveContest(atEnd);
			const rates = new Map<string, number[]>();
			const bytes = new Map<string, number>();
			for (let run = 0; run < (quick ? 1 : 5); run++)
				for (const { name, who, objects, seconds } of TRIALS)
					await withCleanUp(async (atTrialsEnd) => {
						signal.throwIfAborted();
						const { ask } = await (await newContest(atTrialsEnd, url)).enter(who);
						// What comes first runs in code that is not compiled yet.
						await ask('bulk', { ...DATA, seconds: Math.ceil(seconds / 10), objects });
						const { ms, points } = await ask('bulk', { ...DATA, seconds, objects });
						rates.set(name, [...(rates.get(name) ?? []), (points / ms) * 1000]);
						const taken = await ask('bytes', undefined);
						if (taken !== undefined) bytes.set(name, taken / (points * 1.1));
						say(`run ${run + 1}: ${name} ${Math.round(points / ms)} points/ms`);
					});
			const of = (name: string) => median(rates.get(name) ?? []);
			const peers = Object.fromEntries([SQLITE, 'idb', 'Dexie'].map((name) => [name, of(name)]));
			const took = [...bytes].map(([name, each]) => `${name} ${each.toFixed(2)}`).join(', ');
			const row = (name: string, measured: string, target: Row['target'], notes: readonly string[]): Row => ({
				...{ name, value: of(measured), unit: '1/s', peers, runs: rates.get(measured) ?? [], notes },
				...(target ? { target } : {})
			});
			return [
				row('store-bulk-points-per-s', 'columns', { kind: 'at-least', value: TARGET_PER_S }, [
					`columns of a day at most, 20 devices × 5 metrics, committed in strict transactions with rollups; ${(of('columns') / of(SQLITE)).toFixed(1)} times SQLite`,
					'SQLite: write-ahead log, synchronous=normal, 1,000 wide rows a transaction; idb and Dexie: 1,000 records a transaction, relaxed, fewer messages',
					`bytes a point on disk: ${took}`
				]),
				row('store-bulk-objects-points-per-s', 'objects', undefined, [
					'the same from an object a message, made into columns inside the measured time'
				])
			];
		})
};
