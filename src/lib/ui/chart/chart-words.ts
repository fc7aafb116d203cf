import { formatClock, formatDateTime, formatNumber } from '../format';
import { type HoleKind, holeKind } from './hole-kinds';
import type { ChartLayer, ChartMarker } from './layers';
import { type ChartHole, type ChartSeries, firstFrom, gapThreshold, usualStep } from './series';

interface Range {
	readonly fromMs: number;
	readonly toMs: number;
}

/** A chart for those who do not see it: each of its lines, what they are compared with, and what is marked. */
export function chartWords(
	title: string,
	layers: readonly ChartLayer[],
	view: Range,
	markers: readonly ChartMarker[]
): string {
	const alone = layers.length === 1;
	const lines = layers.map((layer) => {
		const named = { title: alone ? title : layer.name, unit: layer.unit, decimals: layer.decimals };
		return [summarise(layer.series, view, named, layer.holes), compareWords(layer, view)]
			.filter(Boolean)
			.join(' ');
	});
	const marked = markersIn(markers, view).length;
	return [
		...(alone ? [] : [`${title}: ${layers.length} lines.`]),
		...lines,
		...(marked > 0 ? [`${marked} marked ${marked === 1 ? 'time' : 'times'}, listed below.`] : [])
	].join(' ');
}

/** Those of which any part lies in the range. */
export const markersIn = (markers: readonly ChartMarker[], { fromMs, toMs }: Range): readonly ChartMarker[] =>
	markers.filter((marker) => (marker.toMs ?? marker.atMs) >= fromMs && marker.atMs <= toMs);

/** What one line shows. */
export function summarise(
	series: ChartSeries,
	view: Range,
	words: { readonly title: string; readonly unit: string; readonly decimals: number },
	holes: readonly ChartHole[] = []
): string {
	const say = (v: number | undefined) =>
		`${formatNumber(v ?? NaN, words.decimals)}${words.unit ? ` ${words.unit}` : ''}`;
	const { timeMs, min, max, avg } = series;
	const begin = firstFrom(timeMs, view.fromMs);
	const end = firstFrom(timeMs, view.toMs + 1);
	const range = `${formatDateTime(view.fromMs)} to ${formatDateTime(view.toMs)}`;
	let [low, high, last, gaps, before] = [-1, -1, -1, 0, NaN];
	const gapMs = gapThreshold(timeMs);
	for (let i = begin; i < end; i++) {
		if (Number.isNaN(avg[i]!)) continue;
		if (low < 0 || min[i]! < min[low]!) low = i;
		if (high < 0 || max[i]! > max[high]!) high = i;
		last = i;
		if (timeMs[i]! - before > gapMs) gaps++;
		before = timeMs[i]!;
	}
	const missing = holeWords(holes.filter(({ fromMs, toMs }) => toMs > view.fromMs && fromMs < view.toMs));
	if (last < 0) return [`${words.title}, ${range}: nothing was measured`, ...missing].join(', ').concat('.');
	// Beyond a day, a time of day alone says nothing.
	const at = view.toMs - view.fromMs > DAY_MS ? formatDateTime : formatClock;
	const stepMs = usualStep(timeMs);
	/** What stands for several values has its extreme at some time until the next. */
	const placed = (i: number) => {
		const from = at(timeMs[i]!);
		const to = at(Math.min(timeMs[i + 1] ?? Infinity, timeMs[i]! + stepMs, Math.max(timeMs[i]!, view.toMs)));
		return min[i] === max[i] || from === to ? `at ${from}` : `between ${from} and ${to}`;
	};
	return [
		`${words.title}, ${range}: lowest ${say(min[low])} ${placed(low)}`,
		`highest ${say(max[high])} ${placed(high)}`,
		`last ${say(avg[last])}`,
		gaps === 0 ? 'no gaps' : gaps === 1 ? 'one gap' : `${gaps} gaps`,
		...missing
	]
		.join(', ')
		.concat('.');
}

const DAY_MS = 24 * 60 * 60 * 1000;

function compareWords({ compare, series, unit, decimals }: ChartLayer, view: Range): string {
	if (!compare) return '';
	const present = meanIn(series, view.fromMs, view.toMs);
	const earlier = meanIn(compare.series, view.fromMs - compare.shiftMs, view.toMs - compare.shiftMs);
	if (earlier === undefined) return `Of ${compare.name} nothing was measured.`;
	const say = (v: number) => `${formatNumber(v, decimals)}${unit ? ` ${unit}` : ''}`;
	const now = present === undefined ? '' : `, now ${say(present)}`;
	return `Compared with ${compare.name}: about ${say(earlier)} on average then${now}.`;
}

/** Mean of what is drawn; the exact one is the store's to say. */
function meanIn({ timeMs, avg }: ChartSeries, fromMs: number, toMs: number): number | undefined {
	let [sum, count] = [0, 0];
	const end = firstFrom(timeMs, toMs + 1);
	for (let i = firstFrom(timeMs, fromMs); i < end; i++) {
		if (Number.isNaN(avg[i]!)) continue;
		sum += avg[i]!;
		count++;
	}
	return count === 0 ? undefined : sum / count;
}

function holeWords(holes: readonly ChartHole[]): string[] {
	const of = (kind: HoleKind) => holes.filter((hole) => holeKind(hole) === kind).length;
	const [missing, filling, lost] = [of('missing'), of('filling'), of('lost')];
	const stretches = (n: number) => (n === 1 ? 'one stretch is' : `${n} stretches are`);
	return [
		...(missing > 0 ? [`${stretches(missing)} missing`] : []),
		...(filling > 0 ? [`${stretches(filling)} missing and being fetched`] : []),
		...(lost > 0 ? [`${stretches(lost)} lost for good`] : [])
	];
}
