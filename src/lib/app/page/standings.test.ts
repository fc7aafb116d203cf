import { expect, test } from 'vitest';
import { fakeDevice } from '../../../../tests/fixtures/fake-field';
import { Standings } from './standing-of';

const LATE_MS = 10_000;
type Around = Parameters<Standings['of']>[0];

/** What the page knows of devices that speak over the broker, as far as their standing needs it. */
const around = (devices: readonly ReturnType<typeof fakeDevice>[], live = true): Around =>
	({
		session: { live },
		lab: { devices: NO_LAB },
		devices: { devices, lateAfterMs: () => LATE_MS }
	}) as unknown as Around;
const NO_LAB: Around['lab']['devices'] = [];

test('a fleet is the same list until one speaks, is late or the session changes', () => {
	const [a, b] = [1000, 2000].map((lastSeenMs, i) =>
		fakeDevice(`fb-${i}`, { presence: 'online', lastSeenMs, links: ['mqtt'] })
	) as [ReturnType<typeof fakeDevice>, ReturnType<typeof fakeDevice>];
	const book = new Standings();
	const states = (of: readonly { state: string }[]) => of.map(({ state }) => state);
	const first = book.of(around([a, b]), 3000);
	const shape = book.shapeOf(first);
	expect(states(first)).toEqual(['live', 'live']);
	expect(book.of(around([a, b]), 1000 + LATE_MS)).toBe(first);

	const spoke = book.of(around([a, { ...b, lastSeenMs: 9000 }]), 9000);
	expect(spoke[0]).toBe(first[0]);
	expect(book.shapeOf(spoke)).toBe(shape); // it measured, no more

	const late = book.of(around([a, spoke[1]!.device]), 1001 + LATE_MS);
	expect(states(late)).toEqual(['late', 'live']);
	expect(book.shapeOf(late)).not.toBe(shape);
	expect(book.find(a.id)).toBe(late[0]);
	expect(states(book.of(around([a, spoke[1]!.device], false), 1001 + LATE_MS))).toEqual([
		'offline',
		'offline'
	]);
	expect(book.of(around([a]), 1001 + LATE_MS)).toHaveLength(1);
});
