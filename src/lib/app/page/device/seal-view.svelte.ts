import type { DeviceId } from '$lib/model';
import type { SealReport } from '../../field/messages';
import type { FieldPort } from '../field-port';

/** How what comes of one device is sealed, and whether its secret is here; undefined until the worker has said. */
export class SealView {
	#report = $state.raw<SealReport | undefined>(undefined);
	#kept = $state.raw<boolean | undefined>(undefined);

	get report(): SealReport | undefined {
		return this.#report;
	}

	get kept(): boolean | undefined {
		return this.#kept;
	}

	follow(field: FieldPort, device: DeviceId, signal: AbortSignal): void {
		field.watch('seals', { device }, (report) => (this.#report = report), signal);
		void this.look(field, device);
	}

	async look(field: FieldPort, device: DeviceId): Promise<void> {
		this.#kept = await field.call('hasDeviceSecret', { device });
	}
}
