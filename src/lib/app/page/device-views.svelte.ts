import type { DeviceId, Provenance } from '$lib/model';
import type { MetricSource } from '$lib/telemetry/view';
import type { Command, DeviceEvent, LiveTail } from '../field/messages';
import type { FieldPort } from './field-port';

/** One device's commands, newest first. */
export class CommandLog {
	#commands = $state.raw<readonly Command[]>([]);

	get commands(): readonly Command[] {
		return this.#commands;
	}

	follow(field: FieldPort, device: DeviceId, signal: AbortSignal): void {
		field.watch(
			'commands',
			{ device },
			(commands) => (this.#commands = commands.toSorted((a, b) => b.createdMs - a.createdMs)),
			signal
		);
	}
}

/** What happened to one device, newest first; undefined until the worker has said. */
export class EventLog {
	#events = $state.raw<readonly DeviceEvent[] | undefined>(undefined);

	get events(): readonly DeviceEvent[] | undefined {
		return this.#events;
	}

	follow(field: FieldPort, device: DeviceId, signal: AbortSignal): void {
		field.watch(
			'events',
			{ device },
			(events) => (this.#events = events.toReversed().toSorted((a, b) => b.atMs - a.atMs)),
			signal
		);
	}
}

type TailPoints = LiveTail['points'][string];

/** One device's new points, handed to whichever charts are on the screen: one feed, however many charts. */
export class LivePoints {
	#listeners: readonly ((points: LiveTail['points']) => void)[] = [];

	follow(field: FieldPort, device: DeviceId, provenance: Provenance, signal: AbortSignal): void {
		field.watch(
			'live',
			{ device, provenance },
			(tail) => {
				for (const listener of this.#listeners) listener(tail.points);
			},
			signal
		);
	}

	/** Calls `take` with one metric's new points, columns ascending in time, until `signal` aborts. */
	listen(metric: string, take: (points: TailPoints) => void, signal: AbortSignal): void {
		const listener = (points: LiveTail['points']) => {
			const mine = Object.hasOwn(points, metric) ? points[metric] : undefined;
			if (mine) take(mine);
		};
		this.#listeners = [...this.#listeners, listener];
		signal.addEventListener(
			'abort',
			() => (this.#listeners = this.#listeners.filter((one) => one !== listener)),
			{ once: true }
		);
	}
}

/** One metric of one device, as a chart wants it: what is stored, and what comes in. */
export function metricSource(
	field: FieldPort,
	{ id: device, provenance }: { readonly id: DeviceId; readonly provenance: Provenance },
	live: LivePoints,
	metric: string
): MetricSource {
	return {
		range: (range, signal) => field.call('range', { device, provenance, metric, ...range }, { signal }),
		listen: (take, signal) => live.listen(metric, take, signal)
	};
}
