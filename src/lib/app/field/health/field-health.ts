import type { Clock } from '$lib/base';
import type { Outbox, Registry } from '$lib/device';
import type { MqttSession } from '$lib/link';
import type { Command } from '$lib/model';
import type { Backfill, TelemetryStore } from '$lib/telemetry';
import type { IntakeReport } from '../intake-report';
import type { FieldStorage } from '../storage';
import { Coalescer } from '../coalescer';
import { Watchers } from '../watchers';
import { BrokerFigureReader } from './broker-figures';
import type { ErrorCounts } from './error-counts';
import { ErrorTally } from './error-tally';
import { LatencyHistogram } from './latency-histogram';
import { RATE_SLOT_MS, RateHistory, ratesBetween, type Totals } from './rate-history';
import type { CommandHealth, DeviceHealth, HealthReport } from './report';
import { SessionLog, type SessionSpan } from './session-log';
import { readStoreFigures, type StoreFigures } from './store-figures';
import type { Latencies } from './timed-store';
import type { TroubleLog } from './trouble-log';

export interface FieldHealthParts {
	readonly clock: Clock;
	readonly session: Pick<
		MqttSession,
		'state' | 'inFlight' | 'ping' | 'watch' | 'subscribe' | 'listen' | 'targetId'
	>;
	readonly settings: FieldStorage['settings'];
	readonly registry: Pick<Registry, 'summaries' | 'events' | 'refusedIds'>;
	readonly outbox: Pick<Outbox, 'all'>;
	readonly backfill: Pick<Backfill, 'view'>;
	readonly store: Pick<TelemetryStore, 'stats' | 'sizes'>;
	/** Why it keeps nothing beyond this worker's life. */
	readonly storeFailing: string | undefined;
	readonly latencies: Latencies;
	readonly troubles: TroubleLog;
	readonly intake: () => IntakeReport;
}

const TELL_MS = 1000;
const PING_MS = 5000;
/** The store's figures and the devices' cost more than they change. */
const FIGURES_MS = 5000;
const KEEP_LOG_MS = 60_000;
const DAY_MS = 24 * 3600_000;
const MAX_FAILURES = 20;
const NOTHING: Totals = { messages: 0, samples: 0, refused: 0 };

/**
 * Keeps the figures of the session and the rates, and makes a report of all there is, once a second and only while somebody
 * looks; then the broker is asked for a sign of life and for its own figures too.
 */
export class FieldHealth {
	readonly roundTrips: LatencyHistogram;
	readonly #parts: FieldHealthParts;
	readonly errors: ErrorTally;
	readonly #log: SessionLog;
	readonly #rates: RateHistory;
	readonly #broker: BrokerFigureReader;
	readonly #watchers = new Watchers<HealthReport>();
	readonly #sinceMs: number;
	#lastRoundTripMs: number | undefined;
	#figures: StoreFigures | undefined;
	#devices: readonly DeviceHealth[] = [];
	#before: (Totals & { readonly timeMs: number }) | undefined;
	#now: Totals = NOTHING;
	/** What changed is kept soon, and a session that flaps writes once a second at most. */
	readonly #keepDue: Coalescer;
	#keptMs = 0;
	#notKept: string | undefined;

