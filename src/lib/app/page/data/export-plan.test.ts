import { expect, it } from 'vitest';
import { parseDeviceId, type Provenance } from '$lib/model';
import type { SeriesExtent } from '$lib/telemetry';
import { planExport, type ExportChoice } from './export-plan';

const extent = (name: string, provenance: Provenance, metrics: string[], toMs = 1000): SeriesExtent => {
	const id = parseDeviceId(name);
	if (!id.ok) throw new Error(name);
	return { device: id.value, provenance, samples: 100, fromMs: 0, toMs, metrics };
};
const EXTENTS = [
	extent('a', 'real', ['power', 'temperature']),
	extent('a', 'simulated', ['power']),
	extent('b', 'real', ['humidity'], 2000)
];
const plan = (over: Partial<ExportChoice> = {}) =>
	planExport(EXTENTS, {
		...{ seriesLeft: new Set(), metricsLeft: new Set(), fromMs: -Infinity, toMs: Infinity },
		...over
	});
const shown = ({ series }: ReturnType<typeof plan>) =>
	series.map(
		({ extent: one, metrics, rows }) => `${one.provenance}/${one.device} ${String(metrics)} ${rows}`
	);

it('takes all, counted, of real and simulated', () => {
	const all = plan();
	expect(shown(all)).toEqual(['real/a undefined 100', 'simulated/a undefined 100', 'real/b undefined 100']);
	expect(all).toMatchObject({ rows: 300, exact: true, partly: false });
	expect(all.columns).toEqual(['humidity', 'power', 'temperature']);
	expect([...all.kinds]).toEqual(['real', 'simulated']);
});

it('offers the metrics of the devices chosen, and keeps the numbers of those that lose none', () => {
	const some = plan({ seriesLeft: new Set(['real/b']), metricsLeft: new Set(['temperature', 'humidity']) });
	expect(some.metrics).toEqual(['power', 'temperature']);
	expect(shown(some)).toEqual(['real/a power 100', 'simulated/a undefined 100']);
	expect(some).toMatchObject({ columns: ['power'], exact: false, partly: true });
	expect(shown(plan({ metricsLeft: new Set(['humidity', 'power', 'temperature']) }))).toEqual([]);
});

it('guesses the rows of a part of the time, and leaves out what has none in it', () => {
	const late = plan({ fromMs: 1500, toMs: 1750 });
	expect(shown(late)).toEqual(['real/b undefined 13']);
	expect(late).toMatchObject({ exact: false, columns: ['humidity'] });
	expect(late.series[0]).toMatchObject({ fromMs: 1500, toMs: 1750 });
});

it('has nothing of a time that ends before it begins, and says why', () => {
	expect(plan({ fromMs: 800, toMs: 200 })).toMatchObject({ series: [], rows: 0, backwards: true });
	expect(plan({ fromMs: 200, toMs: 200 }).backwards).toBe(true);
	expect(plan({ fromMs: 200, toMs: 800 })).toMatchObject({ rows: 150, backwards: false });
});
