import { describe, expect, it } from 'vitest';
import { metricInfo } from '$lib/model';
import type { Aggregates } from '../store';
import { comparisonWords, coverageWords, rangeFigures } from './range-figures';

const now: Aggregates = {
	...{ unit: '°C', count: 3600, min: 18.2, max: 24.6, last: 20, avg: 21.333, p95: 24.1 },
	...{
		risen: 9,
		risenLeast: false,
		ratePerS: undefined,
		integral: 21.3,
		integralUnit: '°C·h',
		timeAvg: 21.4,
		coveredMs: 3_540_000
	},
	reduced: false
};
const said = (metric: string, over: Partial<Aggregates>, earlier?: Partial<Aggregates> | null) =>
	Object.fromEntries(
		rangeFigures(metricInfo(metric), { ...now, ...over }, earlier && { ...now, ...earlier }).map(
			({ label, value, unit, change }) => [
				label,
				`${value} ${unit}${change === undefined ? '' : ` (${change})`}`
			]
		)
	);

describe('figures of a range', () => {
	it('are said in the metric’s own unit, and neither as energy nor as a rate', () => {
		expect(said('temperature', {})).toEqual({
			...{ Lowest: '18.2 °C', Mean: '21.33 °C', Highest: '24.6 °C' },
			...{ '95 % below': '24.1 °C', 'Mean over time': '21.40 °C' }
		});
	});

	it('tell energy of power, in the unit of its size', () => {
		for (const [wh, text] of [
			[0.42, '420 mWh'],
			[640.4, '640 Wh'],
			[12_345, '12.3 kWh'],
			[2_500_000, '2.50 MWh']
		] as const)
			expect(said('power', { integral: wh })['Energy']).toBe(text);
		expect(said('power', { integral: 1500 }, { integral: 1250 })['Energy']).toBe('1.50 kWh (+0.25 kWh)');
	});

	it('tell how fast a counter rises, in a time in which it is one at least', () => {
		expect(said('energy', { ratePerS: 0.5 / 3600 })['Rises by']).toBe('0.500 kW');
		expect(said('rain_total', { ratePerS: 0.05 })['Rises by']).toBe('3.00 /min');
		expect(said('temperature', { ratePerS: 1 })['Rises by']).toBeUndefined();
	});

	it('lead with what a counter rose by, and give no mean of its readings', () => {
		expect(
			Object.entries(said('energy', { risen: 22.6, ratePerS: 1e-4, last: 1204.5 }, { risen: 20 }))
		).toEqual([
			['Increase', '22.60 kWh (+2.60 kWh)'],
			['Rises by', '0.360 kW'],
			['Last reading', '1,204.50 kWh (+1,184.50 kWh)']
		]);
	});

	it('tell of minutes neither what 95 % are below nor more of a counter than is known', () => {
		expect(said('temperature', { reduced: true, p95: undefined })).not.toHaveProperty('95 % below');
		expect(said('energy', { reduced: true, risen: 22.6, risenLeast: true })['Increase']).toBe('≥ 22.60 kWh');
	});

	it('tell no difference to a time that was hardly measured', () => {
		expect(said('temperature', {}, { avg: 22, coveredMs: 1_770_000 })['Mean']).toContain('(');
		expect(said('temperature', {}, { avg: 22, coveredMs: 1_769_999 })['Mean']).toBe('21.33 °C');
	});

	it('tell the difference with its sign, and none to a time without measurements', () => {
		expect(said('temperature', {}, { avg: 22.083 })['Mean']).toBe('21.33 °C (\u22120.75 °C)');
		expect(said('temperature', {}, { min: 18.2 })['Lowest']).toBe('18.2 °C (0.0 °C)');
		expect(said('energy', { ratePerS: 1e-4 }, { ratePerS: 1e-4 - 1e-10 })['Rises by']).toBe(
			'0.360 kW (0.000 kW)'
		);
		expect(said('temperature', {}, null)['Mean']).toBe('21.33 °C');
	});
});

it('says how much is measured, never all of it where some is missing, and what is only close', () => {
	const words = (over: Partial<Aggregates>, metric = 'temperature') =>
		coverageWords(metricInfo(metric), { ...now, ...over }, 3_600_000);
	expect(words({})).toBe('3,600 measurements cover 98 % of this time.');
	expect(words({ coveredMs: 3_599_000 })).toContain(' 99 %');
	expect(words({ reduced: true })).toContain('what 95 % are below cannot be told. A shorter time');
	expect(words({ reduced: true }, 'energy')).toContain('the increase is exact');
	expect(words({ reduced: true, risenLeast: true }, 'energy')).toContain('it rose by more');
});

it('says how much of the earlier time there is to compare with', () => {
	const words = (earlier: Partial<Aggregates> | null) =>
		comparisonWords(now, earlier && { ...now, ...earlier }, 'the day before', 3_600_000);
	expect(words({ count: 3000 })).toBe(
		'Small figures are the difference to the day before; 3,000 measurements cover 98 % of the day before.'
	);
	expect(words({ count: 1, coveredMs: 0 })).toBe(
		'Only 1 measurement covers 0 % of the day before: too little to tell a difference.'
	);
	expect(words(null)).toContain('Nothing was measured the day before');
});
