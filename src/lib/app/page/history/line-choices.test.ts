import { expect, it } from 'vitest';
import { parseDeviceId } from '$lib/model';
import { type LineDevice, lineChoices } from './line-choices';

const device = (id: string, metrics: readonly string[]): LineDevice => {
	const parsed = parseDeviceId(id);
	if (!parsed.ok) throw new Error(id);
	const provenance = id.startsWith('sim') ? 'simulated' : 'real';
	return { id: parsed.value, name: id, provenance, metrics };
};
const mine = device('fb-1', ['temperature', 'humidity', 'heat_sink', 'pressure']);
const others = [mine, device('sim-2', ['temperature']), device('fb-3', ['power', 'heat_sink'])];

it('offers the device’s other metrics, and of others the same or what is in its unit, told apart when simulated', () => {
	const { ofDevice, ofOthers } = lineChoices(mine, 'temperature', others, []);
	expect(ofDevice.map(({ label }) => label)).toEqual(['Humidity', 'Heat sink', 'Pressure']);
	expect(ofOthers.map(({ label, detail }) => [label, detail])).toEqual([
		['sim-2', '°C · simulated'],
		['fb-3, Heat sink', '°C']
	]);
	expect(lineChoices(mine, 'soil_index', [device('fb-4', ['mood'])], []).ofOthers).toEqual([]);
});

it('bars a third unit and a seventh line, never what is chosen', () => {
	const chosen = [{ metric: 'humidity', device: undefined }];
	const barred = (all: typeof chosen) =>
		lineChoices(mine, 'temperature', others, all).ofDevice.map(({ barred }) => barred !== undefined);
	expect(barred(chosen)).toEqual([false, false, true]);
	const five = [...chosen, ...[1, 2, 3, 4].map((n) => ({ metric: 'temperature', device: `fb-${n + 10}` }))];
	expect(barred(five as typeof chosen)).toEqual([false, true, true]);
});
