import type { CallShape, FeedShape, Result } from '$lib/base';
import type {
	AddError,
	BoardFault,
	BoardMake,
	BoardState,
	FirmwareFault,
	VirtualDeviceState,
	VirtualMake
} from '$lib/lab';

/** What the page may ask of the lab worker, and what it tells. */
export interface LabService {
	calls: {
		list: Call<null, readonly VirtualDeviceInfo[]>;
		/** Makes a device and remembers it. The same id again gives what is there, so asking twice makes one. */
		add: Call<NewVirtualDevice, Result<VirtualDeviceInfo, LabError>>;
		/** Forgets it, with its flash. */
		remove: Call<{ id: string }, void>;
		/** Makes a practice board, plugged in, and remembers it. The same MAC again gives what is there. */
		addBoard: Call<NewBoard, Result<BoardInfo, LabError>>;
		/** Forgets it, with its flash. */
		removeBoard: Call<{ id: string }, void>;
		/** What a hand does to it. */
		boardAct: Call<{ id: string; act: BoardAct }, void>;
		/** What is wrong with it from now on; none: all is well. */
		boardFaults: Call<{ id: string; faults: readonly BoardFault[] }, void>;
		/** Opens its cable for this tab, which holds the Web Lock `lock` as long as it lives. Gives the session's name. */
		openPort: Call<{ id: string; baud: number; lock: string }, Result<string, OpenPortError>>;
		/** Resolves when the line has taken the bytes. */
		writePort: Call<{ session: string; bytes: Uint8Array }, void>;
		signalPort: Call<{ session: string; dataTerminalReady?: boolean; requestToSend?: boolean }, void>;
		closePort: Call<{ session: string }, void>;
	};
	feeds: {
		devices: Feed<null, readonly VirtualDeviceInfo[]>;
		boards: Feed<null, readonly BoardInfo[]>;
		/** What the cable brings; who stops listening lets go of it. */
		port: Feed<{ session: string }, PortEvent>;
	};
}

/** What only the tab that hosts the worker asks of it. */
export interface LabWorkerService {
	calls: LabService['calls'] & {
		/** First: loads the firmware and brings back the devices that are remembered. */
		start: Call<{ wasmUrl: string }, Result<void, LabError>>;
		/** Joins the field worker: the transferred MessagePort speaks `LoopbackMessage`; the one before is closed. */
		attachField: Call<null, void>;
	};
	feeds: LabService['feeds'];
}

type Call<A, R> = CallShape & { args: A; result: R };
type Feed<A, V> = FeedShape & { args: A; value: V };

/** What a person orders. */
export interface VirtualOrder extends VirtualMake {
	/** Its messages also go out to the broker, and commands from there come in to it. */
	readonly overBroker?: boolean;
}

export interface NewVirtualDevice extends VirtualOrder {
	/** Begins with `sim-`; made by the page. */
	readonly id: string;
	readonly name: string;
}

export interface VirtualDeviceInfo {
	readonly id: string;
	readonly name: string;
	readonly state: VirtualDeviceState;
	readonly crashes: number;
	readonly overBroker: boolean;
}

/** A practice board: a virtual ESP32 to flash. */
export interface BoardInfo {
	/** Its MAC. */
	readonly id: string;
	readonly name: string;
	readonly mac: string;
	readonly state: BoardState;
	/** Its line and its flash take no time. */
	readonly instant: boolean;
	readonly make: BoardMake;
	/** A port of it is there: with a chip's own USB, not while it is reset. */
	readonly onBus: boolean;
	readonly faults: readonly BoardFault[];
	/** Why what was flashed last could not be kept in this browser; absent where it is. */
	readonly notKept?: string;
}

export interface NewBoard {
	readonly mac: string;
	readonly name: string;
	/** Without: the usual one. */
	readonly make?: BoardMake;
}

export type BoardAct = 'plug' | 'unplug' | 'boot-down' | 'boot-up' | 'en' | 'take-real-time' | 'take-no-time';
export type OpenPortError = 'busy' | 'unplugged';
export type PortEvent =
	{ readonly kind: 'bytes'; readonly bytes: Uint8Array<ArrayBuffer> } | { readonly kind: 'lost' };

export type LabError =
	| { kind: 'firmware-missing'; status: number }
	| { kind: 'firmware-unreachable'; cause: string }
	| { kind: 'firmware-refused'; fault: FirmwareFault['kind'] }
	| { kind: 'device-refused'; fault: AddError['kind'] }
	| { kind: 'not-stored'; cause: string }
	| { kind: 'too-many'; most: number };
