import type { DeviceId, LinkKind, Presence, Provenance } from '$lib/model';

/** A device as a page shows it: replaced whole when something changes. */
export interface DeviceSummary {
	readonly id: DeviceId;
	readonly provenance: Provenance;
	readonly name: string;
	/** What was last heard; while our own session is down nobody knows better, and the session's state says so. */
	readonly presence: Presence;
	/** The presence is the last that was known before this worker began: nothing newer was heard. */
	readonly presenceOf?: 'before';
	readonly links: readonly LinkKind[];
	/** ms since the epoch, of the last message over any link; 0 where only its retained status was ever heard. */
	readonly lastSeenMs: number;
	readonly firmware: string | undefined;
	readonly model: string | undefined;
	/** Major version of its Device API; one above ours shows telemetry and hides commands (docs/protocol.md §6). */
	readonly api: number | undefined;
	/** The log its newest sample came from. */
	readonly epoch: number | undefined;
	readonly profile: string;
	/** metric → newest; includes wifi_rssi and uptime. */
	readonly values: Readonly<Record<string, { readonly value: number; readonly timeMs: number }>>;
	/** The device says what it can be told: component id → type. */
	readonly components: Readonly<Record<string, string>>;
	/** State last reported, by component id, e.g. led → {on, brightness}. */
	readonly reported: Readonly<Record<string, unknown>>;
	/** Since the worker started. */
	readonly messages: number;
}

/** What history keeps of how a device is: '' where its presence is not known. */
export interface DeviceStates {
	readonly presence?: Presence | '';
	readonly firmware?: string;
}

/** The newest, kept with the device's row; the older ones go to the archive, so many at once. */
export const MAX_EVENTS_PER_DEVICE = 100;
export const EVENTS_A_PAGE = 50;

/** Which pages of the archive hold a device's older events. */
export interface EventPages {
	/** From here … */
	readonly first: number;
	/** … to before this one. */
	readonly next: number;
	/** Events that had to go, ever. */
	readonly dropped: number;
}

export const NO_PAGES: EventPages = { first: 0, next: 0, dropped: 0 };

export interface DeviceEvent {
	readonly atMs: number;
	readonly kind:
		| 'online'
		| 'offline'
		| 'sleeping'
		/** From here on nothing came of it although somebody listened; told with its end, `heard`. */
		| 'silent'
		/** `silentS`: for so long nothing had come, s. */
		| 'heard'
		| 'restarted'
		| 'new-epoch'
		| 'firmware-changed'
		| 'first-seen'
		| 'gap'
		/** `quality`: a {@link ClockQuality}, from now on. */
		| 'clock'
		| ToldEventKind;
	readonly detail: Readonly<Record<string, string | number>>;
}

/**
 * What a message says has happened, where the others are noticed: an alert and its end, how a command of somebody else's ended, what the device
 * was told to do, a new firmware.
 */
export const TOLD_EVENTS = ['alert', 'alert-over', 'command-result', 'control', 'update'] as const;
export type ToldEventKind = (typeof TOLD_EVENTS)[number];

/** What outlives the worker. Values are not in it: the telemetry store has them. */
export interface StoredDevice {
	readonly id: DeviceId;
	readonly provenance: Provenance;
	readonly alias: string | undefined;
	readonly lastSeenMs: number;
	readonly firmware: string | undefined;
	readonly model: string | undefined;
	readonly api: number | undefined;
	readonly epoch: number | undefined;
	readonly boot: number | undefined;
	readonly profile: string;
	readonly links: readonly LinkKind[];
	readonly components: Readonly<Record<string, string>>;
	readonly reported: Readonly<Record<string, unknown>>;
	readonly events: readonly DeviceEvent[];
	readonly eventPages: EventPages;
}
