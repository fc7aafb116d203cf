import type { TimeSpan } from '$lib/device';
import type { SessionSpan } from '../../field/health/session-log';
import type { FieldPort } from '../field-port';

/** Asked for again so often while it is looked at, ms. */
const AGAIN_MS = 10_000;

/** When this browser would have heard of a change in a device; undefined until the worker has said. */
export class Listening {
	#spans = $state.raw<readonly SessionSpan[] | undefined>(undefined);

	/**
	 * @param bySession the device is heard over the broker; else over this browser alone, whatever the session does
	 * @param nowMs where it listens still, this is its end
	 */
	over(bySession: boolean, nowMs: number): readonly TimeSpan[] | undefined {
		const last = this.#spans?.at(-1);
		return this.#spans
			?.filter(({ kind }) => !bySession || kind === 'up')
			.map((span) =>
				span === last && nowMs - span.toMs < 2 * AGAIN_MS
					? { ...span, toMs: Math.max(span.toMs, nowMs) }
					: span
			);
	}

	follow(field: FieldPort, signal: AbortSignal): void {
		const ask = () => {
			field.call('sessionSpans', null, { signal }).then(
				(spans) => (this.#spans = spans),
				(cause: unknown) => {
					if (!signal.aborted) throw cause;
				}
			);
		};
		ask();
		const timer = setInterval(ask, AGAIN_MS);
		signal.addEventListener('abort', () => clearInterval(timer), { once: true });
	}
}
