import { concatBytes, err, fromBase64, ok, toBase64, utf8, type Result } from '$lib/base';
import { buildNvs, type NvsBuildFault, type NvsEntry } from '$lib/formats';
import {
	blobsOf,
	jsonOf,
	NAMESPACE,
	objectIn,
	readRecord,
	sameJson,
	slotKeys,
	textIn,
	writeSlot,
	type Blobs,
	type Json
} from './board-records';
import { componentsOf } from './component-presets';
import { settingsChanges, type SettingsChanges } from './settings-changes';
import {
	isEncrypted,
	SECRET_BYTES,
	settingsFaults,
	type SettingsFault,
	type SettingsForm,
	type SettingsTarget
} from './settings-form';

/** Of a secret under which nothing was taken yet, for three roles: firmware/core/message_auth.h. */
const NO_FLOORS = new Uint8Array(3 * 8);
const CONFIG_VERSION = 1;

/** Settings as they go into a board's flash. */
export interface SettingsImage extends SettingsChanges {
	readonly bytes: Uint8Array<ArrayBuffer>;
	/** Whom the board will be; empty: as `deviceIdOf` says. */
	readonly deviceId: string;
	/** That the board will believe, base64; empty where it has none. */
	readonly secret: string;
}

export type SettingsProblem =
	| { readonly kind: 'faults'; readonly faults: readonly SettingsFault[] }
	/** Nothing is filled in and nothing was there. */
	| { readonly kind: 'nothing' }
	| { readonly kind: 'image'; readonly fault: NvsBuildFault };

/**
 * An image of NVS that has the board come up with these settings, and with all else that it had.
 * @param base what it starts from: the board's entries, or none
 * @param sizeBytes of the partition
 */
export function settingsImage(
	form: SettingsForm,
	base: readonly NvsEntry[],
	target: SettingsTarget,
	sizeBytes: number
): Result<SettingsImage, SettingsProblem> {
	const faults = settingsFaults(form, target);
	if (faults.length > 0) return err({ kind: 'faults', faults });
	const blobs = new Map(blobsOf(base));
	putWifi(blobs, form);
	putBroker(blobs, form);
	putConfig(blobs, form, target);
	if (form.name === '') blobs.delete('name');
	else blobs.set('name', utf8(form.name));
	if (form.ca !== '' && isEncrypted(form.uri) && !target.practice) blobs.set('tls_ca', utf8(form.ca));
	if (form.secret !== '') putSecret(blobs, form.secret);
	const entries = merged(base, blobs);
	if (entries.length === 0) return err({ kind: 'nothing' });
	const image = buildNvs(entries, sizeBytes);
	return image.ok
		? ok({
				...settingsChanges(base, entries),
				bytes: image.value,
				deviceId: form.deviceId,
				secret: secretIn(blobs)
			})
		: err({ kind: 'image', fault: image.error });
}

function putWifi(blobs: Map<string, Uint8Array<ArrayBuffer>>, { ssid, wifiPassword }: SettingsForm): void {
	const before = jsonOf(readRecord(blobs, 'wifi'));
	if (ssid === '') return putRecord(blobs, 'wifi', undefined);
	const known = textIn(before?.['ssid']) === ssid ? textIn(before?.['password']) : '';
	putRecord(blobs, 'wifi', { ssid, password: wifiPassword === '' ? known : wifiPassword });
}

function putBroker(
	blobs: Map<string, Uint8Array<ArrayBuffer>>,
	{ uri, username, brokerPassword }: SettingsForm
): void {
	const before = jsonOf(readRecord(blobs, 'mqtt'));
	if (uri === '') return putRecord(blobs, 'mqtt', undefined);
	// Of another broker an account of the same name is another account.
	const same = textIn(before?.['uri']) === uri && textIn(before?.['username']) === username;
	const known = same ? textIn(before?.['password']) : '';
	putRecord(blobs, 'mqtt', { uri, username, password: brokerPassword === '' ? known : brokerPassword });
}

/** The firmware takes a stored configuration as the whole of it: one that names no components would leave it without any. */
function putConfig(
	blobs: Map<string, Uint8Array<ArrayBuffer>>,
	{ deviceId, timeZone, components }: SettingsForm,
	{ practice }: SettingsTarget
): void {
	const before = jsonOf(readRecord(blobs, 'cfg'));
	if (!before && deviceId === '' && timeZone === '' && components === 'as-is') return;
	const kept = components === 'as-is' ? before?.['components'] : undefined;
	putRecord(blobs, 'cfg', {
		...before,
		system: {
			...objectIn(before?.['system']),
			version: CONFIG_VERSION,
			deviceId,
			timezone: timeZone
		},
		components: kept ?? componentsOf(components, practice)
	});
}

/** In both slots, as the firmware does: one that decays must not bring an older secret back. */
function putSecret(blobs: Map<string, Uint8Array<ArrayBuffer>>, secret: string): void {
	const bytes = concatBytes([fromBase64(secret) ?? new Uint8Array(), NO_FLOORS]);
	const generation = (readRecord(blobs, 'key')?.generation ?? 0) + 1;
	slotKeys('key').forEach((key, i) => blobs.set(key, writeSlot({ generation: generation + i, bytes })));
}

function secretIn(blobs: Blobs): string {
	const bytes = readRecord(blobs, 'key')?.bytes ?? new Uint8Array();
	return bytes.length < SECRET_BYTES ? '' : toBase64(bytes.subarray(0, SECRET_BYTES));
}

/** A record that says the same already is left as it lies, in both of its slots. */
function putRecord(blobs: Map<string, Uint8Array<ArrayBuffer>>, name: string, value: Json | undefined): void {
	const before = readRecord(blobs, name);
	if (value && before && sameJson(jsonOf(before), value)) return;
	for (const key of slotKeys(name)) blobs.delete(key);
	if (!value) return;
	const bytes = utf8(JSON.stringify(value));
	blobs.set(slotKeys(name)[0] ?? name, writeSlot({ generation: (before?.generation ?? 0) + 1, bytes }));
}

/** The base with the namespace's blobs as they are now: what is new comes last. */
function merged(base: readonly NvsEntry[], blobs: Blobs): readonly NvsEntry[] {
	const own = (entry: NvsEntry) => entry.namespace === NAMESPACE && entry.type === 'blob';
	const known = new Set(base.filter(own).map(({ key }) => key));
	const blob = (key: string, value: Uint8Array<ArrayBuffer>): NvsEntry => ({
		...{ namespace: NAMESPACE, key },
		...{ type: 'blob', value }
	});
	return [
		...base.flatMap((entry) => {
			if (!own(entry)) return [entry];
			const now = blobs.get(entry.key);
			return now ? [blob(entry.key, now)] : [];
		}),
		...[...blobs].flatMap(([key, value]) => (known.has(key) ? [] : [blob(key, value)]))
	];
}
