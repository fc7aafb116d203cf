import type { CommandState, DeviceId, SessionState } from '$lib/model';
import type { BackfillView, SeriesKey, StoreStats } from '$lib/telemetry';
import type { IntakeReport } from '../intake-report';
import type { BrokerFigures } from './broker-figures';
import type { ErrorReport } from './error-counts';
import type { LatencySummary } from './latency-histogram';
import type { RateColumns, Totals } from './rate-history';
import type { SessionSpan, SessionTimes } from './session-log';
import type { StoreFigures } from './store-figures';
import type { TroubleReport } from './trouble-log';

/** How everything under the screens is: told at most once a second, and only while somebody looks. */
export interface HealthReport {
	readonly atMs: number;
	/** Since when all but the errors is counted: the start of this worker. */
	readonly sinceMs: number;
	readonly session: SessionHealth;
	/** What the broker tells of itself. */
	readonly broker: BrokerFigures;
	readonly rates: { readonly now: Totals; readonly hour: RateColumns };
	readonly intake: IntakeReport;
	readonly errors: ErrorReport;
	readonly commands: CommandHealth;
	readonly store: StoreHealth;
	/** Of each device that something is to be told of. */
	readonly devices: readonly DeviceHealth[];
	/** Device ids beyond the bound that were seen and not kept. */
	readonly refusedIds: number;
}

export interface SessionHealth {
	readonly state: SessionState;
	/** PINGREQ to PINGRESP, with this broker and those before it. */
	readonly roundTrip: LatencySummary;
	readonly lastRoundTripMs: number | undefined;
	/** Publishes at QoS 1 without an answer yet. */
	readonly inFlight: number;
	/** Of the last day. */
	readonly times: SessionTimes;
	readonly spans: readonly SessionSpan[];
	/** Why the log does not outlive this worker; absent where it does. */
	readonly notKept?: string;
}

export interface CommandHealth {
	/** Of those that this browser remembers, asked since the errors are counted. */
	readonly counts: Readonly<Partial<Record<CommandState, number>>>;
	/** The newest that did not end well, newest first. */
	readonly failures: readonly {
		readonly atMs: number;
		readonly device: DeviceId;
		readonly method: string;
		readonly state: CommandState;
		/** The device's own words. */
		readonly message: string;
	}[];
}

export interface StoreHealth {
	/** Why nothing is kept beyond this worker's life; undefined where all is well. */
	readonly failing: string | undefined;
	/** Absent until first read; the figures are at most five seconds old. */
	readonly figures: StoreFigures | undefined;
	/** By the name of the store's call. */
	readonly latencies: Readonly<Record<string, LatencySummary>>;
	readonly troubles: TroubleReport;
}

export interface DeviceHealth extends SeriesKey {
	readonly backfill: BackfillView;
	/** How often it went offline, and began anew, in the last day as far as it was heard. */
	readonly offlineTimes: number;
	readonly restarts: number;
}

export type { StoreFigures, StoreStats };
