import { expect, test } from 'vitest';
import type { DeviceEvent } from './device';
import { availabilityOf, clockOver, firmwareOver, statusOver, type Stretch } from './timeline';

const event = (atMs: number, kind: DeviceEvent['kind'], detail: DeviceEvent['detail'] = {}): DeviceEvent => ({
	atMs,
	kind,
	detail
});
const WINDOW = { fromMs: 1000, toMs: 2000 };
const ALWAYS = [{ fromMs: 0, toMs: 9000 }];
const shown = (stretches: readonly Stretch<unknown>[]) =>
	stretches.map(({ fromMs, toMs, value }) => `${fromMs}-${toMs} ${String(value)}`);

test('a status holds from its event to the next, also one from before the window', () => {
	const events = [event(500, 'online'), event(1200, 'offline'), event(1300, 'gap'), event(1400, 'online')];
	expect(shown(statusOver(events, ALWAYS, WINDOW))).toEqual([
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
	const stretches = statusOver(events, listened, WINDOW);
	expect(shown(stretches)).toEqual([
		'1000-1100 offline',
		'1100-1500 unknown',
		'1500-1900 offline',
		'1900-1950 online',
		'1950-2000 unknown'
	]);
	expect(availabilityOf(stretches)).toEqual({
		...{ onlineMs: 50, sleepingMs: 0, offlineMs: 500, unknownMs: 450 },
		share: 50 / 550
	});
});

test('a device that sleeps as it said is available, and of one nobody heard nothing is said', () => {
	const asleep = statusOver([event(500, 'online'), event(1500, 'sleeping')], ALWAYS, WINDOW);
	expect(availabilityOf(asleep).share).toBe(1);
	expect(availabilityOf(statusOver([], ALWAYS, WINDOW)).share).toBeUndefined();
});

test('firmware is known from the first thing that was heard, under the name it had then', () => {
	const events = [
		event(1050, 'alert'),
		event(1100, 'first-seen'),
		event(1500, 'firmware-changed', { from: '1.0', to: '1.1' })
	];
	expect(shown(firmwareOver(events, '1.1', WINDOW))).toEqual([
		'1000-1100 undefined',
		'1100-1500 1.0',
		'1500-2000 1.1'
	]);
	expect(shown(firmwareOver([event(500, 'first-seen')], '1.0', WINDOW))).toEqual(['1000-2000 1.0']);
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
