import type { SealReport } from './batch-seals';
import type { DeviceSecretError } from './device-keys';
import type { HealthReport } from './health/report';
import type { SessionSpan } from './health/session-log';
import type { IntakeReport } from './intake-report';
import type { RetentionPlan } from './retention-plan';
import type { CopyAct, CopyWhere } from './copy-choice';
import type { TransferService } from './transfer/transfer-messages';
import type { CallShape, FeedShape, Handlers, Result } from '$lib/base';
import type { Alert, ArchivedEvents, DeviceEvent, DeviceSummary } from '$lib/device';
import type { Command, DeviceId, Provenance, SessionState } from '$lib/model';
import type {
	AggregateQuery,
	Aggregates,
	Annotation,
	BackfillView,
	CopyNeed,
	CopyStatus,
	Gap,
	LatestSample,
	PickedDirectory,
	RangeQuery,
	SavedView,
	SeriesColumns,
	SeriesKey,
	StoreError,
	StoreLoss,
	StateInterval,
	StateQuery,
	StoreStats
} from '$lib/telemetry';

/** What pages may ask of the field worker, and what it tells them. */
export interface FieldService {
	calls: TransferService['calls'] & {
		/** The page's tab says hello: the sentinel it keeps in localStorage, and what only a window knows. */
		hello: Call<TabHello, FieldHello>;
		/** Answered by the worker nearest to the page, whoever leads: tells a living worker from a crashed one. */
		ping: Call<null, void>;
		/** What a window learned since its hello: the network came back, a permission was given. */
		pageNews: Call<PageNews, void>;
		listBrokers: Call<null, readonly BrokerProfile[]>;
		/** Saves; `password: undefined` keeps the stored one, '' removes it. */
		saveBroker: Call<
			{ profile: BrokerProfile; password?: string | undefined },
			Result<void, BrokerSaveError>
		>;
		removeBroker: Call<{ id: string }, void>;
		/** Connects to one profile; the choice is remembered and taken up again at the next start. */
		connect: Call<{ id: string }, void>;
		/** Ends the session and remembers not to start one. */
		disconnect: Call<null, void>;
		/** Tries again now instead of waiting for the backoff. */
		retry: Call<null, void>;
		sendCommand: Call<SendCommand, Result<Command, SendCommandError>>;
		/** What the device believes from now on, base64 of 32 bytes, of another convention 1–256; '' where it has no secret any more. Resolves when it is on disk. */
		saveDeviceSecret: Call<{ device: DeviceId; secret: string }, Result<void, DeviceSecretError>>;
		/** Whether this browser keeps a secret of the device. What it is, it never tells. */
		hasDeviceSecret: Call<{ device: DeviceId }, boolean>;
		range: Call<RangeQuery, SeriesColumns>;
		/** What a state was, by time: `TelemetryStore.states`. */
		states: Call<StateQuery, readonly StateInterval[]>;
		/** Figures of a whole range; undefined where it holds no sample. */
		aggregate: Call<AggregateQuery, Aggregates | undefined>;
		/** Where a device's history has holes: yet to be had, or lost. Of the series' whole life. */
		gaps: Call<SeriesKey, readonly Gap[]>;
		/** What happened to a device before what its feed of events holds, from `fromMs` on. */
		archivedEvents: Call<{ device: DeviceId; fromMs: number }, ArchivedEvents>;
		/** When the session stood, did not, or was not wanted, as far back as is kept; of the time between nothing is known. */
		sessionSpans: Call<null, readonly SessionSpan[]>;
		/** A person has seen what went wrong: all counts of it begin with nought, or that is taken back. Resolves when it is written. */
		countErrorsAnew: Call<{ anew: boolean }, void>;
		storeStats: Call<null, StoreStats>;
		retention: Call<null, RetentionPlan>;
		/** Acts at once, on what is there too: what is let go of cannot be had back. */
		setRetention: Call<RetentionPlan, void>;
		copyStatus: Call<null, CopyStatus>;
		/** It is made while the store goes on. Nowhere: the browser's own is deleted, a person's folder is left as it is. */
		setCopy: Call<{ where: CopyWhere }, CopyStatus>;
		/** The folder that a person picked for it: a window can ask for its permission. */
		copyFolder: Call<null, PickedDirectory | undefined>;
		actOnCopy: Call<{ act: CopyAct }, CopyStatus>;
		/** Where it fails the device is still known, and some of its history may be. */
		forgetDevice: Call<{ device: DeviceId }, Result<void, StoreError>>;
		/**
		 * Deletes the stored measurements where their database will not open, and begins anew. Where it did open nothing is done:
		 * so a repeat, sent to the next leader, deletes nothing.
		 */
		resetTelemetry: Call<null, Result<void, { kind: 'unavailable'; cause: string }>>;
		/** Joins the lab worker: the transferred MessagePort speaks `LoopbackMessage` (src/lib/link/loopback.ts). */
		attachLab: Call<null, void>;
		/** Adds, or replaces the one of the same id. Resolves when it is on disk. */
		saveAnnotation: Call<Annotation, Result<void, NotebookError>>;
		removeAnnotation: Call<{ id: string }, Result<void, NotebookError>>;
		saveView: Call<SavedView, Result<void, NotebookError>>;
		removeView: Call<{ id: string }, Result<void, NotebookError>>;
		dismissNotice: Call<{ id: string }, void>;
		/** A person knows of these, or takes it back. Resolves when it is written. */
		acknowledgeAlerts: Call<{ ids: readonly string[]; known: boolean }, void>;
		/** Writes what waits; a tab calls it as it is hidden. */
		flush: Call<null, void>;
	};
	feeds: TransferService['feeds'] & {
		/** The hello's answer again on each change of role. */
		role: Feed<null, FieldHello>;
		session: Feed<null, SessionState>;
		/** All of them first, then what has changed, a few times a second: `KnownDevices` puts it together. */
		devices: Feed<null, DevicesNews>;
		/** Says nothing: while anybody follows it, `devices` tells at each frame what a device says. */
		closeLook: Feed<null, never>;
		/** New samples of one device, at most five messages a second. */
		live: Feed<{ device: DeviceId; provenance: Provenance }, LiveTail>;
		commands: Feed<{ device: DeviceId }, readonly Command[]>;
		/** How what comes of a device is sealed; told again as what is sealed comes or is refused. */
		seals: Feed<{ device: DeviceId }, SealReport>;
		/** The newest, in the order in which they were heard. */
		events: Feed<{ device: DeviceId }, readonly DeviceEvent[]>;
		/** How far the filling of a device's holes is; told again with each page that came. */
		backfill: Feed<SeriesKey, BackfillView>;
		/** Of all devices, oldest first; as `views`. */
		annotations: Feed<null, readonly Annotation[]>;
		views: Feed<null, readonly SavedView[]>;
		notices: Feed<null, readonly Notice[]>;
		intake: Feed<null, IntakeReport>;
		/** What devices warn of, newest first. */
		alerts: Feed<null, AlertsSnapshot>;
		/** Of all devices together; told each second. */
		overview: Feed<null, OverviewReport>;
		/** How everything under the screens is, at most once a second; while it is watched the broker is asked for its figures too. */
		health: Feed<null, HealthReport>;
		/** What the page must keep in localStorage. */
		sentinel: Feed<null, string>;
	};
}

