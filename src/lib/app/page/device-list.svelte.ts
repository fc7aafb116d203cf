import { SvelteMap } from 'svelte/reactivity';
import { Cadence } from '$lib/device/view';
import type { DeviceId } from '$lib/model';
import type { DeviceSummary, DevicesSnapshot } from '../field/messages';
import type { FieldPort } from './field-port';

/** All devices, as the field worker's registry last told. */
export class DeviceList {
	#snapshot = $state.raw<DevicesSnapshot | undefined>(undefined);
	readonly #cadences = new SvelteMap<DeviceId, Cadence>();
	readonly #byId = $derived(new Map(this.devices.map((device) => [device.id, device])));

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
		return (this.#byId as ReadonlyMap<string, DeviceSummary>).get(id);
	}

	/** How old this device's newest value may be before it is late, ms: learnt from how often it speaks. */
	lateAfterMs(id: DeviceId): number {
		return this.#cadences.get(id)?.lateAfterMs ?? Cadence.UNKNOWN_LATE_MS;
	}

	/** Mirrors the registry until `signal` aborts. */
	follow(field: FieldPort, signal: AbortSignal): void {
		field.watch('devices', null, (snapshot) => this.#take(snapshot), signal);
	}

	#take(snapshot: DevicesSnapshot): void {
		for (const { id, lastSeenMs } of snapshot.devices) {
			const before = this.#cadences.get(id) ?? Cadence.unknown(lastSeenMs);
			const after = before.seen(lastSeenMs);
			if (after !== this.#cadences.get(id)) this.#cadences.set(id, after);
		}
		this.#snapshot = snapshot;
	}
}
