import { fromBase64, toBase64, utf8 } from '$lib/base';
import { parseDeviceId } from '$lib/model';
import { isLoopback } from './broker-addresses';
import type { ComponentChoice } from './component-presets';
import { MOST_RULE_BYTES } from './time-zones';

/** What a person fills in to have a board come up configured. An empty field leaves it to the board. */
export interface SettingsForm {
	readonly ssid: string;
	/** Empty: the one that the board has for this network; where it has none, the network is open. */
	readonly wifiPassword: string;
	/** As the board reaches its broker. */
	readonly uri: string;
	readonly username: string;
	/** Empty: the one that the board has for this account. */
	readonly brokerPassword: string;
	/** PEM of whom the board trusts instead of the public authorities; empty: as it is. */
	readonly ca: string;
	readonly name: string;
	readonly deviceId: string;
	/** In POSIX' words. */
	readonly timeZone: string;
	readonly components: ComponentChoice;
	/** A new secret, base64 of 32 bytes; empty: as it is. */
	readonly secret: string;
}

/** The same while it is filled in. */
export type SettingsDraft = { -readonly [field in keyof SettingsForm]: SettingsForm[field] };

export const EMPTY_SETTINGS: SettingsForm = {
	...{ ssid: '', wifiPassword: '', uri: '', username: '', brokerPassword: '', ca: '' },
	...{ name: '', deviceId: '', timeZone: '', components: 'as-is', secret: '' }
};

/** What the settings are made for. */
export interface SettingsTarget {
	/** It lives in this browser: WebSockets only, an id that begins `sim-`, no certificates of its own. */
	readonly practice: boolean;
}

export type SettingsFault = { readonly field: keyof SettingsForm } & (
	| { readonly kind: 'missing' }
	| { readonly kind: 'too-long'; readonly lengthBytes: number; readonly mostBytes: number }
	| { readonly kind: 'too-short'; readonly leastBytes: number }
	/** It begins with none of the schemes that the board speaks. */
	| { readonly kind: 'not-an-address' | 'web-socket-only' }
	/** On a board this address is the board. */
	| { readonly kind: 'loopback' }
	/** An account stands in the address. */
	| { readonly kind: 'account-inside' }
	| { readonly kind: 'forbidden-character'; readonly character: string }
	| { readonly kind: 'not-simulated' | 'simulated' }
	| { readonly kind: 'not-pem' | 'not-a-secret' }
	/** Nobody says that it is kept elsewhere, and no board tells it. */
	| { readonly kind: 'not-copied' }
);

/** Bytes. Source: docs/protocol.md §1 and §4.1, firmware/core/settings.h and device_settings.h; of a passphrase IEEE 802.11. */
const MOST = {
	ssid: 32,
	passphrase: 63,
	uri: 256,
	account: 128,
	name: 64,
	deviceId: 32,
	/** firmware/core/rpc_router.h takes no larger request, so none is larger that came over the Device API. */
	ca: 3900
};
const LEAST_PASSPHRASE = 8;
export const SECRET_BYTES = 32;
/** A key instead of a passphrase, as hexadecimal digits. */
const PSK = /^[0-9a-f]{64}$/iu;
const SIMULATED = 'sim-';
// eslint-disable-next-line no-control-regex -- control characters are what we look for
const CONTROL = /[\u0000-\u001f\u007f]/u;

const lengthOf = (text: string): number => utf8(text).length;

/** Everything that the board would not take, in the order of the form; empty: it takes all of it. */
export function settingsFaults(form: SettingsForm, target: SettingsTarget): readonly SettingsFault[] {
	return [
		...wifiFaults(form),
		...brokerFaults(form, target),
		...tooLong('name', form.name, MOST.name),
		...controlIn('name', form.name),
		...idFaults(form.deviceId, target),
		...tooLong('timeZone', form.timeZone, MOST_RULE_BYTES),
		...(form.secret === '' || fromBase64(form.secret)?.length === SECRET_BYTES
			? []
			: [{ field: 'secret', kind: 'not-a-secret' } as const])
	];
}

