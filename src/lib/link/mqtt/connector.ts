import type { Result } from '$lib/base';
import type { PublishError } from '../message-link';

/** All that one attempt to connect needs. A wire is used once: the session makes a new one for each attempt. */
export interface WireOptions {
	readonly url: string;
	readonly protocolVersion: 4 | 5;
	readonly clientId: string;
	readonly username: string;
	readonly password: string | undefined;
	readonly keepaliveS: number;
	/** Keeps the broker's session for a week between connections. */
	readonly persistentSession: boolean;
	readonly will:
		{ readonly topic: string; readonly payload: Uint8Array; readonly retain: boolean } | undefined;
}

/** How a wire came to its end. `opened` tells whether the WebSocket itself ever stood. */
export type WireEnd =
	| { kind: 'refused'; code: number }
	| { kind: 'disconnected'; code: number }
	| { kind: 'keepalive-timeout' }
	| { kind: 'no-answer'; opened: boolean }
	| { kind: 'closed'; opened: boolean; connected: boolean };

export interface WireEvents {
	connected(sessionPresent: boolean): void;
	message(topic: string, payload: Uint8Array, retained: boolean): void;
	/** A PINGREQ was answered after so long, ms: one of the keepalive's own, or one that was asked for. */
	roundTrip?(ms: number): void;
	/** Exactly once, and nothing after it. Not called after `close`. */
	ended(end: WireEnd): void;
}

export interface MqttWire {
	/** True where the broker granted every filter. */
	subscribe(filters: readonly string[]): Promise<boolean>;
	unsubscribe(filters: readonly string[]): void;
	publish(
		topic: string,
		payload: Uint8Array,
		options: { qos: 0 | 1; retain?: boolean; expirySeconds?: number }
	): Promise<Result<void, PublishError>>;
	/** Sends a PINGREQ besides those of the keepalive. */
	ping(): void;
	/** Says DISCONNECT where it can and lets go. Resolves when the socket is closed, or after a second at most. */
	close(): Promise<void>;
}

/** Opens one wire. Rejects only where the MQTT library itself cannot be loaded. */
export type MqttConnector = (options: WireOptions, events: WireEvents) => Promise<MqttWire>;
