import { err, randomId, type Clock, type Result } from '$lib/base';
import type { SerialLine } from '$lib/link';
import { AwaitedReplies } from './awaited-replies';
import { CALL_TIMEOUT_MS, type CallOptions, type DeviceApiError } from './device-api';
import { parseJsonObject } from './profiles/json';
import { encodeRequest, parseResponse } from './rpc';

/** A board has one journal of 32 outcomes; nobody asks it more at once. */
const MAX_PENDING = 16;
/** A request without an answer is sent again: a byte may have been lost on the way there or back. The board takes it once. */
const RESEND_MS = 2000;

/** The Device API over a cable (docs/protocol.md §8), for the one board at the other end of it. */
export class SerialDeviceApi {
	readonly #replies: AwaitedReplies;

	constructor(
		private readonly line: SerialLine,
		private readonly parts: { clock: Clock }
	) {
		this.#replies = new AwaitedReplies(parts.clock, MAX_PENDING);
	}

	/** Rejects only with the signal's reason. */
	async call(
		method: string,
		params: Readonly<Record<string, unknown>>,
		{ signal, timeoutMs = CALL_TIMEOUT_MS }: CallOptions
	): Promise<Result<unknown, DeviceApiError>> {
		signal.throwIfAborted();
		if (this.#replies.full) return err({ kind: 'busy' });
		const { clock } = this.parts;
		const id = randomId();
		const over = new AbortController();
		const reply = this.#replies.expect(id, timeoutMs, signal);
		this.line.onFrame((json) => this.#answered(json), over.signal);
		try {
			const request = encodeRequest({ id, method, params, expiresMs: clock.now() + timeoutMs });
			const sent = await this.line.sendFrame(request, signal);
			if (!sent.ok) return err({ kind: 'not-sent', cause: sent.error });
			this.#repeat(request, over.signal);
			return await reply.result;
		} finally {
			over.abort();
			reply.forget(); // a late reply is nobody's
		}
	}

	#answered(json: Uint8Array): void {
		const parsed = parseJsonObject(json);
		const response = parsed.ok ? parseResponse(parsed.value) : parsed;
		if (response.ok && response.value.id !== null) this.#replies.settle(response.value.id, response.value);
	}

	/** The same id again is answered from the board's journal and not carried out again. */
	#repeat(request: Uint8Array, over: AbortSignal): void {
		const cancel = this.parts.clock.after(RESEND_MS, () => {
			this.line.sendFrame(request, over).then(
				(sent) => {
					if (sent.ok && !over.aborted) this.#repeat(request, over);
				},
				() => undefined // the answer came while it was sent
			);
		});
		over.addEventListener('abort', cancel, { once: true });
	}
}
