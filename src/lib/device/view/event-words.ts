import type { IconName, StateName } from '$lib/ui';
import type { DeviceEvent } from '../device';

/** What happened to a device. */
export const EVENT_WORDS = {
	'first-seen': { word: 'First seen', state: 'live', icon: 'plus' },
	online: { word: 'Came online', state: 'live', icon: 'live' },
	offline: { word: 'Went offline', state: 'offline', icon: 'offline' },
	sleeping: { word: 'Fell asleep', state: 'offline', icon: 'sleeping' },
	restarted: { word: 'Restarted', state: 'late', icon: 'loopback' },
	'new-epoch': { word: 'Began a new log', state: 'late', icon: 'loopback' },
	'firmware-changed': { word: 'Firmware changed', state: 'live', icon: 'flash' },
	gap: { word: 'Measurements are missing', state: 'failing', icon: 'failing' },
	alert: { word: 'Alert', state: 'failing', icon: 'alert' },
	'alert-over': { word: 'Alert is over', state: 'live', icon: 'check' },
	'command-result': { word: 'A command ended', state: 'live', icon: 'check' },
	control: { word: 'Was told', state: 'live', icon: 'forward' },
	update: { word: 'Firmware update', state: 'live', icon: 'flash' }
} as const satisfies Record<DeviceEvent['kind'], { word: string; state: StateName; icon: IconName }>;

/** An event's facts in one line. */
export function describeDetail(detail: Readonly<Record<string, string | number>>): string {
	return Object.entries(detail)
		.map(([name, value]) => `${name.replaceAll(/[_-]/gu, ' ')} ${value}`)
		.join(' · ');
}
