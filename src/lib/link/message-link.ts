import type { Result } from '$lib/base';
import type { LinkKind } from '$lib/model';

/** One message of a publish–subscribe link, MQTT's or the loopback's. */
export interface LinkMessage {
	readonly topic: string;
	readonly payload: Uint8Array;
	readonly retained: boolean;
	/** ms since the epoch. */
	readonly receivedMs: number;
}

export type PublishError =
	/** It never left: there was no connection to put it on. */
	| { kind: 'not-connected' }
	/** It was put on the wire, and the connection ended before the broker confirmed it: it may have arrived. */
	| { kind: 'unconfirmed' }
	/** No confirmation came in time: it may have arrived. */
	| { kind: 'timeout' }
	/** The broker has it and refused it, with a reason code of MQTT 5. */
	| { kind: 'rejected'; code: number };

/** Carries messages by topic and knows nothing of what they mean. Both the broker's session and the lab's loopback are one. */
export interface MessageLink {
	readonly kind: LinkKind;
	/** Its name for people: the broker profile's, or "this page". */
	readonly name: string;
	readonly up: boolean;
	/** Delivers each message until `signal` aborts. One listener must not throw. */
	listen(fn: (message: LinkMessage) => void, signal: AbortSignal): void;
	/** Resolves when the broker has taken it (QoS 1), or at once for QoS 0. */
	publish(
		topic: string,
		payload: Uint8Array,
		options: { qos: 0 | 1; retain?: boolean; expirySeconds?: number },
		signal: AbortSignal
	): Promise<Result<void, PublishError>>;
}
