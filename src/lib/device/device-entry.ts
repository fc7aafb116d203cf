import {
	displayName,
	isLater,
	presentUntil,
	type ClockQuality,
	type DeviceId,
	type LinkKind,
	type Presence,
	type Provenance,
	type Sample
} from '$lib/model';
import { type DeviceEvent, type DeviceStates, type DeviceSummary, type StoredDevice } from './device';
import { Cadence } from './cadence';
import { EventTrail } from './event-trail';
import type { StatusReport, ToldEvent } from './profiles';

export const MAX_METRICS_PER_DEVICE = 256;

/** Messages closer together than this are one utterance. */
const BURST_MS = 1000;
/** After so many utterances it is known how often a device speaks. */
const HABIT_AFTER = 5;

interface Heard {
	readonly atMs: number;
	/** Since when it would have been heard over this link. */
	readonly listenedMs: number;
	readonly link: LinkKind;
	readonly profile: string;
	/** It came in a message that was counted already. */
	readonly part?: boolean;
	/** What it says was measured before. */
	readonly late?: boolean;
	/** Somebody else says it of the device: no sign that the device is there. */
	readonly hearsay?: boolean;
}

/** One device as it is being heard. Mutable, owned by the registry; the world sees summaries. */
export class DeviceEntry {
	lastSeenMs = 0;
	/** Something changed that a page shows. */
	changed = true;
	/** How soon the row must be written: a value's time can wait, an event cannot. */
	unsaved: 'no' | 'later' | 'soon' = 'soon';
	#provenance: Provenance;
	#presence: Presence = 'unknown';
	/** The presence its newest event tells of, also before a restart: to be heard again is no news. */
	#toldPresence: Presence | undefined;
	/** It had left when the worker before ended: so it is shown until something newer is heard. */
	#leftAs: Presence | undefined;
	#alias: string | undefined;
	#firmware: string | undefined;
	#model: string | undefined;
	#api: number | undefined;
	#epoch: number | undefined;
	#boot: number | undefined;
	#clock: ClockQuality | undefined;
	#lastSeq: number | undefined;
	/** Its status says it is simulated, whatever its telemetry says. */
	#statusSimulated = false;
	#profile = '';
	#lastLink: LinkKind | undefined;
	#messages = 0;
	#components: Readonly<Record<string, string>> = {};
	#reported: Readonly<Record<string, unknown>> = {};
	readonly #links = new Set<LinkKind>();
	readonly #values = new Map<string, { value: number; timeMs: number }>();
	/** Names of both provenances: one that changes sides brings no more of them than one that does not. */
	readonly #metrics = new Set<string>();
	#trail = new EventTrail();
	/** How often it speaks, since this worker began; and how many times it did. */
	#habit: Cadence | undefined;
	#spoke = 0;
	#spokeMs = 0;
	#summary: DeviceSummary | undefined;
	#told: DeviceStates = {};

	constructor(
		readonly id: DeviceId,
		provenance: Provenance
	) {
		this.#provenance = provenance;
	}

	static restore(row: StoredDevice): DeviceEntry {
		const entry = new DeviceEntry(row.id, row.provenance);
		entry.lastSeenMs = row.lastSeenMs;
		entry.#alias = row.alias;
		entry.#firmware = row.firmware;
		entry.#model = row.model;
		entry.#api = row.api;
		entry.#epoch = row.epoch;
		entry.#boot = row.boot;
		entry.#profile = row.profile;
		entry.#components = row.components;
		entry.#reported = row.reported;
		entry.#trail = new EventTrail(row.events, row.eventPages);
		entry.#clock = clockOf(row.events);
		entry.#toldPresence = row.events.map(({ kind }) => kind).findLast(isPresence);
		entry.#leftAs = entry.#toldPresence === 'online' ? undefined : entry.#toldPresence;
		for (const link of row.links) entry.#links.add(link);
		entry.unsaved = 'no';
		return entry;
	}

