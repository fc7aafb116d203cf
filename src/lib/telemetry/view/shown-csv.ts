import type { Provenance } from '$lib/model';
import { firstFrom } from '$lib/ui';
import { isoWithOffset } from './local-time';

/** One line of a chart, as it goes into a file: columns of equal length, time ascending. */
export interface ShownSeries {
	readonly device: string;
	readonly metric: string;
	readonly unit: string;
	readonly provenance: Provenance;
	/** 'shown', or which earlier time it is of. */
	readonly period: string;
	/** What is shown of it, ms since the epoch. */
	readonly fromMs: number;
	readonly toMs: number;
	readonly timeMs: ArrayLike<number>;
	readonly min: ArrayLike<number>;
	readonly max: ArrayLike<number>;
	readonly avg: ArrayLike<number>;
	/** Samples in each. */
	readonly count: ArrayLike<number>;
}

/**
 * What a chart shows as CSV (RFC 4180): a line each for time and series, doubles as short as they can be read back exactly. Where
 * several samples stand in one line it has their lowest, mean, highest and number, else the value alone.
 */
export function shownCsv(all: readonly ShownSeries[]): string {
	const inView = all.map((series) => ({
		series,
		begin: firstFrom(series.timeMs, series.fromMs),
		end: firstFrom(series.timeMs, series.toMs)
	}));
	const reduced = inView.some(({ series, begin, end }) => {
		for (let i = begin; i < end; i++) if ((series.count[i] ?? 1) > 1) return true;
		return false;
	});
	const compared = all.some(({ period }) => period !== 'shown');
	const lines = [
		[
			...['time', 'device', 'metric', 'unit'],
			...(reduced ? ['min', 'avg', 'max', 'count'] : ['value']),
			...(compared ? ['period'] : []),
			'simulated'
		].join(',')
	];
	for (const { series, begin, end } of inView) {
		const { device, metric, unit, period, provenance } = series;
		const who = [device, metric, unit].map(cell).join(',');
		const tail = [...(compared ? [cell(period)] : []), String(provenance === 'simulated')].join(',');
		for (let i = begin; i < end; i++) {
			const { min, avg, max, count } = series;
			const values = reduced ? [min[i], avg[i], max[i], count[i]] : [avg[i]];
			lines.push(`${isoWithOffset(series.timeMs[i] ?? 0)},${who},${values.join(',')},${tail}`);
		}
	}
	return lines.join('\r\n').concat('\r\n');
}

/** Quoted where it must be; what a spreadsheet would take for a formula begins with an apostrophe. */
function cell(text: string): string {
	const safe = /^[=+\-@\t\r]/u.test(text) ? `'${text}` : text;
	return /[",\r\n]/u.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** "Bench-1_temperature_2026-11-20-1000_2026-11-20-1600", without an ending. */
export function shownFileName(
	device: string,
	metric: string,
	{ fromMs, toMs }: { readonly fromMs: number; readonly toMs: number }
): string {
	const plain = (text: string) => text.replaceAll(/[^\p{L}\p{N}]+/gu, '-').replaceAll(/^-+|-+$/gu, '');
	const time = (ms: number) => isoWithOffset(ms).slice(0, 16).replace('T', '-').replace(':', '');
	return [plain(device) || 'device', plain(metric) || 'metric', time(fromMs), time(toMs)].join('_');
}
