import type { Clock } from '$lib/base';
import type { DeviceStates, DeviceSummary } from '$lib/device';
import type { DeviceId, Provenance, Sample } from '$lib/model';
import type { StoreError, TelemetryStore } from '$lib/telemetry';

/**
 * Writes what a device is, its presence and its firmware, into history as states. What happened while no page was open nobody
 * knows: presence ends with the last that was heard.
 */
export class StateLog {
	constructor(
		private readonly parts: {
			readonly store: Pick<TelemetryStore, 'append' | 'states'>;
			readonly clock: Clock;
			readonly onStoreError: (error: StoreError) => void;
		}
	) {}

	/** Something changed. */
	tell(device: DeviceId, provenance: Provenance, states: DeviceStates): void {
		this.#put([this.#sample(device, provenance, this.parts.clock.now(), states)]);
	}

	/**
	 * A worker has begun, or history came by a file: of each device that is not heard, nobody knows how it stood after the last that
	 * is known of it.
	 */
	async endUnheard(
		devices: readonly Pick<DeviceSummary, 'id' | 'provenance' | 'presence' | 'presenceOf' | 'lastSeenMs'>[]
	): Promise<void> {
		const { store, clock } = this.parts;
		const toMs = clock.now();
		const ended: Sample[] = [];
		for (const { id: device, provenance, presence, presenceOf, lastSeenMs } of devices) {
			if (presence !== 'unknown' && presenceOf !== 'before') continue;
			const query = { device, provenance, state: 'presence', fromMs: Math.min(lastSeenMs, toMs - 1), toMs };
			const known = await store.states(query, new AbortController().signal);
			const last = known.at(-1);
			if (last?.toMs !== toMs) continue;
			ended.push(this.#sample(device, provenance, last.fromMs + 1, { presence: '' }));
		}
		this.#put(ended);
	}

	#put(samples: readonly Sample[]): void {
		if (samples.length === 0) return;
		void this.parts.store.append(samples).then((result) => {
			if (!result.ok) this.parts.onStoreError(result.error);
		});
	}

	#sample = (device: DeviceId, provenance: Provenance, timeMs: number, states: DeviceStates): Sample => ({
		...{ device, provenance, timeMs, states: { ...states } },
		...{ identity: undefined, clock: 'synchronised', values: {} }
	});
}
