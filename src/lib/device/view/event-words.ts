import { formatSpan, type IconName, type StateName } from '$lib/ui';
import type { DeviceEvent } from '../device';
import { CLOCK_WORDS } from './status-words';

/** What happened to a device. */
export const EVENT_WORDS = {
	'first-seen': { word: 'First seen', state: 'live', icon: 'plus' },
	online: { word: 'Came online', state: 'live', icon: 'live' },
	offline: { word: 'Went offline', state: 'offline', icon: 'offline' },
	sleeping: { word: 'Fell asleep', state: 'offline', icon: 'sleeping' },
	silent: { word: 'Fell silent', state: 'late', icon: 'late' },
	heard: { word: 'Heard again', state: 'live', icon: 'live' },
	restarted: { word: 'Restarted', state: 'late', icon: 'loopback' },
	'new-epoch': { word: 'Began a new log', state: 'late', icon: 'loopback' },
	'firmware-changed': { word: 'Firmware changed', state: 'live', icon: 'flash' },
	gap: { word: 'Measurements passed over', state: 'late', icon: 'failing' },
	clock: { word: 'Clock', state: 'offline', icon: 'late' },
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

/** An event in the words of its kind. */
export function describeEvent({ kind, detail }: Pick<DeviceEvent, 'kind' | 'detail'>): string {
	const { text, severity, rule, quality, from, to, missing, filled = 0 } = detail;
	if ((kind === 'alert' || kind === 'alert-over') && text !== undefined)
		return `${text} (${[severity, rule && `rule ${rule}`].filter(Boolean).join(', ')})`;
	if (kind === 'clock' && quality !== undefined) return CLOCK_WORDS[quality] ?? String(quality);
	if (kind === 'firmware-changed' && from !== undefined && to !== undefined) return `${from} → ${to}`;
	if (kind === 'heard' && typeof detail['silentS'] === 'number')
		return `after ${formatSpan(1000 * detail['silentS'])} without a word`;
	if (kind === 'gap' && missing !== undefined) {
		const samples = `${missing} ${missing === 1 ? 'sample' : 'samples'}`;
		if (filled === 0) return samples;
		return filled === missing
			? `${samples}, all of them fetched since`
			: `${samples}, ${filled} fetched since`;
	}
	return describeDetail(detail);
}

/** Events of one sort, for a filter. */
export const EVENT_GROUPS = [
	{
		value: 'presence',
		label: 'Online and offline',
		kinds: ['online', 'offline', 'sleeping', 'silent', 'heard', 'first-seen']
	},
	{
		value: 'runs',
		label: 'Restarts and firmware',
		kinds: ['restarted', 'new-epoch', 'firmware-changed', 'update']
	},
	{ value: 'alerts', label: 'Alerts', kinds: ['alert', 'alert-over'] },
	{ value: 'data', label: 'Measurements and clock', kinds: ['gap', 'clock'] },
	{ value: 'acts', label: 'What it was told', kinds: ['command-result', 'control'] }
] as const satisfies readonly { value: string; label: string; kinds: readonly DeviceEvent['kind'][] }[];
export type EventGroup = (typeof EVENT_GROUPS)[number]['value'];