function wifiFaults({ ssid, wifiPassword }: SettingsForm): SettingsFault[] {
	const faults = tooLong('ssid', ssid, MOST.ssid);
	if (wifiPassword === '') return faults;
	if (ssid === '') faults.push({ field: 'ssid', kind: 'missing' });
	if (PSK.test(wifiPassword)) return faults;
	if (lengthOf(wifiPassword) < LEAST_PASSPHRASE)
		faults.push({ field: 'wifiPassword', kind: 'too-short', leastBytes: LEAST_PASSPHRASE });
	return [
		...faults,
		...tooLong('wifiPassword', wifiPassword, MOST.passphrase),
		...controlIn('wifiPassword', wifiPassword)
	];
}

function brokerFaults(form: SettingsForm, target: SettingsTarget): SettingsFault[] {
	const { uri, username, brokerPassword } = form;
	const faults: SettingsFault[] = [];
	if (uri !== '') faults.push(...addressFaults(uri, target));
	else if (username !== '' || brokerPassword !== '') faults.push({ field: 'uri', kind: 'missing' });
	faults.push(...tooLong('username', username, MOST.account));
	if (username === '' && brokerPassword !== '') faults.push({ field: 'username', kind: 'missing' });
	faults.push(...tooLong('brokerPassword', brokerPassword, MOST.account));
	return form.ca === '' ? faults : [...faults, ...certificateFaults(form.ca)];
}

function addressFaults(uri: string, { practice }: SettingsTarget): SettingsFault[] {
	const field = 'uri';
	const scheme = /^(mqtts?|wss?):\/\/[^:/]/u.exec(uri)?.[1];
	if (scheme === undefined || !URL.canParse(uri)) return [{ field, kind: 'not-an-address' }];
	if (uri.includes('@')) return [{ field, kind: 'account-inside' }];
	const space = /\s/u.exec(uri)?.[0];
	if (space !== undefined) return [{ field, kind: 'forbidden-character', character: space }];
	// Of other schemes than the web's a browser takes no host apart: as http, it does.
	if (isLoopback(uri.replace(/^\w+/u, 'http'))) return [{ field, kind: 'loopback' }];
	if (practice && scheme.startsWith('mqtt')) return [{ field, kind: 'web-socket-only' }];
	return tooLong(field, uri, MOST.uri);
}

function certificateFaults(pem: string): SettingsFault[] {
	const isPem = /^-----BEGIN [A-Z ]*CERTIFICATE-----[\s\S]+-----END [A-Z ]*CERTIFICATE-----\s*$/u.test(pem);
	return isPem ? tooLong('ca', pem, MOST.ca) : [{ field: 'ca', kind: 'not-pem' }];
}

function idFaults(text: string, { practice }: SettingsTarget): SettingsFault[] {
	if (text === '') return [];
	const field = 'deviceId';
	const parsed = parseDeviceId(text);
	if (!parsed.ok && parsed.error.kind === 'forbidden-character') return [{ field, ...parsed.error }];
	const faults = tooLong(field, text, MOST.deviceId);
	const simulated = text.startsWith(SIMULATED);
	if (simulated !== practice) faults.push({ field, kind: practice ? 'not-simulated' : 'simulated' });
	return faults;
}

function tooLong(field: keyof SettingsForm, text: string, mostBytes: number): SettingsFault[] {
	const lengthBytes = lengthOf(text);
	return lengthBytes > mostBytes ? [{ field, kind: 'too-long', lengthBytes, mostBytes }] : [];
}

function controlIn(field: keyof SettingsForm, text: string): SettingsFault[] {
	const character = CONTROL.exec(text)?.[0];
	return character === undefined ? [] : [{ field, kind: 'forbidden-character', character }];
}

/** The id that our firmware has where its settings name none (docs/protocol.md §1). @param mac with colons or without */
export const deviceIdOf = (mac: string, { practice }: SettingsTarget): string =>
	`${practice ? SIMULATED : 'fb-'}${mac.replaceAll(':', '').toLowerCase()}`;

/** Whether the board will look at certificates on its way to the broker. */
export const isEncrypted = (uri: string): boolean => /^(mqtts|wss):/u.test(uri);

/** A secret that nobody has had. @param random fills what it is given; `crypto.getRandomValues` but in tests */
export const newSecret = (random: (bytes: Uint8Array<ArrayBuffer>) => Uint8Array<ArrayBuffer>): string =>
	toBase64(random(new Uint8Array(SECRET_BYTES)));