	get presence(): Presence {
		return this.#presence;
	}

	get trail(): EventTrail {
		return this.#trail;
	}

	/** The link it was last heard over, also before a restart. */
	get lastLink(): LinkKind | undefined {
		return this.#lastLink ?? [...this.#links].at(-1);
	}

	/** First message ever, on this browser. */
	greet(atMs: number): void {
		this.#note(atMs, 'first-seen', {});
	}

	/**
	 * Takes a sample in.
	 * @returns the sample as it is to be stored: its provenance settled, and metrics beyond the bound gone; and how many those were
	 */
	telemetry(sample: Sample, alias: string | undefined, firmware: string | undefined, heard: Heard) {
		this.#hear(heard);
		const provenance = this.#statusSimulated ? 'simulated' : sample.provenance;
		this.#become(provenance);
		this.#rename(alias);
		if (firmware !== undefined) this.#runs(firmware, heard.atMs);
		if (sample.identity) this.#follow(sample.identity.epoch, sample.identity.seq, heard.atMs);
		if (!heard.hearsay && (this.#presence === 'offline' || this.#presence === 'unknown'))
			this.#arrive('online', heard.atMs);
		if (!heard.late) this.#timed(sample.clock, heard.atMs);
		let dropped = 0;
		const untilMs = presentUntil(heard.atMs);
		for (const name in sample.values) {
			if (!this.restoreValue(name, sample.values[name]!, sample.timeMs, untilMs)) dropped++;
		}
		const kept = dropped === 0 ? sample.values : this.#known(sample.values);
		const settled =
			provenance === sample.provenance && dropped === 0 ? sample : { ...sample, provenance, values: kept };
		return { sample: settled, dropped };
	}

	/** A sample of the past, with metrics beyond the bound gone. */
	backfilled(sample: Sample): Sample {
		if (sample.identity?.epoch === this.#epoch && sample.identity && this.#trail.came(sample.identity.seq))
			this.unsaved = 'soon';
		const names = Object.keys(sample.values);
		for (const name of names) this.knowMetric(name);
		return names.every((name) => this.#metrics.has(name))
			? sample
			: {
					...sample,
					values: Object.fromEntries(
						Object.entries(sample.values).filter(([name]) => this.#metrics.has(name))
					)
				};
	}

	/** What it is now, where that is not what was taken last; a worker that begins has taken nothing. */
	takeStates(): DeviceStates | undefined {
		const { presence, firmware } = this.#told;
		if (this.#presence === (presence ?? 'unknown') && this.#firmware === firmware) return undefined;
		this.#told = {
			presence: this.#presence,
			...(this.#firmware === undefined ? {} : { firmware: this.#firmware })
		};
		return this.#presence === 'unknown' ? { ...this.#told, presence: '' } : this.#told;
	}

	get bootMs(): number | undefined {
		const uptime = this.#values.get('uptime');
		return uptime && uptime.timeMs - 1000 * uptime.value;
	}

	status(report: StatusReport, retained: boolean, heard: Heard): void {
		// A retained status is from the past: it says what the device is, not that it is heard now.
		this.#hear(retained ? { ...heard, atMs: this.lastSeenMs } : heard);
		this.#statusSimulated = report.simulated;
		this.#become(report.simulated ? 'simulated' : 'real');
		this.#rename(report.name);
		if (report.model !== undefined) this.#model = report.model;
		if (report.api !== undefined) this.#api = report.api;
		if (report.components) this.#components = report.components;
		if (report.firmware !== undefined) this.#runs(report.firmware, heard.atMs);
		if (report.boot !== undefined) {
			if (this.#boot !== undefined && report.boot !== this.#boot)
				this.#note(heard.atMs, 'restarted', { boot: report.boot });
			this.#boot = report.boot;
		}
		this.#arrive(report.state, heard.atMs);
		this.unsaved = 'soon';
	}

	report(reported: Readonly<Record<string, unknown>>, retained: boolean, heard: Heard): void {
		this.#hear(retained ? { ...heard, atMs: this.lastSeenMs } : heard);
		this.#reported = reported;
		this.unsaved = 'soon';
	}

	/** What a message says has happened. The same again at once is one event, with how often it came. */
	tell({ kind, atMs, detail }: ToldEvent, alias: string | undefined, heard: Heard): void {
		this.#hear(heard);
		this.#rename(alias);
		this.#trail.tell(atMs, kind, detail);
		this.unsaved = 'soon';
	}

	answered(heard: Heard): void {
		this.#hear(heard);
	}

	/** The link it was heard over is gone, and with it the device. */
	lost(atMs: number): void {
		if (this.#presence === 'online') this.#arrive('offline', atMs);
		this.changed = true;
	}

	/**
	 * @param untilMs `presentUntil` of now
	 * @returns false where the device has too many metrics already
	 */
	restoreValue(name: string, value: number, timeMs: number, untilMs: number): boolean {
		const known = this.#values.get(name);
		if (known) {
			if (isLater(timeMs, known.timeMs, untilMs)) {
				known.value = value;
				known.timeMs = timeMs;
			}
			return true;
		}
		if (!this.knowMetric(name)) return false;
		this.#values.set(name, { value, timeMs });
		return true;
	}

	/** @returns false where the device has too many metrics already */
	knowMetric(name: string): boolean {
		if (this.#metrics.has(name)) return true;
		if (this.#metrics.size >= MAX_METRICS_PER_DEVICE) return false;
		this.#metrics.add(name);
		return true;
	}

	get provenance(): Provenance {
		return this.#provenance;
	}

	/** The same object until something changes. */
	get summary(): DeviceSummary {
		if (this.#summary && !this.changed) return this.#summary;
		this.changed = false;
		const values: Record<string, { value: number; timeMs: number }> = {};
		for (const [name, newest] of this.#values) values[name] = { value: newest.value, timeMs: newest.timeMs };
		const leftAs = this.#presence === 'unknown' ? this.#leftAs : undefined;
		return (this.#summary = {
			id: this.id,
			provenance: this.#provenance,
			name: this.#alias ?? this.id,
			presence: leftAs ?? this.#presence,
			...(leftAs ? { presenceOf: 'before' as const } : {}),
			links: [...this.#links],
			lastSeenMs: this.lastSeenMs,
			firmware: this.#firmware,
			model: this.#model,
			api: this.#api,
			epoch: this.#epoch,
			profile: this.#profile,
			values,
			components: this.#components,
			reported: this.#reported,
			messages: this.#messages
		});
	}

	get row(): StoredDevice {
		return {
			id: this.id,
			provenance: this.#provenance,
			alias: this.#alias,
			lastSeenMs: this.lastSeenMs,
			firmware: this.#firmware,
			model: this.#model,
			api: this.#api,
			epoch: this.#epoch,
			boot: this.#boot,
			profile: this.#profile,
			links: [...this.#links],
			components: this.#components,
			reported: this.#reported,
			events: this.#trail.events,
			eventPages: this.#trail.pages
		};
	}

	#hear({ atMs, listenedMs, link, profile, part, hearsay }: Heard): void {
		if (!part && !hearsay) this.#speaks(atMs, listenedMs);
		if (!part) this.#messages++;
		this.changed = true;
		if (this.unsaved === 'no') this.unsaved = 'later';
		if (!hearsay) {
			if (this.lastSeenMs === 0 && atMs > 0) this.unsaved = 'soon'; // its row tells it from one that only others tell of
			this.lastSeenMs = Math.max(this.lastSeenMs, atMs);
		}
		this.#profile = profile;
		this.#lastLink = link;
		if (this.#links.has(link)) return;
		this.#links.add(link);
		this.unsaved = 'soon';
	}

	/** A silence is noted when it ends, once it is known how often the device speaks; while it lasts the pages see it. */
	#speaks(atMs: number, listenedMs: number): void {
		// One of the past; one utterance in several messages.
		if (atMs <= this.lastSeenMs || atMs - this.#spokeMs < BURST_MS) return;
		const sinceMs = Math.max(this.#spokeMs, listenedMs);
		const known = this.#habit !== undefined && this.#spoke > HABIT_AFTER;
		if (known && this.#presence === 'online' && atMs - sinceMs > this.#habit!.lateAfterMs) {
			this.#note(sinceMs, 'silent', {});
			this.#note(atMs, 'heard', { silentS: Math.round((atMs - sinceMs) / 1000) });
		}
		this.#habit = this.#habit?.seen(atMs) ?? Cadence.unknown(atMs);
		this.#spoke++;
		this.#spokeMs = atMs;
	}

	#become(provenance: Provenance): void {
		if (provenance === this.#provenance) return;
		this.#provenance = provenance;
		this.#values.clear(); // the two kinds are never mixed, not on a card either
		this.unsaved = 'soon';
	}

	#rename(told: string | undefined): void {
		const alias = told === undefined ? undefined : displayName(told);
		if (alias === undefined || alias === this.#alias) return;
		this.#alias = alias;
		this.unsaved = 'soon';
	}

	#runs(firmware: string, atMs: number): void {
		if (firmware === this.#firmware) return;
		if (this.#firmware !== undefined)
			this.#note(atMs, 'firmware-changed', { from: this.#firmware, to: firmware });
		this.#firmware = firmware;
		this.unsaved = 'soon';
	}

	#timed(quality: ClockQuality, atMs: number): void {
		if (quality === this.#clock) return;
		const first = this.#clock === undefined;
		this.#clock = quality;
		if (first && quality === 'synchronised') return;
		this.#trail.clock(quality, atMs);
		this.unsaved = 'soon';
	}

	#arrive(presence: Presence, atMs: number): void {
		if (presence === this.#presence) return;
		this.#presence = presence;
		if (presence === 'unknown' || presence === this.#toldPresence) return;
		this.#toldPresence = presence;
		this.#note(atMs, presence, {});
	}

	/** Only gaps that happen while we listen are told here: what was missed before, the store's ledger knows. */
	#follow(epoch: number, seq: number, atMs: number): void {
		if (epoch !== this.#epoch) {
			if (this.#epoch !== undefined) this.#note(atMs, 'new-epoch', { epoch });
			this.#epoch = epoch;
			this.#lastSeq = seq;
			this.unsaved = 'soon';
			return;
		}
		const expected = this.#lastSeq === undefined ? seq : this.#lastSeq + 1;
		if (seq >= expected) this.#lastSeq = seq;
		if (seq > expected) this.#trail.gap(expected, seq - expected, atMs);
		if (seq > expected || (seq < expected && this.#trail.came(seq))) this.unsaved = 'soon';
	}

	#known(values: Readonly<Record<string, number>>): Record<string, number> {
		return Object.fromEntries(Object.entries(values).filter(([name]) => this.#values.has(name)));
	}

	#note(atMs: number, kind: DeviceEvent['kind'], detail: DeviceEvent['detail']): void {
		this.#trail.note(atMs, kind, detail);
		this.unsaved = 'soon';
	}
}

/** As its events tell; one that has no such event was always right. */
function clockOf(events: readonly DeviceEvent[]): ClockQuality | undefined {
	const quality = events.findLast(({ kind }) => kind === 'clock')?.detail['quality'];
	return quality === 'unsynchronised' || quality === 'corrected'
		? quality
		: events.length > 0
			? 'synchronised'
			: undefined;
}

const isPresence = (kind: DeviceEvent['kind']): kind is DeviceEvent['kind'] & Presence =>
	kind === 'online' || kind === 'offline' || kind === 'sleeping';