	constructor(parts: FieldHealthParts) {
		const { clock, session, settings } = parts;
		this.#parts = parts;
		this.roundTrips = new LatencyHistogram(clock);
		this.errors = new ErrorTally({ clock, settings, counted: () => errorCounts(parts) });
		this.#log = new SessionLog(clock);
		this.#rates = new RateHistory(clock);
		this.#broker = new BrokerFigureReader(session, clock);
		this.#sinceMs = clock.now();
		this.#keepDue = new Coalescer(
			clock,
			() => TELL_MS,
			() => void this.keep()
		);
	}

	/** Takes up the log of earlier workers and counts on until `signal` aborts. */
	async start(signal: AbortSignal): Promise<void> {
		const row = await this.#parts.settings.get('session-log');
		if (row?.key === 'session-log') this.#log.restore(row.spans);
		await this.errors.restore();
		this.#keptMs = this.#parts.clock.now();
		this.#parts.session.watch((state) => {
			this.#log.note(state);
			this.#keepDue.mark();
		}, signal);
		signal.addEventListener('abort', () => this.#keepDue.stop(), { once: true });
		this.#every(RATE_SLOT_MS, signal, () => this.#beat());
	}

	roundTrip(ms: number): void {
		this.#lastRoundTripMs = ms;
		this.roundTrips.add(ms);
	}

	/** All that is kept of when the session stood. */
	spans(): readonly SessionSpan[] {
		this.#log.beat();
		return this.#log.spans;
	}

	/** Reports now and once a second until `signal` aborts. */
	watch(emit: (report: HealthReport) => void, signal: AbortSignal): void {
		if (signal.aborted) return;
		const first = this.#watchers.size === 0;
		this.#watchers.add(emit, signal, undefined);
		if (first) this.#look();
		else emit(this.#report());
	}

	/** Keeps log and counts as they are now: the worker may stop soon. */
	async keep(): Promise<void> {
		this.#log.beat();
		await Promise.all([this.#keepLog(), this.errors.keep()]);
	}

	/** Works for those who look, until nobody does. */
	#look(): void {
		const nobody = new AbortController();
		const { signal } = nobody;
		this.#broker.follow(signal);
		this.#before = undefined;
		let turns = 0;
		const turn = () => {
			if (this.#watchers.size === 0) return nobody.abort();
			this.#measureRates();
			if ((turns * TELL_MS) % PING_MS === 0) this.#parts.session.ping();
			if ((turns * TELL_MS) % FIGURES_MS === 0) void this.#readFigures();
			turns++;
			this.#watchers.tell(this.#report());
		};
		turn();
		this.#every(TELL_MS, signal, turn);
	}

	async #readFigures(): Promise<void> {
		const first = this.#figures === undefined;
		this.#devices = this.#deviceHealth();
		this.#figures = await readStoreFigures(this.#parts.store, this.#parts.clock.now());
		if (first && this.#watchers.size > 0) this.#watchers.tell(this.#report());
	}

	#report(): HealthReport {
		const { clock, session, registry, latencies, troubles, intake } = this.#parts;
		const atMs = clock.now();
		const errors = this.errors.report();
		return {
			atMs,
			sinceMs: this.#sinceMs,
			session: {
				state: session.state,
				roundTrip: this.roundTrips.summary(),
				lastRoundTripMs: this.#lastRoundTripMs,
				inFlight: session.inFlight,
				times: this.#log.times(DAY_MS),
				spans: this.#log.spans.filter(({ toMs }) => toMs > atMs - DAY_MS),
				...(this.#notKept === undefined ? {} : { notKept: this.#notKept })
			},
			broker: this.#broker.figures(),
			rates: { now: this.#now, hour: this.#rates.columns() },
			intake: intake(),
			errors,
			commands: commandHealth(this.#parts.outbox.all(), errors.sinceMs),
			store: {
				failing: this.#parts.storeFailing,
				...{ figures: this.#figures, latencies: latencies.summaries(), troubles: troubles.report() }
			},
			devices: this.#devices,
			refusedIds: registry.refusedIds
		};
	}

	#measureRates(): void {
		const before = this.#before;
		const now = { ...totalsOf(this.#parts.intake()), timeMs: this.#parts.clock.now() };
		this.#before = now;
		this.#now = before && now.timeMs > before.timeMs ? ratesBetween(before, now) : NOTHING;
	}

	#deviceHealth(): readonly DeviceHealth[] {
		const { registry, backfill, clock } = this.#parts;
		const sinceMs = clock.now() - DAY_MS;
		return registry.summaries().map(({ id: device, provenance }) => {
			const events = registry.events(device).filter(({ atMs }) => atMs >= sinceMs);
			return {
				...{ device, provenance, backfill: backfill.view({ device, provenance }) },
				offlineTimes: events.filter(({ kind }) => kind === 'offline').length,
				restarts: events.filter(({ kind }) => kind === 'restarted').length
			};
		});
	}

	#beat(): void {
		this.#rates.beat(totalsOf(this.#parts.intake()));
		this.#log.beat();
		void this.errors.keep();
		if (this.#parts.clock.now() - this.#keptMs >= KEEP_LOG_MS) void this.#keepLog();
	}

	async #keepLog(): Promise<void> {
		this.#keptMs = this.#parts.clock.now();
		try {
			await this.#parts.settings.put('session-log', { key: 'session-log', spans: this.#log.spans });
			this.#notKept = undefined;
		} catch (cause) {
			this.#notKept = String(cause); // shown where the log is; it is tried again with the next
		}
	}

	#every(ms: number, signal: AbortSignal, act: () => void): void {
		if (signal.aborted) return;
		let cancel = () => {};
		const next = () => {
			cancel = this.#parts.clock.after(ms, () => {
				act();
				if (!signal.aborted) next();
			});
		};
		signal.addEventListener('abort', () => cancel(), { once: true });
		next();
	}
}

function totalsOf({ messages, samples, refused }: IntakeReport): Totals {
	return { messages, samples, refused: Object.values(refused).reduce((a, b) => a + b, 0) };
}

/** As this worker has counted them. To work again is no error. */
function errorCounts({ intake, troubles }: FieldHealthParts): ErrorCounts {
	const { refused, relay } = intake();
	const { recovered: _, ...store } = troubles.report().counts;
	return {
		messages: relay.notPassedOn > 0 ? { ...refused, 'not-passed-on': relay.notPassedOn } : refused,
		store
	};
}

const ILL: readonly Command['state'][] = ['failed', 'timed-out', 'expired', 'unknown'];

/** @param sinceMs those asked before are known, and not told of again */
function commandHealth(all: readonly Command[], sinceMs: number): CommandHealth {
	const commands = all.filter(({ settledMs, createdMs }) => (settledMs ?? createdMs) >= sinceMs);
	const counts: Partial<Record<Command['state'], number>> = {};
	for (const { state } of commands) counts[state] = (counts[state] ?? 0) + 1;
	const failures = commands
		.filter(({ state }) => ILL.includes(state))
		.slice(0, MAX_FAILURES)
		.map(({ device, method, state, error, settledMs, createdMs }) => ({
			...{ atMs: settledMs ?? createdMs, device, method, state },
			message: error?.message.slice(0, 120) ?? ''
		}));
	return { counts, failures };
}
