import { beforeEach, expect, test } from 'vitest';
import { ManualClock } from '$lib/base';
import type { SessionProblem, SessionState } from '$lib/model';
import { RATE_SLOT_MS, RateHistory } from './rate-history';
import { availability, SessionLog } from './session-log';

const MINUTE = 60_000;
const DAY = 1440 * MINUTE;
let clock: ManualClock;
let log: SessionLog;

const live: SessionState = { kind: 'live', id: 'h', broker: 'home', protocolVersion: 5, sinceMs: 0 };
const connecting: SessionState = { kind: 'connecting', id: 'h', broker: 'home', attempt: 0 };
const waiting = (problem: SessionProblem): SessionState => ({
	...{ kind: 'waiting', id: 'h', broker: 'home', problem, retryAtMs: 0, attempt: 1 }
});
const silent = waiting({ kind: 'keepalive-timeout' });
const gone = waiting({ kind: 'unreachable', url: 'ws://h' });

/** Lets minutes pass with the beats of a worker that is awake. */
function awake(minutes: number): void {
	for (let i = 0; i < minutes * 6; i++) {
		clock.advance(10_000);
		log.beat();
	}
}

beforeEach(() => {
	clock = new ManualClock();
	log = new SessionLog(clock);
});

test('tells up, down and not wanted apart, and counts each coming back by why it had gone', () => {
	log.note({ kind: 'none' });
	awake(10);
	log.note(connecting);
	log.note(live);
	awake(50);
	log.note(silent);
	awake(3);
	log.note(connecting);
	log.note(gone);
	awake(2);
	log.note(connecting);
	log.note(live);
	awake(35);
	const times = log.times(100 * MINUTE);
	expect(times).toMatchObject({
		...{ upMs: 85 * MINUTE, downMs: 5 * MINUTE, offMs: 10 * MINUTE, unknownMs: 0 },
		reconnects: { 'keepalive-timeout': 1 }
	});
	expect(availability(times)).toBeCloseTo(85 / 90, 10);
	expect(log.spans.filter(({ kind }) => kind === 'down').map(({ reason, tries }) => [reason, tries])).toEqual(
		[
			['connecting', 0],
			['keepalive-timeout', 1],
			['unreachable', 1]
		]
	);
});

test('what happened while no tab was open, or the machine slept, is unknown and no reconnection', () => {
	log.note(live);
	awake(60);
	const later = new SessionLog(clock);
	clock.advance(30 * MINUTE);
	later.restore(structuredClone(log.spans));
	log = later;
	log.note(connecting);
	log.note(live);
	awake(20);
	clock.advance(40 * MINUTE); // asleep: no beats
	awake(10);
	const times = log.times(160 * MINUTE);
	expect(times.upMs).toBe(90 * MINUTE - 10_000); // the beat that woke it
	expect(times.unknownMs).toBe(70 * MINUTE + 10_000);
	expect(times.reconnects).toEqual({});
	expect(log.times(DAY).unknownMs).toBe(DAY - times.upMs);
});

test('a session that flaps for days stays within its bounds', () => {
	for (let i = 0; i < 5000; i++) {
		log.note(i % 2 ? live : silent);
		clock.advance(5000);
	}
	expect(log.spans.length).toBeLessThanOrEqual(400);
	expect(log.times(10 * MINUTE).upMs).toBe(5 * MINUTE);
	clock.advance(33 * DAY);
	log.beat();
	expect(log.spans).toHaveLength(1);
});

test('rates are of the last hour, and a slot in which the worker slept is left out', () => {
	const rates = new RateHistory(clock);
	let messages = 0;
	const beat = (count: number) =>
		rates.beat({ messages: (messages += count), samples: messages * 2, refused: 0 });
	beat(0);
	for (let i = 0; i < 400; i++) {
		clock.advance(RATE_SLOT_MS);
		beat(i < 399 ? 50 : 100);
	}
	const { timeMs, messages: rate, samples } = rates.columns();
	expect(timeMs).toHaveLength(360);
	expect([rate[0], rate.at(-1), samples.at(-1)]).toEqual([5, 10, 20]);
	clock.advance(5 * RATE_SLOT_MS);
	beat(1000);
	expect(rates.columns().messages.at(-1)).toBe(10);
	expect(rates.columns().timeMs).toHaveLength(355);
});
