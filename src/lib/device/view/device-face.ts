import { type LinkKind, metricInfo, type MetricInfo } from '$lib/model';
import type { IconName, StateName } from '$lib/ui';
import type { DeviceSummary } from '../device';

/** What a card, a row or a header shows of a device. */
export type DeviceFace = Pick<
	DeviceSummary,
	'id' | 'provenance' | 'name' | 'presence' | 'links' | 'lastSeenMs' | 'firmware' | 'values'
>;

/** How a device stands, in one word with a hue and an icon. */
export interface DeviceStanding {
	readonly state: StateName;
	readonly word: string;
	readonly icon: IconName;
}

/** Of a device that never spoke itself: what is known of it, others say. It is neither live nor late. */
export const TOLD_BY_OTHERS = 'Told by others';

/**
 * @param around.reachable some link that leads to the device is up. When none is, nobody knows how it is: what is shown is
 * the last that was known, and says so
 */
export function standing(
	face: Pick<DeviceFace, 'presence' | 'lastSeenMs' | 'values'>,
	around: { readonly nowMs: number; readonly lateAfterMs: number; readonly reachable: boolean }
): DeviceStanding {
	if (!around.reachable) return { state: 'offline', word: 'Last known', icon: 'offline' };
	if (face.presence === 'offline') return { state: 'offline', word: 'Offline', icon: 'offline' };
	if (face.presence === 'sleeping') return { state: 'offline', word: 'Sleeping', icon: 'sleeping' };
	if (face.lastSeenMs === 0)
		return Object.keys(face.values).length > 0
			? { state: 'offline', word: TOLD_BY_OTHERS, icon: 'info' }
			: { state: 'late', word: 'Not heard yet', icon: 'late' };
	if (around.nowMs - face.lastSeenMs > around.lateAfterMs)
		return { state: 'late', word: 'Late', icon: 'late' };
	return { state: 'live', word: 'Live', icon: 'live' };
}

export interface FaceMetric {
	readonly metric: string;
	readonly info: MetricInfo;
	readonly value: number;
	readonly timeMs: number;
}

/** Figures about the device itself, which stand at a card's foot and not among its readings. */
const ABOUT_ITSELF = new Set(['wifi_rssi', 'uptime']);

/** A device's readings, the one that matters first. */
export function readings(face: Pick<DeviceFace, 'values'>): readonly FaceMetric[] {
	return Object.entries(face.values)
		.filter(([metric]) => !ABOUT_ITSELF.has(metric))
		.map(([metric, { value, timeMs }]) => ({ metric, info: metricInfo(metric), value, timeMs }))
		.toSorted((a, b) => a.info.rank - b.info.rank || a.metric.localeCompare(b.metric));
}

/** All its metrics, its own figures last. */
export function metricsOf(face: Pick<DeviceFace, 'values'>): readonly string[] {
	return Object.keys(face.values).toSorted(
		(a, b) => metricInfo(a).rank - metricInfo(b).rank || a.localeCompare(b)
	);
}

export const LINK_WORDS = {
	mqtt: 'MQTT',
	loopback: 'This browser',
	serial: 'USB',
	ble: 'Bluetooth',
	http: 'LAN'
} as const satisfies Record<LinkKind, string>;

/** A received signal in words beside its number: quarter-wave antennas and 2.4 GHz, by experience. @param dBm RSSI */
export function signalWord(dBm: number): string {
	if (dBm >= -55) return 'excellent';
	if (dBm >= -67) return 'good';
	if (dBm >= -75) return 'fair';
	return 'weak';
}
