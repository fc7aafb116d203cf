import type { PortError } from '$lib/link';
import type { DeviceId } from '$lib/model';
import type { ImprovDevice, WifiNetwork } from './improv-client';

/** What a person fills in: where the board publishes, and what it is called. */
export interface BrokerForm {
	/** `mqtt://`, `mqtts://`, `ws://` or `wss://`, as the board reaches it. */
	readonly uri: string;
	readonly username: string;
	readonly password: string;
	readonly name: string;
}

/** What a person fills in about the network. */
export interface WifiForm {
	readonly ssid: string;
	readonly password: string;
}

/** Why the board did not join; it can be tried again at once. */
export type WifiProblem =
	| { kind: 'wrong-password' }
	/** No access point with this name answered. */
	| { kind: 'not-found' }
	/** It says that it could not, and no more. */
	| { kind: 'refused' }
	/** The network did not answer the board, or the board did not answer us, in time. */
	| { kind: 'timeout' }
	/** The name or the password is longer than Wi-Fi allows. */
	| { kind: 'too-long' }
	/** It joined, and fell out again before it had an address. */
	| { kind: 'lost' };

/** Why the board does not publish; it went back to its settings before, and can be tried again at once. */
export type BrokerProblem =
	/** The words are the protocol's (docs/protocol.md §4.1, `mqtt.status`). */
	| {
			kind:
				| 'bad-uri'
				| 'name-not-found'
				| 'unreachable'
				| 'not-authorised'
				| 'refused'
				| 'tls'
				| 'timeout'
				| 'no-network';
	  }
	/** The board answered our request with an error of its own. */
	| { kind: 'board-refused'; code: number; message: string }
	/** The board did not answer over the cable. */
	| { kind: 'no-answer' }
	/** Its trial was over before we could confirm: it restarted, or took too long. */
	| { kind: 'trial-over' }
	/** It says that it is connected, and nothing of it arrived at the page's broker. */
	| { kind: 'not-heard'; waitedMs: number };

/** What the board is doing with the broker's settings, in order. */
export type ApplyStep = 'naming' | 'setting' | 'connecting' | 'confirming';

/** Every state of setting a board up over its cable. */
export type SetupState =
	/** Asking whether the firmware speaks Improv. */
	| { readonly kind: 'looking' }
	/** It does not, or nothing runs. `heard` says which: a firmware that writes a log is alive, a ROM that finds none says so. */
	| { readonly kind: 'no-improv'; readonly heard: 'nothing' | 'text' | 'no-program' }
	| {
			readonly kind: 'needs-wifi';
			readonly board: ImprovDevice;
			/** Strongest first; undefined while the board looks for the first time. */
			readonly networks: readonly WifiNetwork[] | undefined;
			readonly scanning: boolean;
			/** What was tried last, to be kept in the form. */
			readonly ssid: string;
			readonly problem?: WifiProblem;
	  }
	| { readonly kind: 'joining'; readonly board: ImprovDevice; readonly ssid: string }
	| {
			readonly kind: 'needs-broker';
			readonly board: ImprovDevice;
			readonly network: JoinedNetwork;
			/** What was tried last, or the name that the board has now. */
			readonly form: BrokerForm;
			readonly problem?: BrokerProblem;
	  }
	| {
			readonly kind: 'applying';
			readonly board: ImprovDevice;
			readonly step: ApplyStep;
			readonly form: BrokerForm;
	  }
	| { readonly kind: 'waiting-for-message'; readonly deviceId: DeviceId; readonly form: BrokerForm }
	| { readonly kind: 'live'; readonly deviceId: DeviceId; readonly form: BrokerForm }
	/** It cannot go on; begin again. */
	| { readonly kind: 'failed'; readonly problem: SetupProblem };

export interface JoinedNetwork {
	readonly kind: 'wifi' | 'ethernet';
	/** Empty on Ethernet. */
	readonly ssid: string;
	readonly ip: string;
}

export type SetupProblem =
	| { kind: 'line'; error: PortError }
	/** It speaks Improv and not our Device API: it is on the network now, but its broker is not ours to set. */
	| { kind: 'no-device-api'; urls: readonly string[] };
