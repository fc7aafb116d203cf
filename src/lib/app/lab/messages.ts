import type { CallShape, FeedShape, Result } from '$lib/base';
import type { AddError, FirmwareFault, VirtualDeviceState } from '$lib/lab';

/** What the page may ask of the lab worker, and what it tells. */
export interface LabService {
	calls: {
		list: Call<null, readonly VirtualDeviceInfo[]>;
		/** Makes a device and remembers it. The same id again gives what is there, so asking twice makes one. */
		add: Call<NewVirtualDevice, Result<VirtualDeviceInfo, LabError>>;
		/** Forgets it, with its flash. */
		remove: Call<{ id: string }, void>;
	};
	feeds: {
		devices: Feed<null, readonly VirtualDeviceInfo[]>;
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

export interface NewVirtualDevice {
	/** Begins with `sim-`; made by the page. */
	readonly id: string;
	readonly name: string;
}

export interface VirtualDeviceInfo {
	readonly id: string;
	readonly name: string;
	readonly state: VirtualDeviceState;
	readonly crashes: number;
}

export type LabError =
	| { kind: 'firmware-missing'; status: number }
	| { kind: 'firmware-unreachable'; cause: string }
	| { kind: 'firmware-refused'; fault: FirmwareFault['kind'] }
	| { kind: 'device-refused'; fault: AddError['kind'] }
	| { kind: 'not-stored'; cause: string }
	| { kind: 'too-many'; most: number };
