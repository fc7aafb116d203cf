import type { Clock } from '$lib/base';
import { presentUntil, type DeviceId, type LinkKind, type Provenance, type Sample } from '$lib/model';
import {
	NO_PAGES,
	type DeviceEvent,
	type DeviceStates,
	type DeviceSummary,
	type StoredDevice
} from './device';
import { DeviceEntry } from './device-entry';
import { DistinctCounter } from './distinct-counter';
import { EventArchive, type ArchivedEvents, type EventPage } from './event-archive';
import type { Decoded } from './profiles';
import type { KeyedShelf, Shelf } from './shelf';

/** docs/protocol.md §7. */
export const MAX_DEVICES = 2000;

/**
 * What happened is written at once, and again at most so often: a browser killed just after must know of it, and must not know values
 * without a name.
 */
const SAVE_SOON_MS = 250;
/** Last seen alone may be a minute old after a crash; the telemetry store knows better anyway. */
const SAVE_LATER_MS = 60_000;

export interface RegistryParts {
	readonly shelf: Shelf<StoredDevice>;
	/** Events that the rows have no room for. */
	readonly archive: KeyedShelf<EventPage>;
	readonly clock: Clock;
	/** Something that pages show has changed: make a snapshot when it suits. */
	readonly onChange: () => void;
	/** Since when what comes over a link would have been heard, ms since the epoch; absent: always. */
	readonly listensSince?: (link: LinkKind) => number;
	/** How a device is has changed. */
	readonly onStates?: (device: DeviceId, provenance: Provenance, states: DeviceStates) => void;
	/** A row could not be written; it is tried again with the next change. */
	readonly onFault: (cause: unknown) => void;
}

/** A sample, and what its message said beside it. */
export interface ToldSample {
	readonly device: DeviceId;
	readonly sample: Sample;
	readonly alias?: string | undefined;
	readonly firmware?: string | undefined;
	/** Somebody else says it of the device. */
	readonly hearsay?: boolean | undefined;
	/** Its place among those that came with it, from 0. */
	readonly inBatch?: number;
}

/** What became of a sample. */
export type Taken =
	{ kind: 'taken'; sample: Sample; droppedMetrics: number } | { kind: 'refused'; cause: 'too-many-devices' };

/**
 * Every device this browser has heard of, by id, whatever link it speaks over. At most {@link MAX_DEVICES}: ids beyond are
 * counted in constant memory and their messages dropped.
 */
export class Registry {
	readonly #entries = new Map<DeviceId, DeviceEntry>();
	readonly #refused = new DistinctCounter();
	readonly #shownEvents = new Map<DeviceId, readonly DeviceEvent[]>();
	#cancelSoon: (() => void) | undefined;
	#cancelLater: (() => void) | undefined;
	#saving: Promise<void> = Promise.resolve();

	readonly #archive: EventArchive;
	#savedMs = -Infinity;

	constructor(private readonly parts: RegistryParts) {
		this.#archive = new EventArchive(parts.archive, parts.clock);
	}

