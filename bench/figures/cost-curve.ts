import type { Figure, Row } from '../figure';
import { withCleanUp } from '../harness/clean-up';
import { newContest, serveContest } from '../harness/contest-page';
import { START_MS } from '../pages/walks';

const DATA = { devices: 20, metrics: 5 };
const BUCKETS = 1000;
/** Points are given in pieces, since all are made before the clock starts. */
const PIECE_S = 40_000;

/** Of hourly data. */
const YEARS = 5;

/** What more history costs: bytes, ingest and queries at 1, 10 and 100 million points. */
export const costCurve: Figure = {
	name: 'cost-curve',
	measure: ({ quick, signal, say }) =>
		withCleanUp(async (atEnd) => {
			const url = await serveContest(atEnd);
			const rows: Row[] = [];
			for (const millions of quick ? [1] : [1, 10, 100])
				await withCleanUp(async (atSizesEnd) => {
					const contest = await newContest(atSizesEnd, url);
					const { ask } = await contest.enter('ours');
					const seconds = (millions * 1e6) / (DATA.devices * DATA.metrics);
					let ms = 0;
					for (let at = 0; at < seconds; at += PIECE_S) {
						signal.throwIfAborted();
						const piece = { ...DATA, seconds: Math.min(PIECE_S, seconds - at), objects: false };
						ms += (await ask('bulk', piece)).ms;
					}
					const bytes = (await ask('bytes', undefined)) ?? 0;
					await ask('close', undefined);
					const again = await contest.enter('ours');
					const range = { device: 0, fromMs: START_MS, toMs: START_MS + seconds * 1000, buckets: BUCKETS };
					const first = await again.ask('query', range);
					const warm = await again.ask('query', range);
					if (first.points !== seconds) throw new Error(`${first.points} of ${seconds} points`);
					const points = millions * 1e6;
					// A row of the table in docs/telemetry-format.md.
					const cells = [
						...[`${millions} million`, `${(bytes / 1e6).toPrecision(3)} MB`],
						...[`${(points / ms / 1000).toFixed(1)} million/s`, `${again.openMs.toFixed(0)} ms`],
						...[
							`${first.ms.toFixed(0)} ms, of ${seconds.toLocaleString('en')} points`,
							`${warm.ms.toFixed(1)} ms`
						]
					];
					say(`| ${cells.join(' | ')} |`);
					const row = (name: string, value: number, unit: string): Row => ({
						...{ name: `cost-${millions}m-${name}`, value, unit, peers: {}, runs: [value] },
						notes: []
					});
					rows.push(
						row('bytes-per-point', bytes / points, 'B'),
						row('bulk-points', points / ms / 1000, 'million/s'),
						row('open', again.openMs, 'ms'),
						row('query-first', first.ms, 'ms'),
						row('query-warm', warm.ms, 'ms')
					);
				});
			rows.push(...(await sparse(url, quick ? 1 : YEARS, say)));
			return rows;
		})
};

/** The same for few points over a long time: a sample an hour. */
function sparse(url: string, years: number, say: (text: string) => void): Promise<Row[]> {
	return withCleanUp(async (atEnd) => {
		const contest = await newContest(atEnd, url);
		const { ask } = await contest.enter('ours');
		const samples = years * 365 * 24;
		await ask('bulk', { ...DATA, seconds: samples, everyS: 3600, objects: false });
		const perPoint = ((await ask('bytes', undefined)) ?? 0) / (samples * DATA.devices * DATA.metrics);
		await ask('close', undefined);
		const again = await contest.enter('ours');
		const range = { device: 0, fromMs: START_MS, toMs: START_MS + samples * 3_600_000, buckets: BUCKETS };
		const first = await again.ask('query', range);
		if (first.points !== samples) throw new Error(`${first.points} of ${samples} points`);
		say(`hourly, ${years} years: ${perPoint.toFixed(2)} B a point, first query ${first.ms.toFixed(0)} ms`);
		const row = (name: string, value: number, unit: string): Row => ({
			...{ name: `cost-hourly-${name}`, value, unit, peers: {}, runs: [value] },
			notes: [`${years} years of 100 series at a sample an hour`]
		});
		return [row('bytes-per-point', perPoint, 'B'), row('query-first', first.ms, 'ms')];
	});
}