/** The calls and feeds that only a leader can answer; role, hello and ping are the host's. */
export type CoreHandlers = {
	calls: Omit<Handlers<FieldService>['calls'], 'hello' | 'ping'>;
	feeds: Omit<Handlers<FieldService>['feeds'], 'role'>;
};

export type { DeviceSecretError, SealReport };

/** Why something a person wrote was not kept. */
export type NotebookError =
	| { kind: 'not-valid' }
	| { kind: 'too-many'; most: number }
	/** The keep would not take it; what was there before still is. */
	| { kind: 'not-stored'; cause: string };

type Call<A, R> = CallShape & { args: A; result: R };
type Feed<A, V> = FeedShape & { args: A; value: V };

export interface TabHello {
	readonly sentinel: string | null;
	readonly origin: string;
	readonly secure: boolean;
	/** Names the Web Lock `fieldbench-tab-<tab>` that the page holds while it lives; absent without Web Locks. */
	readonly tab?: string;
	readonly localNetwork?: LocalNetworkState;
}

/** Chromium's local-network permission; `unknown` where the browser has none. */
export type LocalNetworkState = 'granted' | 'prompt' | 'denied' | 'unknown';

export interface PageNews {
	readonly online?: boolean;
	readonly localNetwork?: LocalNetworkState;
}

