import { err, randomId, type Clock, type Result } from '$lib/base';
import type { DeviceId } from '$lib/model';
import type { MessageLink, PortError, PublishError } from '$lib/link';
import { AwaitedReplies, type ReplyError } from './awaited-replies';
import { encodeRequest, type RpcResponse } from './rpc';

export type DeviceApiError =
	| ReplyError
	| { kind: 'not-connected' }
	| { kind: 'not-sent'; cause: PublishError | PortError }
	/** Too many calls are under way. */
	| { kind: 'busy' };

export interface CallOptions {
	readonly signal: AbortSignal;
	/** How long an answer may take, in all. */
	readonly timeoutMs?: number;
}

/** Calls under way at once, over all devices. */
const MAX_PENDING = 64;
export const CALL_TIMEOUT_MS = 10_000;

/** The topic a device listens to, and the one it answers on is the profile's to decode. */
export const commandTopic = (device: DeviceId): string => `iot/node/${device}/command`;

/**
 * Asks a device something over whatever message link it is on, and waits. For acts of a person use the outbox: it survives a
 * restart. Over a cable it is SerialDeviceApi that asks.
 */
export class DeviceApi {
	readonly #replies: AwaitedReplies;

	constructor(private readonly parts: { link: (device: DeviceId) => MessageLink | undefined; clock: Clock }) {
		this.#replies = new AwaitedReplies(parts.clock, MAX_PENDING);
	}

	/** Rejects only with the signal's reason. */
	async call(
		device: DeviceId,
		method: string,
		params: Readonly<Record<string, unknown>>,
		{ signal, timeoutMs = CALL_TIMEOUT_MS }: CallOptions
	): Promise<Result<unknown, DeviceApiError>> {
		signal.throwIfAborted();
		const link = this.parts.link(device);
		if (!link?.up) return err({ kind: 'not-connected' });
		if (this.#replies.full) return err({ kind: 'busy' });
		const id = randomId();
		const reply = this.#replies.expect(keyOf(device, id), timeoutMs, signal); // before sending: the loopback answers at once
		try {
			const request = encodeRequest({ id, method, params, expiresMs: this.parts.clock.now() + timeoutMs });
			const sent = await link.publish(commandTopic(device), request, { qos: 1 }, signal);
			if (!sent.ok) return err({ kind: 'not-sent', cause: sent.error });
			return await reply.result;
		} finally {
			reply.forget(); // a late reply is nobody's
		}
	}

	/** @returns false where nobody waits for it */
	response(device: DeviceId, response: RpcResponse): boolean {
		return response.id !== null && this.#replies.settle(keyOf(device, response.id), response);
	}
}

/** No device answers for another: its id is part of the key, and cannot hold a slash. */
const keyOf = (device: DeviceId, id: string): string => `${device}/${id}`;
