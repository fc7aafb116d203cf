import { expect, it } from 'vitest';
import { fromLocalInput, isoWithOffset, localInput } from './local-time';
import { shownCsv, shownFileName, type ShownSeries } from './shown-csv';

const T = 1_763_690_000_123;
const series: ShownSeries = {
	...{ device: 'Bench 1', metric: 'temperature', unit: '°C', provenance: 'simulated', period: 'shown' },
	...{ fromMs: T, toMs: T + 2000 },
	timeMs: [T - 1000, T, T + 1000, T + 2000],
	...{ min: [1, 2, 0.1, 4], avg: [1, 2, 0.1 + 0.2, 4], max: [1, 2, 0.5, 4], count: [1, 1, 1, 1] }
};
const rows = (all: readonly ShownSeries[]) => shownCsv(all).trimEnd().split('\r\n');

it('has what is in view, each value to its last digit, and says that it is simulated', () => {
	expect(rows([series])).toEqual([
		'time,device,metric,unit,value,simulated',
		`${isoWithOffset(T)},Bench 1,temperature,°C,2,true`,
		`${isoWithOffset(T + 1000)},Bench 1,temperature,°C,0.30000000000000004,true`
	]);
});

it('tells lowest, mean, highest and number where samples stand together, and of which time', () => {
	const reduced = { ...series, count: [1, 1, 60, 1] };
	const earlier = { ...series, period: 'the day before', provenance: 'real' as const };
	expect(rows([reduced, earlier])[0]).toBe('time,device,metric,unit,min,avg,max,count,period,simulated');
	expect(rows([reduced, earlier])[2]).toContain(',0.1,0.30000000000000004,0.5,60,shown,true');
	expect(rows([reduced, earlier])[3]).toContain(',the day before,false');
});

it('quotes what needs it, and lets no name become a formula', () => {
	const odd = { ...series, device: '=1+1', metric: 'a,"b"' };
	expect(rows([odd])[1]).toContain(`,'=1+1,"a,""b""",`);
	expect(shownFileName('سطح / 1', 'heat_sink', { fromMs: T, toMs: T + 1 })).toMatch(
		/^سطح-1_heat-sink_\d{4}-\d\d-\d\d-\d{4}_[\d-]+$/u
	);
});

it('writes times where the reader lives, and reads them back', () => {
	expect(new Date(isoWithOffset(T)).getTime()).toBe(T);
	expect(fromLocalInput(localInput(T))).toBe(T - 123);
	for (const text of ['', '12', '2026-13-40T00:00']) expect(fromLocalInput(text)).toBeUndefined();
});
