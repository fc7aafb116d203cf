import type { Clock } from '$lib/base';
import type { DeviceId } from '$lib/model';
import { EVENTS_A_PAGE, type DeviceEvent, type EventPages } from './device';
import type { EventTrail } from './event-trail';
import type { KeyedShelf } from './shelf';

/** 4,000 events of a device, and 200,000 of all together: some 25 MB. */
const MAX_PAGES_PER_DEVICE = 4000 / EVENTS_A_PAGE;
const MAX_PAGES = 200_000 / EVENTS_A_PAGE;
/** As long as a chart is wide at most. */
const MAX_AGE_MS = 5 * 366 * 24 * 3_600_000;
/** What devices say of when something happened may be off by so much before a page that is older is not looked into. */
const SLACK_MS = 24 * 3_600_000;

/** One page of what happened to a device: written once, never changed. */
export interface EventPage {
	readonly events: readonly DeviceEvent[];
}

/** Events as they lie in the archive. */
export interface ArchivedEvents {
	/** Ascending in time. */
	readonly events: readonly DeviceEvent[];
	/** About so many are kept that are older than was asked for. */
	readonly older: number;
	/** Had to go: they were too old, or too many. Ever since the device is known. */
	readonly dropped: number;
}

/** Whose events are kept here. */
export interface Trailed {
	readonly id: DeviceId;
	readonly trail: EventTrail;
}

/**
 * What happened to devices before the newest, in pages by device and number. A page is on disk before the device's row lets go of its events,
 * and writing it again changes nothing: so a crash in between loses none and doubles none.
 */
export class EventArchive {
	constructor(
		private readonly shelf: KeyedShelf<EventPage>,
		private readonly clock: Clock
	) {}

	/** Puts away what a device's row has no room for, and lets go of what is too old or too much. @param all devices, this one among them */
	async putAway({ id, trail }: Trailed, all: () => Iterable<Trailed>): Promise<void> {
		for (let page = trail.overflow; page; page = trail.overflow) {
			await this.shelf.put(keyOf(id, trail.pages.next), { events: page });
			trail.putAway(page);
			if (count(trail.pages) > MAX_PAGES_PER_DEVICE) await this.#letGo({ id, trail });
			else if (await this.#isOld(id, trail.pages)) await this.#letGo({ id, trail });
			const everybody = [...all()];
			if (everybody.reduce((sum, one) => sum + count(one.trail.pages), 0) > MAX_PAGES)
				await this.#letGo(everybody.reduce((a, b) => (count(b.trail.pages) > count(a.trail.pages) ? b : a)));
		}
	}

	/** Those from `fromMs` on. */
	async since(id: DeviceId, { first, next, dropped }: EventPages, fromMs: number): Promise<ArchivedEvents> {
		const found: DeviceEvent[] = [];
		let at = next;
		for (; at > first; at--) {
			const { events } = (await this.shelf.get(keyOf(id, at - 1))) ?? { events: [] };
			found.push(...events.filter(({ atMs }) => atMs >= fromMs));
			if (events.length > 0 && events.every(({ atMs }) => atMs < fromMs - SLACK_MS)) break;
		}
		const read = (next - at) * EVENTS_A_PAGE;
		return {
			events: found.toSorted((a, b) => a.atMs - b.atMs),
			older: Math.max(0, at - first) * EVENTS_A_PAGE + Math.max(0, read - found.length),
			dropped
		};
	}

	async forget(id: DeviceId, { first, next }: EventPages): Promise<void> {
		for (let page = first; page < next; page++) await this.shelf.delete(keyOf(id, page));
	}

	async #isOld(id: DeviceId, { first }: EventPages): Promise<boolean> {
		const { events } = (await this.shelf.get(keyOf(id, first))) ?? { events: [] };
		return events.every(({ atMs }) => atMs < this.clock.now() - MAX_AGE_MS);
	}

	async #letGo({ id, trail }: Trailed): Promise<void> {
		await this.shelf.delete(keyOf(id, trail.pages.first));
		trail.letGo(EVENTS_A_PAGE);
	}
}

const count = ({ first, next }: EventPages): number => next - first;
const keyOf = (id: DeviceId, page: number): string => `${id}/${page}`;
