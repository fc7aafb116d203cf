import type { DeviceId } from '$lib/model';
import type { StateName } from '$lib/ui';
import type { DeviceSummary } from '../../field/messages';
import type { WorstAlerts } from '../alerts-view.svelte';

export type DeviceFilter = 'all' | 'live' | 'silent';
export type DeviceOrder = 'name' | 'seen' | 'state';

export interface Arrangement {
	readonly search: string;
	readonly filter: DeviceFilter;
	readonly order: DeviceOrder;
}

const RANK = { failing: 0, late: 1, offline: 2, live: 3, simulated: 4 } as const satisfies Record<
	StateName,
	number
>;
/** Before all that is silent: what warns says what is wrong. */
const ALERT_RANK = { critical: -2, warning: -1 } as const;
const NO_ALERTS: WorstAlerts = new Map<DeviceId, never>();
const names = new Intl.Collator(undefined, { numeric: true, sensitivity: 'base' });

/**
 * Which devices are shown, and in which order. Ties are broken by id, so that two devices never swap places by themselves.
 * @param search all its words must be in the name, the id or the firmware
 * @param alerts where trouble comes first, those that warn are before all others
 */
export function arrange(
	devices: readonly DeviceSummary[],
	{ search, filter, order }: Arrangement,
	stateOf: (device: DeviceSummary) => StateName,
	alerts: WorstAlerts = NO_ALERTS
): readonly DeviceSummary[] {
	const words = search.toLocaleLowerCase().split(/\s+/u).filter(Boolean);
	const found = inOrderOfName(devices).filter((device) => {
		if (filter !== 'all' && (stateOf(device) === 'live') !== (filter === 'live')) return false;
		if (words.length === 0) return true;
		const text =
			`${device.name} ${device.id} ${device.firmware ?? ''} ${device.provenance}`.toLocaleLowerCase();
		return words.every((word) => text.includes(word));
	});
	// By name they are already, and sorting keeps the places of equals.
	switch (order) {
		case 'name':
			return found;
		case 'seen':
			// By the minute: devices that all speak now keep their places.
			return sortedBy(found, ({ lastSeenMs }) => -Math.floor(lastSeenMs / 60_000));
		case 'state':
			return sortedBy(found, (device) => {
				const alert = alerts.get(device.id);
				return alert ? ALERT_RANK[alert] : RANK[stateOf(device)];
			});
	}
}

/** @param keyOf asked once each */
function sortedBy(
	devices: readonly DeviceSummary[],
	keyOf: (device: DeviceSummary) => number
): readonly DeviceSummary[] {
	return devices
		.map((device) => [keyOf(device), device] as const)
		.sort(([a], [b]) => a - b)
		.map(([, device]) => device);
}

let known: { readonly names: ReadonlyMap<string, string>; readonly places: ReadonlyMap<string, number> } = {
	names: new Map(),
	places: new Map()
};

/** By name, then id; their places are made anew only where a name is: two thousand comparisons by language take long. */
function inOrderOfName(devices: readonly DeviceSummary[]): readonly DeviceSummary[] {
	const same =
		devices.length === known.names.size && devices.every(({ id, name }) => known.names.get(id) === name);
	if (!same) {
		const sorted = devices.toSorted((a, b) => names.compare(a.name, b.name) || names.compare(a.id, b.id));
		known = {
			names: new Map(devices.map(({ id, name }) => [id, name])),
			places: new Map(sorted.map(({ id }, i) => [id, i]))
		};
	}
	const placed: DeviceSummary[] = [];
	for (const device of devices) placed[known.places.get(device.id) ?? 0] = device;
	return placed;
}
