import { err, ok, randomId, type Clock, type Result } from '$lib/base';
import type { DeviceId } from '$lib/model';
import type { MessageLink, PublishError } from '$lib/link';
import { encodeRequest, type RpcError, type RpcResponse } from './rpc';

export type DeviceApiError =
	| { kind: 'not-connected' }
	| { kind: 'not-sent'; cause: PublishError }
	| { kind: 'timeout'; timeoutMs: number }
	/** Too many calls are under way. */
	| { kind: 'busy' }
	| { kind: 'device'; error: RpcError };

/** Calls under way at once, over all devices. */
const MAX_PENDING = 64;
const TIMEOUT_MS = 10_000;

/** The topic a device listens to, and the one it answers on is the profile's to decode. */
export const commandTopic = (device: DeviceId): string => `iot/node/${device}/command`;

/**
 * Asks a device something over whatever link it is on, and waits. For acts of a person use the outbox: it survives a restart.
 */
export class DeviceApi {
	readonly #pending = new Map<string, { device: DeviceId; settle: (response: RpcResponse) => void }>();

	constructor(
		private readonly parts: { link: (device: DeviceId) => MessageLink | undefined; clock: Clock }
	) {}

	/** Rejects only with the signal's reason. */
	async call(
		device: DeviceId,
		method: string,
		params: Readonly<Record<string, unknown>>,
		{ signal, timeoutMs = TIMEOUT_MS }: { signal: AbortSignal; timeoutMs?: number }
	): Promise<Result<unknown, DeviceApiError>> {
		signal.throwIfAborted();
		const link = this.parts.link(device);
		if (!link?.up) return err({ kind: 'not-connected' });
		if (this.#pending.size >= MAX_PENDING) return err({ kind: 'busy' });
		const id = randomId();
		const reply = this.#expect(id, device, timeoutMs, signal); // before sending: the loopback answers at once
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
		const pending = response.id === null ? undefined : this.#pending.get(response.id);
		if (!pending || pending.device !== device) return false;
		pending.settle(response);
		return true;
	}

	#expect(id: string, device: DeviceId, timeoutMs: number, signal: AbortSignal) {
		let cancelTimer = () => {};
		let stop = () => {};
		const result = new Promise<Result<unknown, DeviceApiError>>((resolve, reject) => {
			stop = () => reject(signal.reason as Error);
			cancelTimer = this.parts.clock.after(timeoutMs, () => resolve(err({ kind: 'timeout', timeoutMs })));
			signal.addEventListener('abort', stop, { once: true });
			const settle = (response: RpcResponse) =>
				resolve(
					response.kind === 'result' ? ok(response.result) : err({ kind: 'device', error: response.error })
				);
			this.#pending.set(id, { device, settle });
		});
		result.catch(() => {}); // the caller may have left already with the publish's own rejection
		const forget = () => {
			cancelTimer();
			signal.removeEventListener('abort', stop);
			this.#pending.delete(id);
		};
		return { result, forget };
	}
}
