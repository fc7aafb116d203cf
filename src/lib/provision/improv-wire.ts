import { concatBytes, textOf } from '$lib/base';
import { encodeImprov, type ImprovPacket, type SerialLine } from '$lib/link';
import type { ImprovDevice, ImprovError, ImprovLink, ImprovState, NetworkReach, WifiNetwork } from './improv';

// The standard's numbers: improv-wifi.com/serial; `reach` and `stopped` from its SDK (improv-wifi/sdk-serial-js, src/const.ts).
const TYPE = { state: 1, error: 2, command: 3, result: 4 } as const;
export const COMMAND = { join: 1, state: 2, info: 3, scan: 4, hostname: 5, deviceName: 6, reach: 7 } as const;
const STATES: readonly (ImprovState | undefined)[] = [
	'stopped',
	'locked',
	'authorised',
	'provisioning',
	'provisioned'
];
const ERROR = { none: 0, badPacket: 1, unknownCommand: 2, cannotJoin: 3, locked: 4, badHostname: 5 } as const;
const REACH = { online: 1, wifi: 2, ethernet: 4 } as const;
const UNKNOWN_RSSI_DBM = -100;

/** A packet of a board, read. */
export type ImprovSaying =
	| { readonly kind: 'state'; readonly state: ImprovState }
	/** `broken`: our packet did not reach it whole, and may be sent again. */
	| { readonly kind: 'error'; readonly error: ImprovError; readonly broken: boolean }
	| { readonly kind: 'result'; readonly command: number; readonly texts: readonly string[] };

/** Total. @returns undefined for what no board says, for lengths that do not fit, and for "no error", which takes an earlier one back */
export function readImprov({ type, data }: ImprovPacket): ImprovSaying | undefined {
	const code = data[0];
	if (code === undefined) return undefined;
	if (type === TYPE.state) {
		const state = STATES[code];
		return state && { kind: 'state', state };
	}
	if (type === TYPE.error) {
		if (code === ERROR.none) return undefined;
		return { kind: 'error', error: errorOf(code), broken: code === ERROR.badPacket };
	}
	const texts = type === TYPE.result && data[1] === data.length - 2 ? textsOf(data.subarray(2)) : undefined;
	return texts && { kind: 'result', command: code, texts };
}

function errorOf(code: number): ImprovError {
	switch (code) {
		case ERROR.unknownCommand:
			return { kind: 'unsupported' };
		case ERROR.cannotJoin:
			return { kind: 'cannot-join' };
		case ERROR.locked:
			return { kind: 'locked' };
		case ERROR.badHostname:
			return { kind: 'bad-hostname' };
		default:
			return { kind: 'refused', code };
	}
}

/** Texts with one byte of length before each. */
function textsOf(data: Uint8Array): readonly string[] | undefined {
	const texts: string[] = [];
	for (let at = 0; at < data.length;) {
		const end = at + 1 + data[at]!;
		if (end > data.length) return undefined;
		texts.push(textOf(data.subarray(at + 1, end)) ?? '');
		at = end;
	}
	return texts;
}

export const withLength = (text: Uint8Array): Uint8Array => concatBytes([Uint8Array.of(text.length), text]);

/** As the standard's "RPC command" has it. @param data at most 253 bytes, since the packet's own length is one byte */
export const commandOf = (command: number, data: Uint8Array): Uint8Array =>
	concatBytes([Uint8Array.of(command), withLength(data)]);

export const MOST_DATA_BYTES = 253;

/** Firmware, version, chip, name, and then perhaps what it is made with, and that one's version. */
export function deviceOf([
	firmware = '',
	version = '',
	chip = '',
	name = '',
	os = '',
	osVersion = ''
]: readonly string[]): ImprovDevice {
	const madeWith = `${os} ${osVersion}`.trim();
	return { firmware, version, chip, name, ...(madeWith === '' ? {} : { madeWith }) };
}

/** @returns undefined for one without a name: it cannot be chosen from a list */
export function networkOf([ssid = '', rssi = '', secured = '']: readonly string[]): WifiNetwork | undefined {
	if (ssid === '') return undefined;
	const rssiDbm = /^-?\d{1,3}$/u.test(rssi) ? Number(rssi) : UNKNOWN_RSSI_DBM;
	return { ssid, rssiDbm, secured: secured !== 'NO' };
}

/** @returns undefined where the flags are no decimal byte */
export function reachOf([flags = '', ...urls]: readonly string[]): NetworkReach | undefined {
	if (!/^\d{1,3}$/u.test(flags)) return undefined;
	const has = (flag: number) => (Number(flags) & flag) !== 0;
	return { online: has(REACH.online), wifi: has(REACH.wifi), ethernet: has(REACH.ethernet), urls };
}

/** One entry for each name, at its strongest; strongest first. */
export function mergeNetworks(found: readonly WifiNetwork[]): readonly WifiNetwork[] {
	const best = new Map<string, WifiNetwork>();
	for (const network of found) {
		const known = best.get(network.ssid);
		if (!known || network.rssiDbm > known.rssiDbm) best.set(network.ssid, network);
	}
	return [...best.values()].sort((a, b) => b.rssiDbm - a.rssiDbm || a.ssid.localeCompare(b.ssid));
}

/** RFC 1123 §2.1: labels of letters, digits and inner hyphens, 1 to 63 characters each; here one label. */
export const isHostname = (text: string): boolean => /^(?!-)[a-z\d-]{1,63}(?<!-)$/iu.test(text);

/** Improv over a board's line, between its log and the Device API. */
export function improvOverLine(line: SerialLine): ImprovLink {
	return {
		send: (command, signal) => line.write(encodeImprov(TYPE.command, command), signal),
		onPacket: (fn, signal) => line.onImprov(fn, signal)
	};
}
