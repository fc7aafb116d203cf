import type { DeviceId } from './device-id';

/** How far a device's time can be believed: never set, set later from a known offset, or set when it was measured. */
export type ClockQuality = 'unsynchronised' | 'corrected' | 'synchronised';

/** Who made the data. Kept apart in the store and marked wherever it is shown. */
export type Provenance = 'real' | 'simulated';

/**
 * What one message measured: one time, several metrics. Its identity is (device, epoch, seq); a foreign profile without
 * sequence numbers has `identity: undefined`, and then nothing tells a repeat from a new measurement.
 */
export interface Sample {
	readonly device: DeviceId;
	readonly provenance: Provenance;
	readonly identity: SampleIdentity | undefined;
	/** ms since the Unix epoch; the time of receipt where `clock` is 'unsynchronised'. */
	readonly timeMs: number;
	readonly clock: ClockQuality;
	/** metric → value; finite numbers only. */
	readonly values: Readonly<Record<string, number>>;
	/**
	 * state → its value from then on: 'true' and 'false', names of an enumeration, versions. '' says that it is not known from
	 * then on.
	 */
	readonly states?: Readonly<Record<string, string>> | undefined;
}

export interface SampleIdentity {
	/** 32 random bits that name one log of one device: a device whose log is new has a new epoch. */
	readonly epoch: number;
	/** Rises by one with each sample of that log; unsigned 32 bits, from 0. */
	readonly seq: number;
}
