import { describe, expect, it } from 'vitest';
import { Cadence, CadenceBook } from './cadence';

const T = 1_700_000_000_000;
const speaking = (everyMs: number, times: number) =>
	Array.from({ length: times }, (_, i) => T + (i + 1) * everyMs).reduce(
		(habit, at) => habit.seen(at),
		Cadence.unknown(T)
	);

describe('Cadence', () => {
	it('is patient before it knows', () => {
		expect(Cadence.unknown(T).lateAfterMs).toBe(Cadence.UNKNOWN_LATE_MS);
	});
	it('calls a device late after three missing messages', () => {
		expect(speaking(60_000, 10).lateAfterMs).toBeCloseTo(180_000);
	});
	it('does not hurry a fast device', () => {
		expect(speaking(500, 10).lateAfterMs).toBe(15_000);
	});
	it('does not take one outage for a habit', () => {
		const habit = speaking(10_000, 10);
		const after = habit.seen(T + 100_000 + 24 * 3_600_000);
		expect(after.lateAfterMs).toBeLessThan(60_000);
	});
	it('stays itself when nothing new was seen', () => {
		const habit = speaking(10_000, 3);
		expect(habit.seen(T)).toBe(habit);
	});
});

describe('CadenceBook', () => {
	it('forgets devices that are gone', () => {
		const book = new CadenceBook();
		for (let i = 0; i < 5; i++) book.note([{ id: 'a', lastSeenMs: T + i * 60_000 }]);
		expect(book.lateAfterMs('a')).toBeGreaterThan(Cadence.UNKNOWN_LATE_MS);
		book.forget(['a']);
		expect(book.lateAfterMs('a')).toBe(Cadence.UNKNOWN_LATE_MS);
	});
});
