import { err, ok, type Result } from '$lib/base';
import type { LabDeviceView } from '../lab/lab-tab';
import type { BoardFault, BoardMake, BoardUsb, PracticePort } from '$lib/lab';
import type { BoardAct, BoardInfo, LabError, VirtualOrder } from '../lab/messages';

/** The part of the lab that screens use. */
export interface LabPort {
	/** Makes and starts one, under the first free name where none is given. @throws LabFailure */
	add(name?: string, make?: VirtualOrder): Promise<LabDeviceView>;
	/** Stops it and forgets its flash. */
	remove(id: string): Promise<void>;
	watch(emit: (devices: readonly LabDeviceView[]) => void, signal: AbortSignal): void;
	/** Makes a practice board, plugged in; without `make`, the usual one. @throws LabFailure */
	addBoard(make?: BoardMake): Promise<BoardInfo>;
	removeBoard(id: string): Promise<void>;
	actOnBoard(id: string, act: BoardAct): Promise<void>;
	faultsOfBoard(id: string, faults: readonly BoardFault[]): Promise<void>;
	watchBoards(emit: (boards: readonly BoardInfo[]) => void, signal: AbortSignal): void;
	/** Only of a board that was watched, so that the lab has been joined. */
	openPort(id: string, usb: BoardUsb): PracticePort;
}

/** The virtual devices: the firmware itself, running in this browser with a simulated world under it. */
export class LabView {
	#devices = $state.raw<readonly LabDeviceView[]>([]);
	#adding = $state(false);

	constructor(private readonly lab: LabPort) {}

	get devices(): readonly LabDeviceView[] {
		return this.#devices;
	}

	/** The firmware is being fetched and started. */
	get adding(): boolean {
		return this.#adding;
	}

	follow(signal: AbortSignal): void {
		this.lab.watch((devices) => (this.#devices = devices), signal);
	}

	async add(name?: string, make?: VirtualOrder): Promise<Result<LabDeviceView, LabError>> {
		this.#adding = true;
		try {
			return await told(() => this.lab.add(name, make));
		} finally {
			this.#adding = false;
		}
	}

	addBoard(make?: BoardMake): Promise<Result<BoardInfo, LabError>> {
		return told(() => this.lab.addBoard(make));
	}

	/** The practice boards; nothing of the page listens to them but where they are shown. */
	get boards(): Pick<LabPort, 'watchBoards' | 'removeBoard' | 'actOnBoard' | 'faultsOfBoard' | 'openPort'> {
		return this.lab;
	}

	remove(id: string): Promise<void> {
		return this.lab.remove(id);
	}
}

/** What the lab throws for a person, as a value. */
async function told<T>(act: () => Promise<T>): Promise<Result<T, LabError>> {
	try {
		return ok(await act());
	} catch (cause) {
		const { LabFailure } = await import('../lab/lab-desk');
		if (cause instanceof LabFailure) return err(cause.error);
		throw cause;
	}
}
