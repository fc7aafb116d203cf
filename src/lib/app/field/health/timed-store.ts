import type { Clock } from '$lib/base';
import type { TelemetryStore } from '$lib/telemetry';
import { LatencyHistogram, type LatencySummary } from './latency-histogram';

/** How long each kind of call to the store took. */
export class Latencies {
	readonly #histograms = new Map<string, LatencyHistogram>();

	constructor(private readonly clock: Clock) {}

	of(kind: string): LatencyHistogram {
		let histogram = this.#histograms.get(kind);
		if (!histogram) this.#histograms.set(kind, (histogram = new LatencyHistogram(this.clock)));
		return histogram;
	}

	summaries(): Readonly<Record<string, LatencySummary>> {
		return Object.fromEntries([...this.#histograms].map(([kind, one]) => [kind, one.summary()]));
	}
}

type Method = (...args: unknown[]) => unknown;

/**
 * The store's door with a stopwatch: whatever answers later is counted under its own name, `append` from the call to the
 * commit. Of what the caller itself called off, nothing is counted: it says nothing of the store.
 * @param nowMs monotonic, finer than a millisecond
 */
export function timedStore(
	store: TelemetryStore,
	latencies: Latencies,
	nowMs: () => number = () => performance.now()
): TelemetryStore {
	const timed = new Map<PropertyKey, { readonly method: Method; readonly stopped: Method }>();
	return new Proxy(store, {
		get: (target, name) => {
			const method: unknown = Reflect.get(target, name, target);
			if (typeof method !== 'function' || typeof name !== 'string') return method;
			const known = timed.get(name);
			if (known?.method === method) return known.stopped;
			const stopped = stopwatch(target, name, method as Method, latencies, nowMs);
			timed.set(name, { method: method as Method, stopped });
			return stopped;
		}
	});
}

function stopwatch(
	target: TelemetryStore,
	name: string,
	method: Method,
	latencies: Latencies,
	nowMs: () => number
): Method {
	return (...args) => {
		const sinceMs = nowMs();
		const answer = method.apply(target, args);
		if (!(answer instanceof Promise)) return answer;
		answer.then(
			(value: unknown) => {
				const histogram = latencies.of(name);
				if (isRefusal(value)) histogram.fail();
				else histogram.add(nowMs() - sinceMs);
			},
			(cause: unknown) => {
				if (!(cause instanceof DOMException && cause.name === 'AbortError')) latencies.of(name).fail();
			}
		);
		return answer;
	};
}

const isRefusal = (value: unknown): boolean =>
	typeof value === 'object' && value !== null && 'ok' in value && value.ok === false;
