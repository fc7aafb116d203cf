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

/**
 * `silent`: it said that it was there, and nothing comes of it any more. `unknown`: nobody listened, or nothing was heard of it before;
 * never taken for offline.
 */
export type Status = 'online' | 'silent' | 'sleeping' | 'offline' | 'unknown';

/** What an event tells of how a device stands from then on. */
const statusBy = (kind: DeviceEvent['kind']): Status | undefined =>
	kind === 'heard' ? 'online' : kind === 'silent' || isStatus(kind) ? kind : undefined;

const isStatus = (kind: string): kind is 'online' | 'sleeping' | 'offline' =>
	kind === 'online' || kind === 'sleeping' || kind === 'offline';

/** What is known of a device's life. */
export interface Life {
	/** Ascending in time; the oldest may be gone. */
	readonly events: readonly DeviceEvent[];
	/** What it was, as history keeps it: this reaches further back than the events. Ascending; not known in between. */
	readonly presences: readonly Stretch<string>[];
	readonly firmwares: readonly Stretch<string>[];
	/** Since when a device that is thought to be there has been silent; see {@link silentSince}. */
	readonly silentSinceMs: number | undefined;
}

/**
 * Since when nothing has come of a device although somebody listened; undefined while that is not longer than usual for it.
 * @param listened ascending, apart
 */
export function silentSince(
	listened: readonly TimeSpan[],
	{ lastSeenMs, lateAfterMs, nowMs }: Readonly<Record<'lastSeenMs' | 'lateAfterMs' | 'nowMs', number>>
): number | undefined {
	const last = listened.at(-1);
	if (!last || last.toMs < nowMs) return undefined;
	const sinceMs = Math.max(last.fromMs, lastSeenMs);
	return nowMs - sinceMs > lateAfterMs ? sinceMs : undefined;
}

/**
 * How a device stood through a window: what its events say, and history where they do not reach; where somebody listened.
 * @param listened when this browser would have heard of a change; ascending, apart
 * @returns the whole window in order, without a gap; neighbours differ
 */
export function statusOver(
	life: Omit<Life, 'firmwares'>,
	listened: readonly TimeSpan[],
	window: TimeSpan
): readonly Stretch<Status>[] {
	const said = over(statusChanges(life), window).map((one): Stretch<Status> => ({
		...one,
		value: one.value ?? 'unknown'
	}));
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

function statusChanges({
	events,
	presences,
	silentSinceMs
}: Omit<Life, 'firmwares'>): readonly Change<Status>[] {
	const told = events.flatMap(({ atMs, kind }) => {
		const value = statusBy(kind);
		return value ? [{ atMs, value }] : [];
	});
	const fromMs = told[0]?.atMs ?? Infinity;
	const stored = presences.flatMap(({ value, ...span }): Change<Status>[] =>
		isStatus(value)
			? [
					{ atMs: span.fromMs, value },
					{ atMs: span.toMs, value: 'unknown' }
				]
			: []
	);
	const changes = [...stored.filter(({ atMs }) => atMs < fromMs), ...told];
	const last = changes.at(-1);
	if (last?.value !== 'online' || silentSinceMs === undefined) return changes;
	return [...changes, { atMs: Math.max(silentSinceMs, last.atMs), value: 'silent' }];
}

/** Which firmware ran; undefined before anything is known. @param present what it runs now */
export function firmwareOver(
	{ events, firmwares }: Pick<Life, 'events' | 'firmwares'>,
	present: string | undefined,
	window: TimeSpan
): readonly Stretch<string | undefined>[] {
	const changes = events.filter(({ kind }) => kind === 'firmware-changed');
	const first = changes[0]?.detail['from'] ?? present;
	const sinceMs = firstHeardMs(events) ?? window.toMs;
	const stored = firmwares.flatMap(({ fromMs, value }) =>
		fromMs < sinceMs ? [{ atMs: fromMs, value }] : []
	);
	const begin = first === undefined ? [] : [{ atMs: sinceMs, value: String(first) }];
	const heard = changes.map(({ atMs, detail }) => ({ atMs, value: String(detail['to'] ?? '') }));
	return over([...stored, ...begin, ...heard], window);
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

/** Since when anything is known of a device; undefined before anything is. */
export function knownSinceMs({ events, presences, firmwares }: Life): number | undefined {
	const first = [events[0]?.atMs, presences[0]?.fromMs, firmwares[0]?.fromMs].filter(
		(ms) => ms !== undefined
	);
	return first.length > 0 ? Math.min(...first) : undefined;
}

/** As much of a window as a device is known for, a minute at least: what lies before says nothing of it. */
export function windowKnown({ fromMs, toMs }: TimeSpan, sinceMs: number | undefined): TimeSpan {
	const from = Math.min(sinceMs ?? fromMs, toMs - LEAST_WINDOW_MS);
	return { fromMs: Math.max(fromMs, from), toMs };
}
const LEAST_WINDOW_MS = 60_000;

/** How much of a window a device was online, of what is known of it. */
export interface Availability {
	readonly onlineMs: number;
	/** Asleep as it said it would be. */
	readonly sleepingMs: number;
	readonly offlineMs: number;
	/** Expected, and not heard. */
	readonly silentMs: number;
	readonly unknownMs: number;
	/** 0 … 1: online or asleep, of what is known. Undefined where nothing is. */
	readonly share: number | undefined;
}

export function availabilityOf(stretches: readonly Stretch<Status>[]): Availability {
	const sums = { online: 0, silent: 0, sleeping: 0, offline: 0, unknown: 0 };
	for (const { value, fromMs, toMs } of stretches) sums[value] += toMs - fromMs;
	const known = sums.online + sums.silent + sums.sleeping + sums.offline;
	return {
		...{ onlineMs: sums.online, sleepingMs: sums.sleeping, offlineMs: sums.offline },
		...{ silentMs: sums.silent, unknownMs: sums.unknown },
		share: known > 0 ? (sums.online + sums.sleeping) / known : undefined
	};
}

interface Change<T> {
	readonly atMs: number;
	readonly value: T;
}

/** Each value holds until the next. @param changes ascending in time */
function over<T>(changes: readonly Change<T>[], window: TimeSpan): readonly Stretch<T | undefined>[] {
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
