import type { DeviceId, Sample, SampleIdentity } from '$lib/model';

/** Of one device: some minutes of the quickest, and more than its largest batch. */
const REMEMBERED = 1024;
const MAX_DEVICES = 256;
/** A batch may round what a message spells out. */
const SAME_SHARE = 1e-6;

/** What came without a seal of devices that have a key, until a sealed batch says the same, or something else. Bounded: the oldest goes. */
export class ShownSamples {
	readonly #devices = new Map<DeviceId, Map<string, Sample['values']>>();

	has(device: DeviceId, identity: SampleIdentity): boolean {
		return this.#devices.get(device)?.has(keyOf(identity)) ?? false;
	}

	add(device: DeviceId, identity: SampleIdentity, values: Sample['values']): void {
		const known = this.#devices.get(device);
		const samples = known ?? new Map<string, Sample['values']>();
		if (!known) {
			const [oldest] = this.#devices.keys();
			if (this.#devices.size >= MAX_DEVICES && oldest !== undefined) this.#devices.delete(oldest);
			this.#devices.set(device, samples);
		}
		const [first] = samples.keys();
		if (samples.size >= REMEMBERED && first !== undefined) samples.delete(first);
		samples.set(keyOf(identity), values);
	}

	/** What the sealed one makes of it. Asked once: afterwards it is not remembered. */
	settle(device: DeviceId, identity: SampleIdentity, sealed: Sample['values']): 'new' | 'same' | 'differs' {
		const samples = this.#devices.get(device);
		const shown = samples?.get(keyOf(identity));
		if (!samples || !shown) return 'new';
		samples.delete(keyOf(identity));
		return Object.entries(sealed).every(([name, value]) => isSame(shown[name], value)) ? 'same' : 'differs';
	}

	forget(device: DeviceId): void {
		this.#devices.delete(device);
	}
}

const keyOf = ({ epoch, seq }: SampleIdentity): string => `${epoch}.${seq}`;

/** A message need not tell all that a batch does. */
const isSame = (shown: number | undefined, sealed: number): boolean =>
	shown === undefined ||
	Object.is(shown, sealed) ||
	Math.abs(shown - sealed) <= SAME_SHARE * Math.max(1, Math.abs(sealed));
