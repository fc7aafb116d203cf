import { err, ok, type Result } from '$lib/base';
import type { LabDeviceView } from '../lab/lab-tab';
import type { LabError } from '../lab/messages';

/** The part of the lab that screens use. */
export interface LabPort {
	/** Makes and starts one, under the first free name where none is given. @throws LabFailure */
	add(name?: string): Promise<LabDeviceView>;
	/** Stops it and forgets its flash. */
	remove(id: string): Promise<void>;
	watch(emit: (devices: readonly LabDeviceView[]) => void, signal: AbortSignal): void;
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

	async add(): Promise<Result<LabDeviceView, LabError>> {
		this.#adding = true;
		try {
			return ok(await this.lab.add());
		} catch (cause) {
			const { LabFailure } = await import('../lab/lab-desk');
			if (cause instanceof LabFailure) return err(cause.error);
			throw cause;
		} finally {
			this.#adding = false;
		}
	}

	remove(id: string): Promise<void> {
		return this.lab.remove(id);
	}
}
