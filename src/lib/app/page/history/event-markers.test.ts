import { expect, it } from 'vitest';
import type { DeviceEvent } from '../../field/messages';
import { eventMarkers } from './event-markers';

const event = (atMs: number, kind: DeviceEvent['kind'], detail = {}): DeviceEvent => ({ atMs, kind, detail });
const said = (events: readonly DeviceEvent[]) =>
	eventMarkers(events).map(({ atMs, toMs, kind, label }) => [atMs, toMs, kind, label]);

it('draws what lasted as a band, and its end no second time', () => {
	expect(
		said([event(30, 'online'), event(10, 'offline'), event(40, 'restarted'), event(50, 'offline')])
	).toEqual([
		[10, 30, 'event', 'Offline'],
		[40, undefined, 'event', 'Restarted'],
		[50, undefined, 'event', 'Went offline']
	]);
});

it('ends an alert by the end of the same rule only, and leaves holes to the chart', () => {
	const alert = (rule: string) => ({ rule, text: `${rule} too high` });
	expect(
		said([
			event(1, 'alert', alert('a')),
			event(2, 'gap'),
			event(3, 'alert-over', { rule: 'b' }),
			event(4, 'alert-over', { rule: 'a' })
		])
	).toEqual([
		[1, 4, 'alert', 'Alert: a too high'],
		[3, undefined, 'event', 'Alert is over: b']
	]);
});
