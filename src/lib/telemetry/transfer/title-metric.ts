import { knownMetrics, metricInfo } from '$lib/model';

/**
 * A column's title as a metric's name: "Temperature (°C)", "Power W" and "energy_kwh" say what we have a name and a unit for;
 * another title stays as it is, its unit in it.
 */
export function titleMetric(title: string): string {
	const [, of = '', unit = ''] = UNIT.exec(title) ?? [];
	const plain = (text: string) => text.trim().toLowerCase().replaceAll(' ', '_');
	const meant = (words: string) =>
		knownMetrics().find((name) => name === plain(words) || plain(metricInfo(name).label) === plain(words));
	const whole = meant(title);
	if (whole !== undefined) return whole;
	const quantity = meant(of);
	if (quantity === undefined) return title;
	const own = metricInfo(quantity).unit.toLowerCase();
	const same = own === unit.toLowerCase() || own === `°${unit.toLowerCase()}`;
	return same && own !== '' ? quantity : title;
}

/** Words, then what may be a unit: after a space or underscore, or in brackets. */
const UNIT = /^(.*\S)[\s_]*[\s_([]\s*([^\s_()[\]]+?)\s*[)\]]?$/u;
