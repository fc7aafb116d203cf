import { describe, expect, it } from 'vitest';
import { deviceId, fakeDevice } from '../../../../../tests/fixtures/fake-field';
import { arrange } from './arrange';

const T = 1_700_000_000_000;
const devices = [
	fakeDevice('fb-3', { name: 'Node 10', lastSeenMs: T }),
	fakeDevice('fb-1', { name: 'Node 9', lastSeenMs: T - 600_000 }),
	fakeDevice('sim-2', { name: 'Ärmel', lastSeenMs: T - 10_000 })
];
const stateOf = ({ id }: { id: string }) => (id === 'fb-1' ? 'late' : 'live');
const names = (
	search: string,
	filter: 'all' | 'live' | 'silent' = 'all',
	order: 'name' | 'seen' | 'state' = 'name'
) => arrange(devices, { search, filter, order }, stateOf).map((device) => device.name);

describe('arrange', () => {
	it('counts as people do, and knows letters', () => {
		expect(names('')).toEqual(['Ärmel', 'Node 9', 'Node 10']);
	});
	it('keeps devices of one name apart by their ids, however they come', () => {
		const alike = ['fb-2', 'fb-10', 'fb-1'].map((id) => fakeDevice(id, { name: 'Roof', lastSeenMs: T }));
		for (const all of [alike, alike.toReversed()]) {
			const found = arrange(all, { search: '', filter: 'all', order: 'name' }, stateOf);
			expect(found.map(({ id }) => id)).toEqual(['fb-1', 'fb-2', 'fb-10']);
		}
	});
	it('finds by all words, in name, id, firmware and kind', () => {
		expect(names('node 9')).toEqual(['Node 9']);
		expect(names('simulated')).toEqual(['Ärmel']);
		expect(names('fb-3')).toEqual(['Node 10']);
		expect(names('node ärmel')).toEqual([]);
	});
	it('keeps the live apart from the rest', () => {
		expect(names('', 'live')).toEqual(['Ärmel', 'Node 10']);
		expect(names('', 'silent')).toEqual(['Node 9']);
	});
	it('puts trouble first', () => {
		expect(names('', 'all', 'state')[0]).toBe('Node 9');
		const alerts = new Map([
			[deviceId('sim-2'), 'warning'],
			[deviceId('fb-3'), 'critical']
		] as const);
		const first = arrange(devices, { search: '', filter: 'all', order: 'state' }, stateOf, alerts);
		expect(first.map(({ name }) => name)).toEqual(['Node 10', 'Ärmel', 'Node 9']);
	});
	it('does not let devices that all speak now swap places', () => {
		const later = devices.map((d) => (d.id === deviceId('sim-2') ? { ...d, lastSeenMs: T + 5_000 } : d));
		const seen = (all: typeof devices) =>
			arrange(all, { search: '', filter: 'all', order: 'seen' }, stateOf).map((d) => d.name);
		expect(seen(later)).toEqual(seen(devices));
	});
});
