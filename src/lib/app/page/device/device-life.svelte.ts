import type { Life, Stretch, TimeSpan } from '$lib/device';
import type { SeriesKey } from '$lib/telemetry';
import type { SessionSpan } from '../../field/health/session-log';
import type { FieldPort } from '../field-port';
import { LIFE_RANGES } from './life-ranges';

/** Asked for again so often while it is looked at, ms. */
const AGAIN_MS = 10_000;
/** What the events tell is newer. */
const STORED_AGAIN_MS = 60_000;
const MOST_MS = Math.max(...LIFE_RANGES.map(({ ms }) => ms));

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

/** What history says of a device's life: it reaches further back than the list of events. Nothing until the store has said. */
export class StoredLife {
	#states = $state.raw<Pick<Life, 'presences' | 'firmwares'>>({ presences: [], firmwares: [] });

	get states(): Pick<Life, 'presences' | 'firmwares'> {
		return this.#states;
	}

	follow(field: FieldPort, series: SeriesKey, signal: AbortSignal): void {
		const statesOf = async (state: string): Promise<readonly Stretch<string>[]> => {
			const toMs = Date.now();
			return field.call('states', { ...series, state, fromMs: toMs - MOST_MS, toMs }, { signal });
		};
		const ask = () => {
			Promise.all([statesOf('presence'), statesOf('firmware')]).then(
				([presences, firmwares]) => (this.#states = { presences, firmwares }),
				(cause: unknown) => {
					if (!signal.aborted) throw cause;
				}
			);
		};
		ask();
		const timer = setInterval(ask, STORED_AGAIN_MS);
		signal.addEventListener('abort', () => clearInterval(timer), { once: true });
	}
}
