import { afterEach, expect, it, vi } from 'vitest';
import { HistoryPlace } from './history-place.svelte';

afterEach(() => void vi.useRealTimers());

it('makes one step of what arrow keys choose on their way through a list', () => {
	vi.useFakeTimers();
	const written: string[] = [];
	const place = new HistoryPlace('', (_query, how) => written.push(how));
	const last = (minutes: number) => place.step({ time: { kind: 'last', spanMs: minutes * 60_000 } });
	for (const minutes of [5, 15, 60]) {
		last(minutes);
		vi.advanceTimersByTime(400);
	}
	expect(written).toEqual(['step', 'drift', 'drift']);
	place.step({ compare: 'day' });
	vi.advanceTimersByTime(2000);
	place.step({ compare: 'week' });
	expect(written.slice(3)).toEqual(['step', 'step']);
});
