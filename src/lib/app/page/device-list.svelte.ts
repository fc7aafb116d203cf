import { CadenceBook } from '$lib/device/view';
import type { DeviceId } from '$lib/model';
import type { DeviceSummary, DevicesSnapshot } from '../field/messages';
import type { FieldPort } from './field-port';

/** All devices, as the field worker's registry last told. */
export class DeviceList {
	#snapshot = $state.raw<DevicesSnapshot | undefined>(undefined);
	readonly #cadences = new CadenceBook();

	/** false until the first answer: then an empty list means that there are none. */
	get loaded(): boolean {
		return this.#snapshot !== undefined;
	}

	get devices(): readonly DeviceSummary[] {
		return this.#snapshot?.devices ?? [];
	}

	get messagesPerSecond(): number {
		return this.#snapshot?.messagesPerSecond ?? 0;
	}

	/** Ids beyond the bound of the registry. */
	get refusedIds(): number {
		return this.#snapshot?.refusedIds ?? 0;
	}

	/** By the id of the address bar, which may be any text. */
	find(id: string): DeviceSummary | undefined {
		return this.devices.find((device) => device.id === id);
	}

	/** How old this device's newest value may be before it is late, ms: learnt from how often it speaks. */
	lateAfterMs(id: DeviceId): number {
		// The book changes with each snapshot and only then: reading that is what makes this reactive.
		return this.#snapshot === undefined ? Infinity : this.#cadences.lateAfterMs(id);
	}

	/** Mirrors the registry until `signal` aborts. */
	follow(field: FieldPort, signal: AbortSignal): void {
		field.watch(
			'devices',
			null,
			(snapshot) => {
				this.#cadences.note(snapshot.devices);
				this.#snapshot = snapshot;
			},
			signal
		);
	}
}