export interface FieldHello {
	/** 'shared', or 'leader' and 'follower' where there is no SharedWorker. */
	readonly role: 'shared' | 'leader' | 'follower';
	readonly buildId: string;
	readonly secretsAvailable: boolean;
}

export interface BrokerProfile {
	readonly id: string;
	readonly name: string;
	/** ws:// or wss://, without credentials. */
	readonly url: string;
	readonly username: string;
	readonly hasPassword: boolean;
	readonly protocol: 'auto' | 'mqtt5' | 'mqtt311';
	readonly keepaliveS: number;
	/** Keeps the broker's session between connections. */
	readonly persistentSession: boolean;
	/** Marked as made by `npm start`. */
	readonly local: boolean;
}

export type BrokerSaveError =
	| { kind: 'bad-url'; reason: 'unparsable' | 'scheme' | 'credentials-in-url' }
	| { kind: 'empty-name' }
	/** Plain http has no WebCrypto: a password cannot be kept. */
	| { kind: 'no-vault' };

export interface SendCommand {
	/** Made by the page: sending the same id again does nothing. */
	readonly id: string;
	readonly device: DeviceId;
	readonly method: string;
	readonly params: Readonly<Record<string, unknown>>;
	readonly ttlMs: number;
}
export type SendCommandError =
	{ kind: 'unknown-device' } | { kind: 'outbox-full' } | { kind: 'not-stored'; cause: string };

export interface DevicesNews {
	/** `devices` are all there are; else those that are new or have changed. */
	readonly whole: boolean;
	readonly devices: readonly DeviceSummary[];
	/** Forgotten since the last news; one that is in `devices` too has come back since. */
	readonly gone: readonly DeviceId[];
	/** Ids beyond the bound that were seen and not kept. */
	readonly refusedIds: number;
	readonly messagesPerSecond: number;
}

export interface AlertsSnapshot {
	/** Newest first. */
	readonly alerts: readonly Alert[];
	/** Had to go before anybody acknowledged them: too many came. Since the worker started. */
	readonly dropped: number;
}

export interface OverviewReport {
	/** Messages in each of the last whole minutes, oldest first, at most sixty; the last ended at `endMs`. */
	readonly traffic: { readonly endMs: number; readonly perMinute: readonly number[] };
	readonly history: HistoryHoles;
}

/** What all histories together lack. */
export interface HistoryHoles {
	/** Samples yet to be had, and those that nobody can give any more. */
	readonly missing: number;
	readonly lost: number;
	/** Devices with something missing, and those of them that are asked for it now. */
	readonly devices: number;
	readonly asked: number;
	/** The first few that do not give theirs to this browser. */
	readonly refused: readonly (SeriesKey & { readonly missing: number })[];
}

export interface LiveTail {
	/** Parallel columns of the metrics' new points. */
	readonly points: Readonly<
		Record<string, { timeMs: Float64Array<ArrayBuffer>; value: Float64Array<ArrayBuffer> }>
	>;
}

/** Something a person must know and may dismiss. Kept until then. */
export type Notice =
	| {
			readonly id: string;
			readonly kind: 'store-lost';
			readonly loss: StoreLoss;
			/** Brokers, settings and devices are known to be there still. */
			readonly settingsKept: boolean;
	  }
	/** Brokers, settings, devices and commands are gone. */
	| { readonly id: string; readonly kind: 'keep-lost'; readonly noticedMs: number }
	| {
			readonly id: string;
			readonly kind: 'store-failing';
			readonly cause: string;
			/** The database will not open: `resetTelemetry` is a way out. */
			readonly resettable: boolean;
	  }
	| { readonly id: string; readonly kind: 'quota'; readonly usedBytes: number; readonly quotaBytes: number }
	/** Nothing more fitted, so the oldest samples went. */
	| {
			readonly id: string;
			readonly kind: 'made-room';
			readonly fromMs: number;
			readonly toMs: number;
			readonly samples: number;
			/** What comes in is stored again. */
			readonly helped: boolean;
	  }
	| { readonly id: string; readonly kind: 'outbox-failing'; readonly cause: string }
	/** The second copy goes on when a person has said something. */
	| { readonly id: string; readonly kind: 'copy-waits'; readonly need: CopyNeed };

export type { CopyAct, CopyStatus, CopyWhere, HealthReport, IntakeReport, RetentionPlan };
export type { Alert, ArchivedEvents, Command, DeviceEvent, DeviceSummary, LatestSample };
