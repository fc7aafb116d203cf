import type { PortError } from '$lib/link';
import type { DeviceId } from '$lib/model';
import type { BoardPage } from './board-page';
import type { ImprovDevice, WifiNetwork } from './improv';

/** What a person fills in: where the board publishes, and what it is called. */
export interface BrokerForm {
	/** `mqtt://`, `mqtts://`, `ws://` or `wss://`, as the board reaches it. */
	readonly uri: string;
	readonly username: string;
	readonly password: string;
	readonly name: string;
}

/** What a board lets be set over Improv; a member is absent where the board does not offer it. */
export interface BoardNames {
	/** For people. */
	readonly device?: string;
	/** For its network. */
	readonly host?: string;
}

/** What a person fills in about the network. */
export interface WifiForm {
	readonly ssid: string;
	readonly password: string;
	/** What it shall be called from now on, where it offers that. */
	readonly names?: BoardNames;
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
	/** It joined, and fell out again. */
	| { kind: 'lost' }
	/** Its firmware answers Improv and takes no Wi-Fi settings. */
	| { kind: 'unsupported' }
	/** Somebody must touch the board before it takes any. */
	| { kind: 'locked' };

/** A name that the board did not take; it joined nothing yet. */
export interface NameProblem {
	readonly kind: 'name';
	readonly which: keyof BoardNames;
	readonly why: 'bad-hostname' | 'too-long' | 'refused';
}

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
	/**
	 * It does not, or nothing runs. `heard` says which: a firmware that writes a log is alive, a ROM that finds none says so.
	 * `not-offered`: the firmware's maker says so, and it was not asked.
	 */
	| { readonly kind: 'no-improv'; readonly heard: 'nothing' | 'text' | 'no-program' | 'not-offered' }
	| {
			readonly kind: 'needs-wifi';
			readonly board: ImprovDevice;
			/** Strongest first; undefined while the board looks for the first time. */
			readonly networks: readonly WifiNetwork[] | undefined;
			readonly scanning: boolean;
			/** What was tried last, to be kept in the form. */
			readonly ssid: string;
			/** Undefined until the board was asked. */
			readonly names: BoardNames | undefined;
			readonly problem?: WifiProblem | NameProblem;
	  }
	| { readonly kind: 'joining'; readonly board: ImprovDevice; readonly ssid: string }
	/** A board without our Device API: it is in its network, and that is as far as it can be set up from here. */
	| {
			readonly kind: 'on-network';
			readonly board: ImprovDevice;
			/** Empty where it was in one already. */
			readonly ssid: string;
			readonly page: BoardPage;
			readonly names: BoardNames | undefined;
	  }
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
	/** It calls itself our firmware, and its Device API does not answer. */
	| { kind: 'silent-api' }
	/** Its Wi-Fi is turned off, by its own settings. */
	| { kind: 'wifi-off' }
	/** It has none, and its cable is not in a network. */
	| { kind: 'no-wifi' };
