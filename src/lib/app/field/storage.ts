import type { CopyChoice } from './copy-choice';
import type { TakenRow } from './taken-batches';
import type { RetentionPlan } from './retention-plan';
import type { Result } from '$lib/base';
import type { Alert, EventPage, StoredDevice } from '$lib/device';
import type { Command } from '$lib/model';
import type { Annotation, buildStore, SavedView, StorePart, StoreLoss, TelemetryStore } from '$lib/telemetry';
import type { Keep, Rows, SecretBox } from '$lib/vault';
import type { ErrorCounts } from './health/error-counts';
import type { SessionSpan } from './health/session-log';
import type { BrokerProfile, Notice } from './messages';

/** A broker as it is kept; whether it has a password, the secrets know. */
export type StoredBroker = Omit<BrokerProfile, 'hasPassword'>;

/** Small facts of this browser, one row each, under their `key`. */
export type SettingRow =
	| { readonly key: 'client-id'; readonly text: string }
	/** The broker to be connected to at start; null where the person said to stay away. */
	| { readonly key: 'chosen-broker'; readonly brokerId: string | null }
	/** When the session stood; what no span covers is unknown. */
	| { readonly key: 'session-log'; readonly spans: readonly SessionSpan[] }
	/** What went wrong since then, of all workers. */
	| { readonly key: 'error-counts'; readonly sinceMs: number; readonly counts: ErrorCounts }
	| { readonly key: 'retention'; readonly plan: RetentionPlan }
	| { readonly key: `mqtt-version:${string}`; readonly version: 4 | 5 };

/** The whole workspace, to be copied and to be replaced. */
export interface Workspace extends Pick<Keep, 'dump' | 'secretNames' | 'replace'> {
	/** The restore that was carried out last. */
	restored(): Promise<string | undefined>;
	/** A store beside the one in use. */
	build(parts: AsyncIterable<StorePart>): ReturnType<typeof buildStore>;
}

/** All that outlives the worker, opened by a leader under its fence number. */
export interface FieldStorage {
	readonly settings: Rows<SettingRow>;
	readonly brokers: Rows<StoredBroker>;
	readonly devices: Rows<StoredDevice>;
	/** What happened to devices before what their rows hold. */
	readonly events: Rows<EventPage>;
	readonly outbox: Rows<Command>;
	readonly notices: Rows<Notice>;
	readonly annotations: Rows<Annotation>;
	readonly views: Rows<SavedView>;
	readonly alerts: Rows<Alert>;
	/** Sealed batches that were taken, by device. */
	readonly taken: Rows<TakenRow>;
	readonly secrets: SecretBox;
	readonly telemetry: TelemetryStore;
	/** What is sealed, kept a second time; absent in tests that have no use for it. */
	readonly copy?: CopyChoice;
	/** What was missing when the store was opened. */
	readonly losses: readonly StoreLoss[];
	/** The browser threw settings, brokers, devices and commands away; absent where not. */
	readonly keepLost?: boolean;
	/** Why nothing is kept beyond this worker's life; undefined where all is well. */
	readonly failing: string | undefined;
	/** All of it together, for backup and restore; absent where something is in memory only. */
	readonly workspace?: Workspace;
	/** Deletes the telemetry's database; present only where it would not open. */
	readonly reset?: () => Promise<Result<void, { kind: 'unavailable'; cause: string }>>;
	/** Calls `fn` with the sentinel now, where there is one, and at each change. */
	watchSentinel(fn: (text: string) => void, signal: AbortSignal): void;
	close(): Promise<void>;
}
