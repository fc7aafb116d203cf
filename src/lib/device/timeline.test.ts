import { expect, test } from 'vitest';
import type { DeviceEvent } from './device';
import {
	availabilityOf,
	clockOver,
	firmwareOver,
	knownSinceMs,
	silentSince,
	statusOver,
	type Life,
	type Stretch,
	windowKnown
} from './timeline';

const event = (atMs: number, kind: DeviceEvent['kind'], detail: DeviceEvent['detail'] = {}): DeviceEvent => ({
	atMs,
	kind,
	detail
});
const WINDOW = { fromMs: 1000, toMs: 2000 };
const ALWAYS = [{ fromMs: 0, toMs: 9000 }];
const life = (events: readonly DeviceEvent[], over: Partial<Life> = {}): Life => ({
	...{ events, presences: [], firmwares: [], silentSinceMs: undefined },
	...over
});
const shown = (stretches: readonly Stretch<unknown>[]) =>
	stretches.map(({ fromMs, toMs, value }) => `${fromMs}-${toMs} ${String(value)}`);

test('a status holds from its event to the next, also one from before the window', () => {
	const events = [event(500, 'online'), event(1200, 'offline'), event(1300, 'gap'), event(1400, 'online')];
	expect(shown(statusOver(life(events), ALWAYS, WINDOW))).toEqual([
		'1000-1200 online',
		'1200-1400 offline',
		'1400-2000 online'
	]);
});

test('what nobody listened to is unknown, whatever was heard before and after', () => {
	const events = [event(500, 'offline'), event(1900, 'online')];
	const listened = [
		{ fromMs: 400, toMs: 1100 },
		{ fromMs: 1500, toMs: 1600 },
		{ fromMs: 1600, toMs: 1950 }
	];
	const stretches = statusOver(life(events), listened, WINDOW);
	expect(shown(stretches)).toEqual([
		'1000-1100 offline',
		'1100-1500 unknown',
		'1500-1900 offline',
		'1900-1950 online',
		'1950-2000 unknown'
	]);
	expect(availabilityOf(stretches)).toEqual({
		...{ onlineMs: 50, silentMs: 0, sleepingMs: 0, offlineMs: 500, unknownMs: 450 },
		share: 50 / 550
	});
});

test('a device that sleeps as it said is available, and of one nobody heard nothing is said', () => {
	const asleep = statusOver(life([event(500, 'online'), event(1500, 'sleeping')]), ALWAYS, WINDOW);
	expect(availabilityOf(asleep).share).toBe(1);
	expect(availabilityOf(statusOver(life([]), ALWAYS, WINDOW)).share).toBeUndefined();
});

test('firmware is known from the first thing that was heard, under the name it had then', () => {
	const events = [
		event(1050, 'alert'),
		event(1100, 'first-seen'),
		event(1500, 'firmware-changed', { from: '1.0', to: '1.1' })
	];
	expect(shown(firmwareOver(life(events), '1.1', WINDOW))).toEqual([
		'1000-1100 undefined',
		'1100-1500 1.0',
		'1500-2000 1.1'
	]);
	expect(shown(firmwareOver(life([event(500, 'first-seen')]), '1.0', WINDOW))).toEqual(['1000-2000 1.0']);
});

test('the clock’s quality is as the last sample told it', () => {
	const events = [
		event(1050, 'first-seen'),
		event(1100, 'clock', { quality: 'unsynchronised' }),
		event(1300, 'clock', { quality: 'synchronised' })
	];
	expect(shown(clockOver(events, WINDOW))).toEqual([
		'1000-1050 undefined',
		'1050-1100 synchronised',
		'1100-1300 unsynchronised',
		'1300-2000 synchronised'
	]);
});

test('where the kept events do not reach, history tells how it stood and what it ran', () => {
	const events = [
		event(1600, 'offline'),
		event(1700, 'online'),
		event(1800, 'firmware-changed', { from: '2', to: '3' })
	];
	const stored = life(events, {
		presences: [
			{ fromMs: 900, toMs: 1100, value: 'online' },
			{ fromMs: 1100, toMs: 1200, value: 'offline' },
			{ fromMs: 1300, toMs: 1600, value: 'online' },
			{ fromMs: 1600, toMs: 1700, value: 'offline' }
		],
		firmwares: [
			{ fromMs: 900, toMs: 1150, value: '1' },
			{ fromMs: 1150, toMs: 1800, value: '2' },
			{ fromMs: 1800, toMs: 2000, value: '3' }
		]
	});
	expect(shown(statusOver(stored, ALWAYS, WINDOW))).toEqual([
		'1000-1100 online',
		'1100-1200 offline',
		'1200-1300 unknown',
		'1300-1600 online',
		'1600-1700 offline',
		'1700-2000 online'
	]);
	expect(shown(firmwareOver(stored, '3', WINDOW))).toEqual(['1000-1150 1', '1150-1800 2', '1800-2000 3']);
});

test('a device that says no more, and nobody that it left, is silent; not one that sleeps or is offline', () => {
	const over = (kind: DeviceEvent['kind']) =>
		statusOver(life([event(500, kind)], { silentSinceMs: 1400 }), ALWAYS, WINDOW);
	expect(shown(over('online'))).toEqual(['1000-1400 online', '1400-2000 silent']);
	expect(availabilityOf(over('online'))).toMatchObject({ onlineMs: 400, silentMs: 600, share: 0.4 });
	expect(shown(over('sleeping'))).toEqual(['1000-2000 sleeping']);
	expect(shown(over('offline'))).toEqual(['1000-2000 offline']);
});

test('a silence that ended stays in view', () => {
	const events = [event(500, 'online'), event(1300, 'silent'), event(1600, 'heard', { silentS: 0.3 })];
	expect(shown(statusOver(life(events), ALWAYS, WINDOW))).toEqual([
		'1000-1300 online',
		'1300-1600 silent',
		'1600-2000 online'
	]);
});

test('silence is longer than this device usually takes, and none while nobody listened', () => {
	const seen = { lastSeenMs: 1000, lateAfterMs: 300, nowMs: 2000 };
	expect(silentSince([{ fromMs: 0, toMs: 2000 }], seen)).toBe(1000);
	expect(silentSince([{ fromMs: 0, toMs: 2000 }], { ...seen, lateAfterMs: 1000 })).toBeUndefined();
	const again = (fromMs: number) =>
		silentSince(
			[
				{ fromMs: 0, toMs: 900 },
				{ fromMs, toMs: 2000 }
			],
			seen
		);
	expect([again(1500), again(1800)]).toEqual([1500, undefined]);
	expect(silentSince([{ fromMs: 0, toMs: 1500 }], seen)).toBeUndefined();
});

test('a timeline begins where something is first known, by event or history, and is a minute long at least', () => {
	const hour = { fromMs: 0, toMs: 3_600_000 };
	const stored = [{ fromMs: 600_000, toMs: 700_000, value: 'online' }];
	expect(knownSinceMs(life([event(900_000, 'first-seen')], { presences: stored }))).toBe(600_000);
	expect(knownSinceMs(life([event(500_000, 'first-seen')], { presences: stored }))).toBe(500_000);
	expect(knownSinceMs(life([]))).toBeUndefined();
	expect(windowKnown(hour, 600_000)).toEqual({ fromMs: 600_000, toMs: 3_600_000 });
	expect(windowKnown(hour, 3_599_000)).toEqual({ fromMs: 3_540_000, toMs: 3_600_000 });
	expect([windowKnown(hour, -5), windowKnown(hour, undefined)]).toEqual([hour, hour]);
});
