import { expect, it } from 'vitest';
import type { ChartLayer, GrowingSeries } from './layers';
import { MirroredSeries } from './mirrored-series';
import type { SentColumns } from './painter-messages';
import { GrowthPost, SeriesFeed } from './series-feed';

/** Grows as a device's history does: the last row takes in later values, rows are added, or an answer replaces all. */
class Source implements GrowingSeries {
	rows: number[][] = [];
	#listeners: ((how: 'grew' | 'replaced') => void)[] = [];
	get timeMs() {
		return this.#column(0);
	}
	get min() {
		return this.#column(1);
	}
	get max() {
		return this.#column(2);
	}
	get avg() {
		return this.#column(3);
	}
	watch(changed: (how: 'grew' | 'replaced') => void, signal: AbortSignal) {
		this.#listeners.push(changed);
		signal.addEventListener('abort', () => (this.#listeners = this.#listeners.filter((l) => l !== changed)));
	}
	grow(rows: number[][], last: number) {
		const [at] = this.rows.slice(-1);
		if (at) at[2] = last;
		this.rows.push(...rows);
		this.#listeners.forEach((tell) => tell('grew'));
	}
	replace(rows: number[][]) {
		this.rows = rows;
		this.#listeners.forEach((tell) => tell('replaced'));
	}
	#column(i: number) {
		return this.rows.map((row) => row[i]!);
	}
}

const layer = (series: GrowingSeries): ChartLayer => ({
	...{ key: 'a', name: 'A', unit: '', decimals: 0, series }
});
const rowsOf = ({ timeMs, min, max, avg }: MirroredSeries) =>
	Array.from(timeMs, (t, i) => [t, min[i], max[i], avg[i]]);

/** A feed, and the worker's side of it. */
function wire() {
	const mirrors = new Map<number, MirroredSeries>();
	const messages: (readonly SentColumns[])[] = [];
	const post = new GrowthPost((columns) => {
		messages.push(columns);
		for (const { series, ...rest } of columns) {
			const mirror = mirrors.get(series) ?? new MirroredSeries();
			mirrors.set(series, mirror);
			mirror.take(rest);
		}
	});
	const mirrorOf = (feed: SeriesFeed, source: Source) => mirrors.get(feed.numberOf(source))!;
	return { post, messages, mirrorOf };
}

it('makes the worker have what the page has, whatever grows or is replaced, seen or not', async () => {
	let state = 7;
	const random = (below: number) => (state = (state * 48_271) % 2_147_483_647) % below;
	const { post, mirrorOf } = wire();
	const source = new Source();
	const feed = new SeriesFeed(1, post);
	feed.follow([layer(source)]);
	post.now(feed);
	let time = 0;
	const rows = (n: number) => Array.from({ length: n }, () => [++time, random(9), random(9), random(9)]);
	for (let turn = 0; turn < 400; turn++) {
		const act = random(10);
		if (act === 0) source.replace(rows(random(200)));
		else if (act === 1) feed.seen = random(2) === 0;
		else source.grow(rows(random(5)), random(99));
		if (random(3) > 0) continue;
		feed.seen = true;
		await Promise.resolve();
		expect(rowsOf(mirrorOf(feed, source))).toEqual(source.rows);
	}
});

it('sends what all charts grew by in one message, rows that were sent only where they changed', async () => {
	const { post, messages } = wire();
	const sources = [new Source(), new Source()];
	const feeds = sources.map((source, chart) => {
		const feed = new SeriesFeed(chart, post);
		source.rows = [1, 2, 3].map((t) => [t, 0, 0, 0]);
		feed.follow([layer(source)]);
		post.now(feed);
		return feed;
	});
	messages.length = 0;
	for (const source of sources) source.grow([[4, 0, 0, 0]], 5);
	await Promise.resolve();
	expect(messages.map((of) => of.map(({ chart, at, columns }) => [chart, at, columns.length]))).toEqual([
		[
			[0, 2, 8],
			[1, 2, 8]
		]
	]);
	feeds[0]!.stop();
	sources[0]!.grow([[5, 0, 0, 0]], 5);
	await Promise.resolve();
	expect(messages).toHaveLength(1);
});
