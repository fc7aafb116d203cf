import { TOLD_EVENTS, type DeviceEvent } from './device';

/** A stretch of time, ms since the epoch; `toMs` is not in it. */
export interface TimeSpan {
	readonly fromMs: number;
	readonly toMs: number;
}

/** A stretch in which something was the same. */
export interface Stretch<T> extends TimeSpan {
	readonly value: T;
}

/** `unknown`: nobody listened, or nothing was heard of it before. Never taken for offline. */
export type Status = 'online' | 'sleeping' | 'offline' | 'unknown';

const STATUSES: ReadonlySet<string> = new Set(['online', 'sleeping', 'offline'] satisfies Status[]);

/**
 * How a device stood through a window: what its events say, where somebody listened.
 * @param events ascending in time
 * @param listened when this browser would have heard of a change; ascending, apart
 * @returns the whole window in order, without a gap; neighbours differ
 */
export function statusOver(
	events: readonly DeviceEvent[],
	listened: readonly TimeSpan[],
	window: TimeSpan
): readonly Stretch<Status>[] {
	const said = valuesOver(events, window, ({ kind }) =>
		STATUSES.has(kind) ? (kind as Status) : undefined
	).map((one): Stretch<Status> => ({ ...one, value: one.value ?? 'unknown' }));
	const heard: Stretch<Status>[] = [];
	let atMs = window.fromMs;
	for (const span of listened) {
		const fromMs = Math.max(span.fromMs, atMs);
		const toMs = Math.min(span.toMs, window.toMs);
		if (toMs <= fromMs) continue;
		if (fromMs > atMs) heard.push({ fromMs: atMs, toMs: fromMs, value: 'unknown' });
		heard.push(...said.flatMap((one) => clipped(one, { fromMs, toMs })));
		atMs = toMs;
	}
	if (atMs < window.toMs) heard.push({ fromMs: atMs, toMs: window.toMs, value: 'unknown' });
	return joined(heard);
}

/** Which firmware ran; undefined before anything is known. @param present what it runs now */
export function firmwareOver(
	events: readonly DeviceEvent[],
	present: string | undefined,
	window: TimeSpan
): readonly Stretch<string | undefined>[] {
	const changes = events.filter(({ kind }) => kind === 'firmware-changed');
	const first = changes[0]?.detail['from'] ?? present;
	const begin =
		first === undefined ? [] : [{ atMs: firstHeardMs(events) ?? window.toMs, value: String(first) }];
	return over(
		[...begin, ...changes.map(({ atMs, detail }) => ({ atMs, value: String(detail['to'] ?? '') }))],
		window
	);
}

/**
 * How far its clock could be believed, from the first thing heard of it; undefined before. A device whose clock was always right has
 * no event of it.
 */
export function clockOver(
	events: readonly DeviceEvent[],
	window: TimeSpan
): readonly Stretch<string | undefined>[] {
	const told = events.filter(({ kind }) => kind === 'clock');
	const changes = told.map(({ atMs, detail }) => ({ atMs, value: String(detail['quality']) }));
	const atMs = firstHeardMs(events);
	const begin = atMs === undefined ? [] : [{ atMs, value: 'synchronised' }];
	return over([...begin, ...changes], window);
}

/** How much of a window a device was online, of what is known of it. */
export interface Availability {
	readonly onlineMs: number;
	/** Asleep as it said it would be. */
	readonly sleepingMs: number;
	readonly offlineMs: number;
	readonly unknownMs: number;
	/** 0 … 1: online or asleep, of what is known. Undefined where nothing is. */
	readonly share: number | undefined;
}

export function availabilityOf(stretches: readonly Stretch<Status>[]): Availability {
	const sums = { online: 0, sleeping: 0, offline: 0, unknown: 0 };
	for (const { value, fromMs, toMs } of stretches) sums[value] += toMs - fromMs;
	const known = sums.online + sums.sleeping + sums.offline;
	return {
		...{ onlineMs: sums.online, sleepingMs: sums.sleeping, offlineMs: sums.offline, unknownMs: sums.unknown },
		share: known > 0 ? (sums.online + sums.sleeping) / known : undefined
	};
}

function valuesOver<T>(
	events: readonly DeviceEvent[],
	window: TimeSpan,
	valueOf: (event: DeviceEvent) => T | undefined
): readonly Stretch<T | undefined>[] {
	return over(
		events.flatMap((event) => {
			const value = valueOf(event);
			return value === undefined ? [] : [{ atMs: event.atMs, value }];
		}),
		window
	);
}

/** Each value holds until the next. @param changes ascending in time */
function over<T>(
	changes: readonly { readonly atMs: number; readonly value: T }[],
	window: TimeSpan
): readonly Stretch<T | undefined>[] {
	const all = [{ atMs: -Infinity, value: undefined }, ...changes];
	return joined(
		all.flatMap(({ atMs, value }, i) =>
			clipped<T | undefined>({ fromMs: atMs, toMs: all[i + 1]?.atMs ?? Infinity, value }, window)
		)
	);
}

function clipped<T>(stretch: Stretch<T>, window: TimeSpan): readonly Stretch<T>[] {
	const fromMs = Math.max(stretch.fromMs, window.fromMs);
	const toMs = Math.min(stretch.toMs, window.toMs);
	return toMs > fromMs ? [{ fromMs, toMs, value: stretch.value }] : [];
}

function joined<T>(stretches: readonly Stretch<T>[]): readonly Stretch<T>[] {
	const out: Stretch<T>[] = [];
	for (const one of stretches) {
		const last = out.at(-1);
		if (last && last.value === one.value && last.toMs === one.fromMs)
			out[out.length - 1] = { ...last, toMs: one.toMs };
		else out.push(one);
	}
	return out;
}

/** When something of it was first noticed here; what a device tells of its past does not count. */
const firstHeardMs = (events: readonly DeviceEvent[]): number | undefined =>
	events.find(({ kind }) => !(TOLD_EVENTS as readonly string[]).includes(kind))?.atMs;
