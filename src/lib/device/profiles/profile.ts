import type { DeviceId, Presence, Provenance, Sample } from '$lib/model';
import type { LinkMessage } from '$lib/link';
import type { BatchEnvelope, BatchError, SharedSecretEnvelope } from '../batch';
import type { DeviceEvent, ToldEventKind } from '../device';
import type { RpcResponse } from '../rpc';

/** Why a message, or a part of it, was not taken. Counted by this name and shown. */
export type Refusal =
	| 'not-json'
	| 'not-object'
	| 'too-large'
	| 'too-deep'
	| 'bad-device-id'
	| 'no-sensors'
	| 'no-metrics'
	| 'too-many-metrics'
	| 'bad-value'
	| 'bad-timestamp'
	| 'bad-identity'
	| 'bad-state'
	| 'bad-response'
	| 'bad-envelope'
	| 'other-device'
	| 'bad-batch'
	| 'newer-batch'
	| 'truncated-batch'
	| 'batch-bomb'
	| 'unknown-compression'
	| 'unnamed-values'
	| 'unknown-unit'
	| 'bad-event'
	| 'bad-audio'
	| 'bad-audio-length';

export interface StatusReport {
	readonly state: Presence;
	readonly simulated: boolean;
	readonly name?: string;
	readonly firmware?: string;
	readonly model?: string;
	readonly epoch?: number;
	readonly boot?: number;
	/** Major version of the Device API. */
	readonly api?: number;
	/** Component id → type. */
	readonly components?: Readonly<Record<string, string>>;
	/** Seconds until a sleeping device wakes. */
	readonly wakeS?: number;
}

/** Names one batch among those of a device. */
export interface BatchPlace {
	readonly epoch: number;
	readonly number: number;
}

export const BATCH_REFUSALS = {
	'unknown-version': 'newer-batch',
	corrupt: 'bad-batch',
	truncated: 'truncated-batch',
	bomb: 'batch-bomb'
} as const satisfies Record<BatchError['kind'], Refusal>;

/** Something that a message says has happened. */
export interface ToldEvent extends DeviceEvent {
	readonly kind: ToldEventKind;
}

/** What a message can mean besides others. */
export type DecodedPart = Extract<Decoded, { kind: 'telemetry' | 'status' | 'event' }>;

/** What a message means, whichever convention it came in. */
export type Decoded =
	| {
			readonly kind: 'telemetry';
			readonly device: DeviceId;
			readonly sample: Sample;
			readonly alias: string | undefined;
			readonly firmware: string | undefined;
			/** Said by somebody else of the device: no sign that the device is there. */
			readonly hearsay?: boolean;
			/** Parts that were dropped while the rest stands. */
			readonly counted: readonly Refusal[];
	  }
	| {
			/** Samples that came together. They count only once the envelope's seal was judged: that takes a key, and time. */
			readonly kind: 'batch';
			readonly device: DeviceId;
			readonly envelope: BatchEnvelope | SharedSecretEnvelope;
			/** What must be new for the batch to be: of our own the log and the number of its last sample, else its nonce and epoch 0. */
			readonly place: BatchPlace;
			/** In the order of their numbers. */
			readonly samples: readonly Sample[];
			/** What else was sealed with them. */
			readonly besides: readonly DecodedPart[];
			readonly counted: Readonly<Partial<Record<Refusal, number>>>;
	  }
	| { readonly kind: 'status'; readonly device: DeviceId; readonly status: StatusReport }
	| {
			readonly kind: 'event';
			readonly device: DeviceId;
			readonly provenance: Provenance;
			readonly event: ToldEvent;
			readonly alias: string | undefined;
			readonly hearsay?: boolean;
	  }
	/** One message that means several things; none of them is of this kind itself. */
	| { readonly kind: 'several'; readonly device: DeviceId; readonly parts: readonly DecodedPart[] }
	| { readonly kind: 'response'; readonly device: DeviceId; readonly response: RpcResponse }
	| {
			readonly kind: 'reported';
			readonly device: DeviceId;
			readonly reported: Readonly<Record<string, unknown>>;
	  }
	/** Of this convention, and nothing that a page takes in. */
	| { readonly kind: 'unread'; readonly device: DeviceId }
	| {
			readonly kind: 'refused';
			readonly device: DeviceId | undefined;
			readonly cause: Refusal;
			/** Of a batch whose contents cannot be read: where its seal does not hold, that is the cause. */
			readonly envelope?: BatchEnvelope | SharedSecretEnvelope;
	  };

/** One convention of topics and payloads. Another one is another file and one line in `index.ts`. */
export interface Profile {
	readonly name: string;
	/** Topic filters a session subscribes to. */
	readonly filters: readonly string[];
	/** Total and synchronous. Undefined where the topic is not of this convention. */
	decode(message: LinkMessage): Decoded | undefined;
}
