import type { ClockQuality } from '$lib/model';
import {
	EVENTS_A_PAGE,
	MAX_EVENTS_PER_DEVICE,
	NO_PAGES,
	type DeviceEvent,
	type EventPages,
	type ToldEventKind
} from './device';

/** Of one kind that messages tell of within an hour: a device that insists must not push all else out of what is kept. */
const MAX_TOLD_AN_HOUR = 40;
const HOUR_MS = 3_600_000;
/** Gaps that follow each other this closely are one event: a lossy link must not push all else out of the list. */
const GAP_MERGE_MS = 60_000;
/** A repeat of what was just told: a QoS 1 message that came again, or a sender that insists. */
const TOLD_MERGE_MS = 10 * 60_000;
/** Where pages cannot be written they wait here; beyond, the oldest are let go and counted. */
const MOST_WAITING = 5 * MAX_EVENTS_PER_DEVICE;

/** What happened to one device, in the order in which it was heard: the newest; the older lie in pages of the archive. */
export class EventTrail {
	#events: readonly DeviceEvent[];
	#pages: EventPages;

	constructor(events: readonly DeviceEvent[] = [], pages: EventPages = NO_PAGES) {
		this.#events = events;
		this.#pages = pages;
	}

	/** Replaced whole when something is noted. */
	get events(): readonly DeviceEvent[] {
		return this.#events;
	}

	get pages(): EventPages {
		return this.#pages;
	}

	/** The oldest, where there are more than are kept here: a page to be put away. */
	get overflow(): readonly DeviceEvent[] | undefined {
		return this.#events.length > MAX_EVENTS_PER_DEVICE ? this.#events.slice(0, EVENTS_A_PAGE) : undefined;
	}

	/** The overflow is on disk. */
	putAway(page: readonly DeviceEvent[]): void {
		this.#events = this.#events.slice(page.length);
		this.#pages = { ...this.#pages, next: this.#pages.next + 1 };
	}

	/** The oldest page is gone, and so many events with it. */
	letGo(events: number): void {
		this.#pages = { ...this.#pages, first: this.#pages.first + 1, dropped: this.#pages.dropped + events };
	}

	note(atMs: number, kind: DeviceEvent['kind'], detail: DeviceEvent['detail']): void {
		const events = [...this.#events, { atMs, kind, detail }];
		this.#keep(events.length > MOST_WAITING ? this.#without(events, events[0]) : events);
	}

	/** What a message says has happened. The same again at once is one event, with how often it came. */
	tell(atMs: number, kind: ToldEventKind, detail: DeviceEvent['detail']): void {
		const last = this.#events.at(-1);
		if (last?.kind === kind && atMs - last.atMs < TOLD_MERGE_MS) {
			const { times = 1, ...same } = last.detail;
			if (JSON.stringify(same) === JSON.stringify(detail))
				return this.#replaceLast({ ...last, detail: { ...detail, times: Number(times) + 1 } });
		}
		const recent = this.#events.filter((event) => event.kind === kind && atMs - event.atMs < HOUR_MS);
		if (recent.length >= MAX_TOLD_AN_HOUR) this.#keep(this.#without(this.#events, recent[0]));
		this.note(atMs, kind, detail);
	}

	/** Numbers from `from` were passed over. */
	gap(from: number, missing: number, atMs: number): void {
		const last = this.#events.at(-1);
		const before = last?.kind === 'gap' ? last.detail['missing'] : undefined;
		const detail = { missing, from, to: from + missing - 1 };
		if (last && typeof before === 'number' && atMs - last.atMs < GAP_MERGE_MS)
			this.#replaceLast({
				...last,
				detail: { ...last.detail, missing: before + missing, to: detail.to }
			});
		else this.note(atMs, 'gap', detail);
	}

	/**
	 * A number that was passed over came after all.
	 * @returns whether a gap tells of it
	 */
	came(seq: number): boolean {
		const i = this.#events.findLastIndex(
			({ kind, detail }) =>
				kind === 'gap' && Number(detail['from']) <= seq && seq <= Number(detail['to'] ?? Number.NaN)
		);
		const gap = this.#events[i];
		if (!gap) return false;
		const filled = Number(gap.detail['filled'] ?? 0) + 1;
		if (filled > Number(gap.detail['missing'])) return false;
		this.#keep(this.#events.with(i, { ...gap, detail: { ...gap.detail, filled } }));
		return true;
	}

	/** One that comes and goes is told by how it ended: a device near the edge must not push all else out of the list. */
	clock(quality: ClockQuality, atMs: number): void {
		const last = this.#events.at(-1);
		if (last?.kind === 'clock' && atMs - last.atMs < GAP_MERGE_MS)
			this.#replaceLast({ atMs, kind: 'clock', detail: { quality } });
		else this.note(atMs, 'clock', { quality });
	}

	#replaceLast(event: DeviceEvent): void {
		this.#keep([...this.#events.slice(0, -1), event]);
	}

	#without(events: readonly DeviceEvent[], one: DeviceEvent | undefined): readonly DeviceEvent[] {
		this.#pages = { ...this.#pages, dropped: this.#pages.dropped + 1 };
		return events.filter((event) => event !== one);
	}

	#keep(events: readonly DeviceEvent[]): void {
		this.#events = events;
	}
}