	/** Reads what was known before. Call once, before the first message. */
	async restore(): Promise<void> {
		for (const row of await this.parts.shelf.all()) {
			if (this.#entries.size < MAX_DEVICES) this.#entries.set(row.id, DeviceEntry.restore(row));
		}
	}

	/**
	 * Gives a device its newest values, as the telemetry store has them. One whose row was not written in time before the last
	 * run was killed is known again by its id: its history is there, so it must be seen.
	 */
	restoreValues(device: DeviceId, provenance: Provenance, values: DeviceSummary['values']): void {
		const times = Object.values(values).map(({ timeMs }) => timeMs);
		if (times.length === 0) return;
		const onlyTold = this.#entries.get(device)?.lastSeenMs === 0;
		const entry = this.#entry(device, provenance, Math.min(...times));
		if (entry?.provenance !== provenance) {
			for (const name of Object.keys(values)) entry?.knowMetric(name);
			return;
		}
		const untilMs = presentUntil(this.parts.clock.now());
		for (const [name, { value, timeMs }] of Object.entries(values)) {
			entry.restoreValue(name, value, timeMs, untilMs);
			// The row may lag by a minute. One that never spoke itself has not spoken because others told of it.
			if (!onlyTold && timeMs <= untilMs) entry.lastSeenMs = Math.max(entry.lastSeenMs, timeMs);
		}
		entry.changed = true;
		if (entry.unsaved === 'soon') this.#touched(entry); // it has no row yet
	}

	get size(): number {
		return this.#entries.size;
	}

	/** About how many ids were refused because there are too many devices. */
	get refusedIds(): number {
		return this.#refused.estimate;
	}

	has(device: DeviceId): boolean {
		return this.#entries.has(device);
	}

	telemetry(told: ToldSample, link: LinkKind, profile: string): Taken {
		const entry = this.#entry(told.device, told.sample.provenance);
		if (!entry) return { kind: 'refused', cause: 'too-many-devices' };
		const heard = {
			...{ ...this.#heard(link, profile), part: (told.inBatch ?? 0) > 0 },
			late: told.inBatch !== undefined,
			hearsay: told.hearsay ?? false
		};
		const { sample, dropped } = entry.telemetry(told.sample, told.alias, told.firmware, heard);
		this.#touched(entry);
		return { kind: 'taken', sample, droppedMetrics: dropped };
	}

	/** @returns false where the device is one too many */
	event(told: Extract<Decoded, { kind: 'event' }>, link: LinkKind, profile: string): boolean {
		const entry = this.#entry(told.device, told.provenance);
		if (!entry) return false;
		const { event, alias, hearsay = false } = told;
		entry.tell(event, alias, { ...this.#heard(link, profile), hearsay });
		this.#touched(entry);
		return true;
	}

	/** What a device's log gave later, as it is to be stored: it says nothing of now. */
	backfilled(samples: readonly Sample[]): readonly Sample[] {
		return samples.map((sample) => {
			const entry = this.#entries.get(sample.device);
			if (!entry) return sample;
			const kept = entry.backfilled(sample);
			if (entry.unsaved === 'soon') this.#touched(entry);
			return kept;
		});
	}

	/** When a device's present run began, ms since the epoch, by the uptime it tells with its samples. */
	bootMs(device: DeviceId): number | undefined {
		return this.#entries.get(device)?.bootMs;
	}

	/** @returns false where the device is one too many */
	state(
		decoded: Extract<Decoded, { kind: 'status' | 'reported' | 'response' }>,
		retained: boolean,
		link: LinkKind,
		profile: string
	): boolean {
		const simulated =
			decoded.kind === 'status' ? decoded.status.simulated : decoded.device.startsWith('sim-');
		// A reply from a device nobody heard of answers nothing of ours: it makes no device.
		if (decoded.kind === 'response' && !this.#entries.has(decoded.device)) return true;
		const entry = this.#entry(decoded.device, simulated ? 'simulated' : 'real');
		if (!entry) return false;
		const heard = this.#heard(link, profile);
		if (decoded.kind === 'status') entry.status(decoded.status, retained, heard);
		else if (decoded.kind === 'reported') entry.report(decoded.reported, retained, heard);
		else entry.answered(heard);
		this.#touched(entry);
		return true;
	}

	/** The page's own virtual devices went with the tab that hosted them. */
	loopbackLost(): void {
		for (const entry of this.#entries.values()) {
			if (entry.lastLink !== 'loopback') continue;
			entry.lost(this.parts.clock.now());
			this.#touched(entry);
		}
	}

	summaries(): readonly DeviceSummary[] {
		return Array.from(this.#entries.values(), (entry) => entry.summary);
	}

	/** The newest of them. */
	events(device: DeviceId): readonly DeviceEvent[] {
		return this.#entries.get(device)?.trail.events ?? [];
	}

	/** Those before, from `fromMs` on. */
	archivedEvents(device: DeviceId, fromMs: number): Promise<ArchivedEvents> {
		return this.#archive.since(device, this.#entries.get(device)?.trail.pages ?? NO_PAGES, fromMs);
	}

	/** The events where there are new ones since the last call for this device, else undefined. */
	newEvents(device: DeviceId): readonly DeviceEvent[] | undefined {
		const events = this.events(device);
		if (this.#shownEvents.get(device) === events) return undefined;
		this.#shownEvents.set(device, events);
		return events;
	}

	lastLink(device: DeviceId): LinkKind | undefined {
		return this.#entries.get(device)?.lastLink;
	}

	async forget(device: DeviceId): Promise<void> {
		const pages = this.#entries.get(device)?.trail.pages ?? NO_PAGES;
		this.#entries.delete(device);
		this.#shownEvents.delete(device);
		this.parts.onChange();
		this.#saving = this.#saving
			.then(() => this.#archive.forget(device, pages))
			.then(() => this.parts.shelf.delete(device));
		await this.#saving;
	}

	/** Writes what is not yet written. */
	save(): Promise<void> {
		this.#cancelSoon?.();
		this.#cancelLater?.();
		this.#cancelSoon = this.#cancelLater = undefined;
		this.#savedMs = this.parts.clock.now();
		this.#saving = this.#saving
			.then(() => this.#writeAll())
			.catch((cause: unknown) => this.parts.onFault(cause));
		return this.#saving;
	}

	async close(): Promise<void> {
		await this.save();
	}

	async #writeAll(): Promise<void> {
		for (const entry of [...this.#entries.values()]) {
			if (entry.unsaved === 'no' || !this.#entries.has(entry.id)) continue;
			const was = entry.unsaved;
			entry.unsaved = 'no';
			try {
				await this.#archive.putAway(entry, () => this.#entries.values());
				await this.parts.shelf.put(entry.id, entry.row);
			} catch (cause) {
				entry.unsaved = was;
				throw cause;
			}
		}
	}

	#entry(
		id: DeviceId,
		provenance: Provenance,
		firstSeenMs = this.parts.clock.now()
	): DeviceEntry | undefined {
		const known = this.#entries.get(id);
		if (known) return known;
		if (this.#entries.size >= MAX_DEVICES) {
			this.#refused.add(id);
			return undefined;
		}
		const entry = new DeviceEntry(id, provenance);
		entry.greet(firstSeenMs);
		this.#entries.set(id, entry);
		return entry;
	}

	#heard(link: LinkKind, profile: string) {
		const listenedMs = this.parts.listensSince?.(link) ?? 0;
		return { atMs: this.parts.clock.now(), listenedMs, link, profile };
	}

	#touched(entry: DeviceEntry): void {
		this.parts.onChange();
		const states = entry.takeStates();
		if (states) this.parts.onStates?.(entry.id, entry.provenance, states);
		if (entry.unsaved === 'soon')
			this.#cancelSoon ??= this.parts.clock.after(
				Math.max(0, this.#savedMs + SAVE_SOON_MS - this.parts.clock.now()),
				() => void this.save()
			);
		else this.#cancelLater ??= this.parts.clock.after(SAVE_LATER_MS, () => void this.save());
	}
}
