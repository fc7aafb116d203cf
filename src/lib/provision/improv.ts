import type { Result } from '$lib/base';
import type { ImprovPacket, PortError } from '$lib/link';

/** What the firmware says of itself. */
export interface ImprovDevice {
	readonly firmware: string;
	readonly version: string;
	readonly chip: string;
	readonly name: string;
	/** What the firmware is made with, where it is not the same: `ESPHome 2025.12.2`. */
	readonly madeWith?: string;
}

export interface WifiNetwork {
	readonly ssid: string;
	/** dBm; −100 where the board does not say. */
	readonly rssiDbm: number;
	readonly secured: boolean;
}

/** `stopped`: its Wi-Fi is turned off. `locked`: somebody must touch the device first (Bluetooth only). */
export type ImprovState = 'stopped' | 'locked' | 'authorised' | 'provisioning' | 'provisioned';

export interface ImprovStanding {
	readonly state: ImprovState;
	/** Addresses of the board's own pages, if it is provisioned and has any; as it wrote them. */
	readonly urls: readonly string[];
}

/** By which networks a board can be reached, and whether it is in one of them. */
export interface NetworkReach {
	readonly online: boolean;
	readonly wifi: boolean;
	readonly ethernet: boolean;
	readonly urls: readonly string[];
}

export type ImprovError =
	| { kind: 'line'; error: PortError }
	/** No answer came: no Improv there, or the packet was lost. */
	| { kind: 'no-answer'; timeoutMs: number }
	/** The board does not know the command. */
	| { kind: 'unsupported' }
	/** The board could not join. */
	| { kind: 'cannot-join' }
	/** Somebody must touch the device before it takes this (Bluetooth only). */
	| { kind: 'locked' }
	/** No host name, or none that the board takes: letters, digits and hyphens. */
	| { kind: 'bad-hostname' }
	/** A text is longer than its length byte, or than Wi-Fi, allows. */
	| { kind: 'too-long' }
	/** An error state of the board without a meaning here. */
	| { kind: 'refused'; code: number };

type Answer<T> = Promise<Result<T, ImprovError>>;

/**
 * A board that can be put into a network, over whatever link. One command is under way at a time. Every method rejects only with
 * its signal's reason.
 */
export interface Improv {
	/** Asks until the board says who it is, so it finds one that is still starting. */
	info(signal: AbortSignal, timeoutMs?: number): Answer<ImprovDevice>;
	state(signal: AbortSignal, timeoutMs?: number): Answer<ImprovStanding>;
	/** What the board hears, once; a network of several access points is named once, at its strongest, the strongest first. */
	scan(signal: AbortSignal): Answer<readonly WifiNetwork[]>;
	/**
	 * Joins a network; the board keeps it once it is in.
	 * @returns addresses of the board's own pages, if it has any
	 */
	join(
		network: { readonly ssid: string; readonly password: string },
		signal: AbortSignal
	): Answer<readonly string[]>;
	/** The name by which its network knows it. @param wanted is set first */
	hostname(signal: AbortSignal, wanted?: string): Answer<string>;
	/** The name for people. Set it before the host name, which it may change. */
	deviceName(signal: AbortSignal, wanted?: string): Answer<string>;
	/** Newer than the standard's text: many boards do not know it. */
	reach(signal: AbortSignal): Answer<NetworkReach>;
	/** Tells each state that the board says, asked or not, until `signal` aborts. */
	onState(fn: (state: ImprovState) => void, signal: AbortSignal): void;
}

/** What carries Improv: a cable, or Bluetooth's characteristics. */
export interface ImprovLink {
	/** @param command as the standard's "RPC command" has it: number, length of the data, data; framing is the link's */
	send(command: Uint8Array, signal: AbortSignal): Promise<Result<void, PortError>>;
	/** Tells states, errors and results until `signal` aborts, typed as on the cable. */
	onPacket(fn: (packet: ImprovPacket) => void, signal: AbortSignal): void;
}
