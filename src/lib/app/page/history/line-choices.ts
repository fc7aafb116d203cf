import { type DeviceId, metricInfo, type Provenance } from '$lib/model';
import { MOST_BESIDE, sameChoice, type SeriesChoice } from '$lib/telemetry/view';

/** A device as far as its lines go. */
export interface LineDevice {
	readonly id: DeviceId;
	readonly name: string;
	readonly provenance: Provenance;
	/** What it measures. */
	readonly metrics: readonly string[];
}

/** A line that may be drawn beside a chart's own. */
export interface LineChoice {
	readonly key: string;
	readonly label: string;
	readonly detail: string;
	readonly chosen: boolean;
	readonly barred: string | undefined;
	readonly choice: SeriesChoice;
}

/**
 * What can be drawn beside one metric of one device: its other metrics, and of other devices the same metric, then what is in its unit.
 * @param chosen what is drawn beside it now
 */
export function lineChoices(
	device: LineDevice,
	metric: string,
	others: readonly LineDevice[],
	chosen: readonly SeriesChoice[]
): { readonly ofDevice: readonly LineChoice[]; readonly ofOthers: readonly LineChoice[] } {
	const units = new Set([metric, ...chosen.map((one) => one.metric)].map((name) => metricInfo(name).unit));
	const toChoice = (choice: SeriesChoice, label: string, simulated: boolean): LineChoice => {
		const { unit } = metricInfo(choice.metric);
		const isChosen = chosen.some((one) => sameChoice(one, choice));
		return {
			...{ key: `${choice.metric}~${choice.device ?? ''}`, label, choice, chosen: isChosen },
			detail: [...(unit === '' ? [] : [unit]), ...(simulated ? ['simulated'] : [])].join(' · '),
			barred: isChosen ? undefined : barredBy(units, unit, chosen.length)
		};
	};
	return {
		ofDevice: device.metrics
			.filter((one) => one !== metric)
			.map((one) => toChoice({ metric: one, device: undefined }, metricInfo(one).label, false)),
		ofOthers: others
			.filter((other) => other.id !== device.id)
			.flatMap((other) => akin(metric, other.metrics).map((one) => ({ other, one })))
			.sort((a, b) => Number(b.one === metric) - Number(a.one === metric))
			.map(({ other, one }) =>
				toChoice(
					{ metric: one, device: other.id },
					one === metric ? other.name : `${other.name}, ${metricInfo(one).label}`,
					other.provenance === 'simulated' && device.provenance !== 'simulated'
				)
			)
	};
}

/** The metric itself, and others that count the same; numbers without a unit count nothing in common. */
function akin(metric: string, metrics: readonly string[]): readonly string[] {
	const { unit } = metricInfo(metric);
	return metrics.filter((one) => one === metric || (unit !== '' && metricInfo(one).unit === unit));
}

function barredBy(units: ReadonlySet<string>, unit: string, chosen: number): string | undefined {
	if (chosen >= MOST_BESIDE) return `A chart holds ${MOST_BESIDE + 1} lines: take one away first.`;
	return units.size >= 2 && !units.has(unit) ? 'A chart has two axes, both taken by other units.' : undefined;
}
