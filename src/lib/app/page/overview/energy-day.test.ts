import { expect, it } from 'vitest';
import { aggregateRange } from '$lib/telemetry/aggregate';
import { FakeField, fakeDevice } from '../../../../../tests/fixtures/fake-field';
import { DAY_MS, EnergyDay } from './energy-day.svelte';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** 100 W, each so many minutes. @param silent of it nothing is known */
function meter(everyMinutes: number, endMs: number, silent = (_timeMs: number): boolean => false) {
	const held = Array.from({ length: 1 + (2 * DAY_MS) / MINUTE / everyMinutes }, (_, i) => ({
		...{ timeMs: endMs - i * everyMinutes * MINUTE, clock: 'synchronised' as const, identity: undefined },
		...{ metrics: [1], values: [100], wal: 0 }
	})).filter(({ timeMs }) => !silent(timeMs));
	const none = () => Promise.resolve([]);
	return { metric: 1, heads: [], held, columns: none, rollups: none };
}

it('counts a meter that reads each twenty minutes, but not a time in which one was silent', async () => {
	const endMs = Date.now();
	const silent = (timeMs: number) => Math.abs(endMs - DAY_MS / 2 - timeMs) < 90 * MINUTE;
	const slow = { ...fakeDevice('fb-slow'), source: meter(20, endMs) };
	const cut = { ...fakeDevice('fb-cut'), source: meter(1, endMs, silent) };
	const field = Object.assign(new FakeField(), {
		call: (_: string, query: Parameters<typeof aggregateRange>[0]) =>
			aggregateRange(query, query.device === slow.id ? slow.source : cut.source)
	});
	const energy = new EnergyDay();
	await energy.load(field, [slow, cut], new AbortController().signal);
	const { wh, covered } = energy.of('real')!;
	expect(Math.abs(wh - 2400 - 2100)).toBeLessThan(5);
	expect(covered.map(({ name, ms }) => [name, Math.round(ms / HOUR)])).toEqual([
		['fb-slow', 24],
		['fb-cut', 21]
	]);
});
