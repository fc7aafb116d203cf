import { describe, expect, it, vi } from 'vitest';
import type { SessionState } from '$lib/model';
import { deviceId, fakeDevice } from '../../../../../tests/fixtures/fake-field';
import type { Alert } from '../../field/messages';
import { type Standing, standingAs } from '../standing-of';
import { type Around, attention } from './attention';
import { countFleet, scaled } from './fleet';
import { coverageWords } from './energy-day.svelte';

vi.mock('$app/paths', () => ({
	resolve: (path: string, params: { id?: string } = {}) => path.replace('[id]', params.id ?? '')
}));

const standing = (id: string, state: Standing['state'] = 'live', word = 'Live'): Standing =>
	standingAs(fakeDevice(id), state, word);
const alert = (id: string, over: Partial<Alert> = {}): Alert => ({
	...{ id, device: deviceId('fb-1'), provenance: 'real', rule: 'hot', text: 'Too hot', severity: 'warning' },
	...{ raisedMs: 1, overMs: undefined, acknowledgedMs: undefined },
	...over
});
const LIVE: SessionState = { kind: 'live', id: 'b', broker: 'home', protocolVersion: 5, sinceMs: 0 };
const calm = { session: LIVE, standings: [standing('fb-1')], alerts: [], refused: [] };
const needs = (around: Omit<Around, 'find'>) =>
	attention({ ...around, find: (id) => around.standings.find(({ device }) => device.id === id) });
const whats = (around: Omit<Around, 'find'>) => needs(around).map(({ what }) => what);

describe('what needs a person', () => {
	it('is nothing where all is well, where somebody knows of it, and where a device sleeps', () => {
		const alerts = [alert('a', { acknowledgedMs: 5 }), alert('b', { severity: 'info' })];
		const standings = [standing('fb-1'), standing('fb-2', 'offline', 'Sleeping')];
		expect(whats({ ...calm, alerts, standings })).toEqual([]);
	});

	it('is the session first, then critical alerts one by one, then the rest together', () => {
		const session: SessionState = {
			...{ kind: 'failed', id: 'b', broker: 'home' },
			problem: { kind: 'offline' }
		};
		const alerts = [alert('a'), alert('b', { severity: 'critical' }), alert('c', { overMs: 9 })];
		expect(whats({ ...calm, session, alerts })).toEqual([
			'Not connected to home',
			'fb-1: Too hot',
			'2 alerts nobody has acknowledged'
		]);
	});

	it('says since when: of several, since the first', () => {
		const alerts = [alert('a', { raisedMs: 500 }), alert('b', { raisedMs: 300 })];
		const quiet = (id: string, lastSeenMs: number) =>
			standingAs(fakeDevice(id, { lastSeenMs }), 'offline', 'Offline');
		const standings = [quiet('fb-1', 900)];
		expect(needs({ ...calm, alerts, standings }).map(({ since }) => since)).toEqual([
			{ atMs: 300, word: 'the first raised' },
			{ atMs: 900, word: 'last heard' }
		]);
		const never = needs({ ...calm, standings: [quiet('fb-1', 0)] });
		expect(never[0]?.since).toBeUndefined();
	});

	it('does not say that an alert still holds where nobody can know', () => {
		const alerts = [alert('a', { severity: 'critical' })];
		const means = (state: Standing['state']) =>
			needs({ ...calm, alerts, standings: [standing('fb-1', state, 'Last known')] })[0]?.means;
		expect(means('live')).toContain('It still holds');
		expect(means('offline')).toContain('nobody knows whether it still holds');
	});

	it('blames no device for what the session cannot know', () => {
		const standings = [standing('fb-1', 'offline', 'Last known')];
		expect(whats({ ...calm, standings, session: { kind: 'none' } })).toEqual(['No broker is connected']);
	});

	it('counts real and simulated devices apart, and names the first of many', () => {
		const standings = [
			...[1, 2, 3, 4, 5].map((n) => standing(`fb-${n}`, 'offline', 'Offline')),
			standing('sim-1', 'offline', 'Offline')
		];
		const found = needs({ ...calm, standings });
		expect(found.map(({ what, simulated }) => [what, simulated])).toEqual([
			['5 devices offline', false],
			['1 simulated device offline', true]
		]);
		expect(found[0]?.means).toContain('fb-1, fb-2, fb-3 and 2 more');
	});

	it('asks for the key of a device that gives its log to nobody else', () => {
		const refused = [{ device: deviceId('fb-1'), provenance: 'real', missing: 1200 } as const];
		expect(whats({ ...calm, refused })).toEqual(['fb-1: 1,200 samples cannot be fetched']);
	});
});

describe('the fleet', () => {
	const power = (id: string, watts: number, state: Standing['state'] = 'live'): Standing =>
		standingAs(
			fakeDevice(id, { values: { power: { value: watts, timeMs: 1 } } }),
			state,
			state === 'live' ? 'Live' : 'Late'
		);

	it('never sums what is measured with what is made up, nor the power of who is silent', () => {
		const fleets = countFleet([power('fb-1', 100), power('fb-2', 40, 'late'), power('sim-1', 5000)]);
		expect(fleets).toMatchObject([
			{ provenance: 'real', total: 2, live: 1, powerW: 100, meters: 2, liveMeters: 1 },
			{ provenance: 'simulated', total: 1, live: 1, powerW: 5000 }
		]);
		expect(fleets[0]?.others).toEqual([{ word: 'Late', state: 'late', count: 1 }]);
	});

	it('counts neither as live nor as late what only others tell of', () => {
		const standings = [standing('fb-1'), standing('w1', 'offline', 'Told by others')];
		expect(countFleet(standings)).toMatchObject([{ total: 1, live: 1, others: [{ count: 1 }] }]);
		expect(whats({ ...calm, standings })).toEqual([]);
	});

	it('has no power where none is measured now', () => {
		expect(countFleet([power('fb-1', 7, 'late')])[0]?.powerW).toBeUndefined();
	});

	it('says of whom how much of the day was measured, and no mean of it', () => {
		const of = (...hours: number[]) =>
			coverageWords(hours.map((h, i) => ({ name: `fb-${i}`, ms: h * 3_600_000 })));
		expect(of(23, 0.1, 0.1, 0)).toBe('measured 23 h of fb-0, under 1 h of 3 others');
		expect(of(24, 24, 5.7)).toBe('measured all of 2 devices, at most 5 h of 1 other');
		expect(of(5.7)).toBe('measured 5 h of fb-0');
		expect(of(24, 23.9)).toBe('');
	});

	it('shortens watts as they grow', () => {
		expect([999, -1500, 2_500_000].map((w) => scaled(w, 'W'))).toMatchObject([
			{ value: 999, unit: 'W' },
			{ value: -1.5, unit: 'kW' },
			{ value: 2.5, unit: 'MW' }
		]);
	});
});
