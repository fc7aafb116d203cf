import { type DeviceId, metricInfo, type Provenance } from '$lib/model';
import type { BackfillView, Gap } from '$lib/telemetry';
import type { HistoryLine, MetricSource } from '$lib/telemetry/view';
import type { ChartHole } from '$lib/ui';
import type { ArchivedEvents, Command, DeviceEvent, LiveTail } from '../field/messages';
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

/** What happened to one device, newest first: as far back as somebody asked; undefined until the worker has said. */
export class EventLog {
	#newest = $state.raw<readonly DeviceEvent[] | undefined>(undefined);
	#archived = $state.raw<ArchivedEvents>({ events: [], older: 0, dropped: 0 });
	#fromMs = Infinity;
	#ask: (() => void) | undefined;

	readonly events: readonly DeviceEvent[] | undefined = $derived(
		this.#newest &&
			[...this.#archived.events, ...this.#newest].toReversed().toSorted((a, b) => b.atMs - a.atMs)
	);

	/** About so many older ones are kept than `reach` was asked for. */
	get older(): number {
		return this.#archived.older;
	}

	/** Older ones that are not kept any more. */
	get dropped(): number {
		return this.#archived.dropped;
	}

	follow(field: FieldPort, device: DeviceId, signal: AbortSignal): void {
		let oldest: DeviceEvent | undefined;
		this.#ask = () => {
			const fromMs = this.#fromMs;
			field.call('archivedEvents', { device, fromMs }, { signal }).then(
				(archived) => {
					if (fromMs === this.#fromMs) this.#archived = archived;
				},
				(cause: unknown) => lost(cause, signal)
			);
		};
		field.watch(
			'events',
			{ device },
			(events) => {
				// Some of them went to the archive.
				const moved = oldest !== undefined && oldest.atMs !== events[0]?.atMs;
				oldest = events[0];
				this.#newest = events;
				if (moved && this.#fromMs < Infinity) this.#ask?.();
			},
			signal
		);
	}

	/** Reads what is kept from `fromMs` on; where it did so already, nothing. */
	reach(fromMs: number): void {
		if (fromMs >= this.#fromMs) return;
		const first = this.#fromMs === Infinity;
		this.#fromMs = fromMs;
		if (first || this.#archived.older > 0) this.#ask?.();
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

/** Holes are asked for again so often while they are being filled, ms. */
const HOLES_MS = 1000;

/** Where one device's history has holes, and how far their filling is. */
export class DeviceHoles {
	#view = $state.raw<BackfillView | undefined>(undefined);
	#gaps = $state.raw<readonly Gap[]>([]);
	/** Of the past, so far; rises no more often than holes are asked for. */
	#filled = $state(0);

	get view(): BackfillView | undefined {
		return this.#view;
	}

	readonly gaps: readonly ChartHole[] = $derived.by(() => {
		const filling = this.#view?.state === 'filling';
		return this.#gaps.map((gap) => ({ ...gap, filling }));
	});

	get filled(): number {
		return this.#filled;
	}

	follow(field: FieldPort, device: DeviceId, provenance: Provenance, signal: AbortSignal): void {
		const series = { device, provenance };
		let timer: ReturnType<typeof setTimeout> | undefined;
		const ask = async () => {
			timer = undefined;
			const gaps = await field.call('gaps', series, { signal });
			this.#gaps = gaps.filter(({ fromMs, toMs }) => toMs > fromMs);
			this.#filled = this.#view?.filled ?? 0;
		};
		const told = (view: BackfillView) => {
			this.#view = view;
			timer ??= setTimeout(() => {
				ask().catch((cause: unknown) => lost(cause, signal));
			}, HOLES_MS);
		};
		field.watch('backfill', series, told, signal);
		signal.addEventListener('abort', () => clearTimeout(timer), { once: true });
	}
}

function lost(cause: unknown, signal: AbortSignal): void {
	if (!signal.aborted) throw cause;
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

/** One metric of one device as a line of a chart. */
export function historyLine(
	field: FieldPort,
	device: { readonly id: DeviceId; readonly provenance: Provenance },
	live: LivePoints,
	metric: string
): HistoryLine {
	const { label, unit, decimals } = metricInfo(metric);
	return {
		...{ key: `${device.id} ${device.provenance} ${metric}`, name: label, unit, decimals },
		source: metricSource(field, device, live, metric)
	};
}
