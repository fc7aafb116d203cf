import { err, ok, type Clock, type Result } from '$lib/base';
import type { RpcError, RpcResponse } from './rpc';

/** What may become of a request that was sent, whatever link it went by. */
export type ReplyError = { kind: 'timeout'; timeoutMs: number } | { kind: 'device'; error: RpcError };

export interface AwaitedReply {
	/** Rejects only with the signal's reason. */
	readonly result: Promise<Result<unknown, ReplyError>>;
	/** A reply that comes later is nobody's. */
	forget(): void;
}

/** Replies that somebody waits for, by a key that names the request. */
export class AwaitedReplies {
	readonly #pending = new Map<string, (response: RpcResponse) => void>();

	/** @param capacity how many may be awaited at once */
	constructor(
		private readonly clock: Clock,
		private readonly capacity: number
	) {}

	get full(): boolean {
		return this.#pending.size >= this.capacity;
	}

	expect(key: string, timeoutMs: number, signal: AbortSignal): AwaitedReply {
		let cancelTimer = () => {};
		let stop = () => {};
		const result = new Promise<Result<unknown, ReplyError>>((resolve, reject) => {
			stop = () => reject(signal.reason as Error);
			cancelTimer = this.clock.after(timeoutMs, () => resolve(err({ kind: 'timeout', timeoutMs })));
			signal.addEventListener('abort', stop, { once: true });
			this.#pending.set(key, (response) =>
				resolve(
					response.kind === 'result' ? ok(response.result) : err({ kind: 'device', error: response.error })
				)
			);
		});
		result.catch(() => {}); // the caller may have left already, with the sending's own rejection
		const forget = () => {
			cancelTimer();
			signal.removeEventListener('abort', stop);
			this.#pending.delete(key);
		};
		return { result, forget };
	}

	/** @returns false where nobody waits for it */
	settle(key: string, response: RpcResponse): boolean {
		const settle = this.#pending.get(key);
		settle?.(response);
		return settle !== undefined;
	}
}
