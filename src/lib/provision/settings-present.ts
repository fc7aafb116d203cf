import { textOf } from '$lib/base';
import type { NvsEntry } from '$lib/formats';
import { blobsOf, jsonOf, listIn, objectIn, readRecord, textIn } from './board-records';
import { EMPTY_SETTINGS, type SettingsForm } from './settings-form';

/** What of a board's settings a form shows: no password, and no secret. */
export interface PresentSettings extends Pick<
	SettingsForm,
	'ssid' | 'uri' | 'username' | 'name' | 'deviceId' | 'timeZone'
> {
	readonly hasWifiPassword: boolean;
	readonly hasBrokerPassword: boolean;
	readonly hasCa: boolean;
	readonly hasSecret: boolean;
	/** Ids of components that are configured; undefined: as the firmware brings them along. */
	readonly components: readonly string[] | undefined;
}

/** Total: what cannot be read is as if it were not there. */
export function presentSettings(entries: readonly NvsEntry[]): PresentSettings {
	const blobs = blobsOf(entries);
	const [wifi, broker, config] = ['wifi', 'mqtt', 'cfg'].map((name) => jsonOf(readRecord(blobs, name)));
	const system = objectIn(config?.['system']);
	return {
		ssid: textIn(wifi?.['ssid']),
		uri: textIn(broker?.['uri']),
		username: textIn(broker?.['username']),
		name: textOf(blobs.get('name') ?? new Uint8Array()) ?? '',
		deviceId: textIn(system?.['deviceId']),
		timeZone: textIn(system?.['timezone']),
		hasWifiPassword: textIn(wifi?.['password']) !== '',
		hasBrokerPassword: textIn(broker?.['password']) !== '',
		hasCa: (blobs.get('tls_ca')?.length ?? 0) > 0,
		hasSecret: (readRecord(blobs, 'key')?.bytes.length ?? 0) > 0,
		components: config && listIn(config['components']).map(({ id }) => textIn(id))
	};
}

/** The form that changes nothing of these settings. */
export function formOf(present: PresentSettings): SettingsForm {
	const { ssid, uri, username, name, deviceId, timeZone } = present;
	return { ...EMPTY_SETTINGS, ssid, uri, username, name, deviceId, timeZone };
}
