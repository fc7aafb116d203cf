import { metricInfo } from '$lib/model';
import { type Earlier, earlierRange, shownCsv, shownFileName } from '$lib/telemetry/view';
import { saveFile } from '$lib/ui';
import type { FieldPort } from '../field-port';
import type { LineDevice } from './line-choices';

/** Lines of a table, at most, for each series. */
const BUCKETS = 5000;

/** What a chart shows: its lines, its window, and the earlier time it is compared with. */
export interface Shown {
	readonly lines: readonly { readonly device: Omit<LineDevice, 'metrics'>; readonly metric: string }[];
	readonly fromMs: number;
	readonly toMs: number;
	readonly earlier: Earlier | undefined;
}

/** Hands the person a CSV of it. @throws the signal's reason, or the worker's fault */
export async function saveShownCsv(field: FieldPort, shown: Shown, signal: AbortSignal): Promise<void> {
	const { lines, fromMs, toMs, earlier } = shown;
	const before = earlier && earlierRange(earlier.comparison, { fromMs, toMs });
	const periods = [
		{ period: 'shown', fromMs, toMs },
		...(before ? [{ period: earlier.name, ...before }] : [])
	];
	const series = lines.flatMap(({ device, metric }) =>
		periods.map(async (range) => {
			const { id, name, provenance } = device;
			const wanted = { metric, fromMs: range.fromMs, toMs: range.toMs, buckets: BUCKETS };
			const columns = await field.call('range', { device: id, provenance, ...wanted }, { signal });
			return { device: name, metric, unit: metricInfo(metric).unit, provenance, ...range, ...columns };
		})
	);
	saveFile(`${shownName(shown)}.csv`, shownCsv(await Promise.all(series)));
}

export const saveShownPicture = (picture: Blob, shown: Shown): void =>
	saveFile(`${shownName(shown)}.png`, picture);

function shownName({ lines, fromMs, toMs }: Shown): string {
	const first = lines[0];
	return shownFileName(first?.device.name ?? 'device', first?.metric ?? 'metric', { fromMs, toMs });
}
