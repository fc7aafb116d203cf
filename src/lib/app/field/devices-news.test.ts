import { expect, test } from 'vitest';
import { deviceId, fakeDevice } from '../../../../tests/fixtures/fake-field';
import { DevicesTeller, KnownDevices } from './devices-news';
import type { DevicesNews, DeviceSummary } from './messages';

const BESIDE = { refusedIds: 0, messagesPerSecond: 1 };
const [one, two, three] = ['fb-1', 'fb-2', 'fb-3'].map((id) => fakeDevice(id)) as [
	DeviceSummary,
	DeviceSummary,
	DeviceSummary
];

/** A teller and somebody who follows it over a structured clone, as a page does. */
function followed(devices: readonly DeviceSummary[]) {
	const teller = new DevicesTeller();
	const known = new KnownDevices();
	const news: DevicesNews[] = [];
	const follow = (now: readonly DeviceSummary[]) =>
		teller.add(
			(said) => {
				news.push(said);
				known.take(structuredClone(said));
			},
			new AbortController().signal,
			now,
			BESIDE
		);
	follow(devices);
	teller.tell(devices, BESIDE);
	news.length = 0;
	return { tell: (all: readonly DeviceSummary[]) => teller.tell(all, BESIDE), follow, known, news };
}

test('only what has changed goes to the page, and all else stays the object it was', () => {
	const { tell, known, news } = followed([one, two]);
	const before = known.all();
	const renamed = { ...two, name: 'Cellar' };
	tell([one, renamed, three]);
	expect(news.map(({ devices }) => devices)).toEqual([[renamed, three]]);
	expect(known.all()).toEqual([one, renamed, three]);
	expect(known.all()[0]).toBe(before[0]);
	tell([one, renamed, three]);
	expect(news.at(-1)).toMatchObject({ devices: [], gone: [], messagesPerSecond: 1 });
});

test('a removed device goes, and comes back when it is heard again', () => {
	const { tell, known, news } = followed([one, two]);
	tell([two]);
	expect(news.at(-1)).toMatchObject({ devices: [], gone: ['fb-1'] });
	expect([known.all(), known.find('fb-1')]).toEqual([[two], undefined]);
	tell([two, one]);
	expect(known.all()).toEqual([two, one]);
});

test('after a change of leader all are told again: what the next one does not know is gone', () => {
	const { known } = followed([one, two, three]);
	const whole = { whole: true, devices: [two], gone: [] };
	expect(known.take(whole)).toEqual([deviceId('fb-1'), deviceId('fb-3')]);
	expect(known.all()).toEqual([two]);
});

test('who comes between two tellings misses nothing', () => {
	const { tell, follow, known } = followed([one]);
	const renamed = { ...one, name: 'Cellar' };
	follow([renamed, two]);
	tell([renamed, two]);
	tell([two]);
	expect(known.all()).toEqual([two]);
});

test('of many that change at once each is told of in its turn, a few at a time', () => {
	const fleet = (state: string) =>
		Array.from({ length: 100 }, (_, i) => fakeDevice(`fb-${i}`, { name: `${state} ${i}` }));
	const { tell, known, news } = followed([]);
	for (let turn = 0; turn < 5; turn++) tell(fleet(`turn ${turn}`)); // all of them change each time
	expect(Math.max(...news.map(({ devices }) => devices.length))).toBeLessThan(50);
	expect(known.all()).toHaveLength(100);
	expect(known.find('fb-99')?.name).not.toBe('turn 0 99');
});

test('one that went before it was told of goes from a page that came meanwhile', () => {
	const { tell, follow, known } = followed([one]);
	follow([one, two]);
	tell([one]);
	expect(known.all()).toEqual([one]);
});
