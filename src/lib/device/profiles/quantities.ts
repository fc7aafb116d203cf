import { err, ok, type Result } from '$lib/base';
import { isKnownMetric } from '$lib/model';

/** What other people call the metrics that we know. */
const ALIASES: Readonly<Record<string, string>> = {
	temp: 'temperature',
	hum: 'humidity',
	relative_humidity: 'humidity',
	active_power: 'power',
	ac_power: 'power',
	ac_voltage: 'voltage',
	ac_current: 'current',
	freq: 'frequency',
	heatsink_temperature: 'heat_sink',
	battery_level: 'battery',
	rssi: 'wifi_rssi',
	wifi_signal: 'wifi_rssi',
	light: 'illuminance',
	lux: 'illuminance',
	noise: 'sound_volume',
	noise_level: 'sound_volume',
	sound: 'sound_volume',
	volume: 'sound_volume',
	window: 'window_position'
};

/** unit as it is written, in lower case → [factor, what is added before] to get to the metric's own unit. */
type Units = Readonly<Record<string, readonly [factor: number, before: number]>>;
const same = (...names: string[]): Units => Object.fromEntries(names.map((name) => [name, [1, 0]]));
const DEGREES: Units = {
	...same('c', '°c', 'celsius', 'degc'),
	...{ f: [1 / 1.8, -32], '°f': [1 / 1.8, -32], fahrenheit: [1 / 1.8, -32] },
	...{ k: [1, -273.15], kelvin: [1, -273.15] }
};
const PERCENT = same('%', 'pct', 'percent');
const UNITS: Readonly<Record<string, Units>> = {
	temperature: DEGREES,
	heat_sink: DEGREES,
	humidity: PERCENT,
	battery: PERCENT,
	window_position: PERCENT,
	pressure: { ...same('hpa', 'mbar'), pa: [0.01, 0], kpa: [10, 0], bar: [1000, 0] },
	power: { ...same('w', 'watt', 'watts'), kw: [1000, 0] },
	voltage: { ...same('v', 'volt', 'volts'), mv: [0.001, 0], kv: [1000, 0] },
	current: { ...same('a', 'amp', 'amps', 'ampere'), ma: [0.001, 0] },
	irradiance: same('w/m2', 'w/m²'),
	energy: { ...same('kwh'), wh: [0.001, 0], mwh: [1000, 0] },
	frequency: same('hz', 'hertz'),
	co2: same('ppm'),
	illuminance: same('lx', 'lux'),
	sound_level: same('dbfs'),
	sound_volume: same('db', 'dba'),
	wifi_rssi: same('dbm'),
	uptime: { ...same('s', 'sec', 'seconds'), ms: [0.001, 0], min: [60, 0], h: [3600, 0] }
};

export interface Quantity {
	readonly metric: string;
	/** In the metric's own unit. */
	readonly value: number;
}

/**
 * A number by the name and unit that somebody else gave it, as the metric and unit that we know it by: `temp_f` 68 is `temperature`
 * 20. A name that means nothing here stays as it is. `unknown-unit`: of a metric that is known, so its number would be read wrongly.
 */
export function quantityOf(name: string, value: number, unit?: string): Result<Quantity, 'unknown-unit'> {
	const plain = name
		.trim()
		.toLowerCase()
		.replaceAll(/[\s.-]+/gu, '_');
	const named = knownAs(plain);
	const cut = plain.lastIndexOf('_');
	const suffix = cut < 0 ? '' : plain.slice(cut + 1);
	const base = named ?? (cut < 0 ? undefined : knownAs(plain.slice(0, cut)));
	if (base === undefined) return ok({ metric: name, value });
	const units = Object.hasOwn(UNITS, base) ? UNITS[base] : undefined;
	const written = unit?.trim().toLowerCase() ?? (named === undefined ? suffix : undefined);
	if (written === undefined || written === '') return ok({ metric: base, value });
	const known = units && Object.hasOwn(units, written) ? units[written] : undefined;
	// `power_limit` is another thing than power; `{"unit":"hp"}` says that it is power, and not how much.
	if (!known) return unit === undefined ? ok({ metric: name, value }) : err('unknown-unit');
	const [factor, before] = known;
	return ok({
		metric: base,
		value: factor === 1 && before === 0 ? value : rounded((value + before) * factor)
	});
}

function knownAs(name: string): string | undefined {
	const alias = Object.hasOwn(ALIASES, name) ? ALIASES[name]! : name;
	return isKnownMetric(alias) ? alias : undefined;
}

/** Drops what the conversion itself adds in the last digits. */
const rounded = (value: number) => Number(value.toPrecision(12));

/** Whether a member of this name should have been a number. */
export const namesQuantity = (name: string): boolean => {
	const quantity = quantityOf(name, 0);
	return quantity.ok && isKnownMetric(quantity.value.metric);
};
