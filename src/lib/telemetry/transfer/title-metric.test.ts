import { expect, it } from 'vitest';
import { titleMetric } from './title-metric';

it.each([
	['Temperature °C', 'temperature'],
	['Temperature (°C)', 'temperature'],
	['temperature_c', 'temperature'],
	['Power [W]', 'power'],
	['energy_kwh', 'energy'],
	['Wi-Fi signal', 'wifi_rssi'],
	['Uptime', 'uptime'],
	['co2 ppm', 'co2'],
	// another unit is another figure
	['Temperature °F', 'Temperature °F'],
	['Power kW', 'Power kW'],
	['Rain mm', 'Rain mm'],
	['Phase A', 'Phase A'],
	['', '']
])('takes %j for %j', (title, metric) => {
	expect(titleMetric(title)).toBe(metric);
});
