/** Unit and reading of a metric by its wire name. A name we do not know is shown as it is, without a unit. */
export interface MetricInfo {
	readonly label: string;
	readonly unit: string;
	/** Digits after the point that mean something. */
	readonly decimals: number;
	/** Rank on a card: the smallest is the reading that matters. */
	readonly rank: number;
	/** It only rises, until it begins anew: what matters is how fast. */
	readonly counter?: boolean;
}

const KNOWN: Readonly<Record<string, MetricInfo>> = {
	temperature: { label: 'Temperature', unit: '°C', decimals: 1, rank: 0 },
	humidity: { label: 'Humidity', unit: '%', decimals: 0, rank: 1 },
	pressure: { label: 'Pressure', unit: 'hPa', decimals: 0, rank: 2 },
	power: { label: 'Power', unit: 'W', decimals: 0, rank: 0 },
	voltage: { label: 'Voltage', unit: 'V', decimals: 1, rank: 3 },
	current: { label: 'Current', unit: 'A', decimals: 2, rank: 3 },
	irradiance: { label: 'Irradiance', unit: 'W/m²', decimals: 0, rank: 2 },
	energy: { label: 'Energy', unit: 'kWh', decimals: 2, rank: 2, counter: true },
	frequency: { label: 'Frequency', unit: 'Hz', decimals: 2, rank: 4 },
	heat_sink: { label: 'Heat sink', unit: '°C', decimals: 1, rank: 4 },
	battery: { label: 'Battery', unit: '%', decimals: 0, rank: 4 },
	co2: { label: 'CO₂', unit: 'ppm', decimals: 0, rank: 1 },
	illuminance: { label: 'Light', unit: 'lx', decimals: 0, rank: 3 },
	window_position: { label: 'Window position', unit: '%', decimals: 0, rank: 1 },
	sound_level: { label: 'Sound level', unit: 'dBFS', decimals: 1, rank: 2 },
	sound_volume: { label: 'Sound volume', unit: 'dB', decimals: 1, rank: 2 },
	sound_rms: { label: 'Sound RMS', unit: 'FS', decimals: 4, rank: 5 },
	confidence: { label: 'Confidence', unit: '', decimals: 2, rank: 50 },
	wifi_rssi: { label: 'Wi-Fi signal', unit: 'dBm', decimals: 0, rank: 90 },
	uptime: { label: 'Uptime', unit: 's', decimals: 0, rank: 91 }
};

export const isKnownMetric = (name: string): boolean => Object.hasOwn(KNOWN, name);

/** What a person may mean by a column: the names we know. */
export const knownMetrics = (): readonly string[] => Object.keys(KNOWN);

/** How a device does, rather than what it is for. */
export const isDiagnostic = (name: string): boolean => metricInfo(name).rank >= 90;

/** What a model was given: the same quantity as the metric it is named after, and not measured by the device. */
export const MODEL_INPUT = 'feature_';

export function metricInfo(name: string): MetricInfo {
	if (name.startsWith(MODEL_INPUT)) {
		const of = metricInfo(name.slice(MODEL_INPUT.length));
		return { ...of, label: `${of.label} (model input)`, rank: 60 };
	}
	if (Object.hasOwn(KNOWN, name)) return KNOWN[name]!;
	const share = PERCENT.exec(name)?.groups?.['of'];
	const label = (share ?? name)
		.replace(WRAPPED, '')
		.replaceAll('_', ' ')
		.replace(/^./u, (c) => c.toUpperCase())
		.replace(/\b[ad]c\b/giu, (current) => current.toUpperCase());
	const counter = /_(?:total|count|counter|pulses)$/u.test(name);
	return {
		label,
		unit: share === undefined ? '' : '%',
		decimals: share === undefined ? 2 : 1,
		rank: 50,
		counter
	};
}

/** `power_data_ac_power`, as a member of a nested body is named: what holds it says nothing more. */
const WRAPPED = /^(?:.+_)?(?:data|readings|values|metrics|measurements)_(?=.)/u;

/** A name that says itself that it is a share. */
const PERCENT = /^(?<of>.+)_(?:percent|pct)$/u;
