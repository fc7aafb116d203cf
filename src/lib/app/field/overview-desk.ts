import type { Clock } from '$lib/base';
import type { AlertBook } from '$lib/device';
import type { Backfill } from '$lib/telemetry';
import { Coalescer } from './coalescer';
import type { AlertsSnapshot, CoreHandlers, HistoryHoles, OverviewReport } from './messages';
import type { MinuteCounts } from './minute-counts';
import { Watchers } from './watchers';

/** A screen that is looked at is told anew so often; nothing is counted for a screen that is not. */
const REPORT_MS = 1000;
const ALERTS_MS = 100;
const MOST_REFUSED = 3;

export interface OverviewParts {
	readonly clock: Clock;
	readonly alerts: AlertBook;
	readonly minutes: MinuteCounts;
	readonly backfill: Pick<Backfill, 'unfinished'>;
}

/** What is told of all devices together: alerts, traffic, and holes that are being filled. */
export class OverviewDesk {
	readonly #alerts = new Watchers<AlertsSnapshot>();
	readonly #reports = new Watchers<OverviewReport>();
	readonly #alertsDue: Coalescer;
	#cancelTick: (() => void) | undefined;

	constructor(private readonly parts: OverviewParts) {
		this.#alertsDue = new Coalescer(
			parts.clock,
			() => ALERTS_MS,
			() => this.#alerts.tell(this.#alertsNow())
		);
	}

	/** The alert book has changed. */
	alertsChanged(): void {
		if (this.#alerts.size > 0) this.#alertsDue.mark();
	}

	readonly calls: Pick<CoreHandlers['calls'], 'acknowledgeAlerts'> = {
		acknowledgeAlerts: ({ ids, known }) => this.parts.alerts.acknowledge(ids, known)
	};

	readonly feeds: Pick<CoreHandlers['feeds'], 'alerts' | 'overview'> = {
		alerts: (_, emit, signal) => this.#alerts.add(emit, signal, this.#alertsNow()),
		overview: (_, emit, signal) => {
			this.#reports.add(emit, signal, this.#report());
			this.#tick();
		}
	};

	stop(): void {
		this.#alertsDue.stop();
		this.#cancelTick?.();
	}

	#tick(): void {
		this.#cancelTick ??= this.parts.clock.after(REPORT_MS, () => {
			this.#cancelTick = undefined;
			if (this.#reports.size === 0) return;
			this.#reports.tell(this.#report());
			this.#tick();
		});
	}

	#report(): OverviewReport {
		return { traffic: this.parts.minutes.whole(), history: holesOf(this.parts.backfill.unfinished()) };
	}

	#alertsNow(): AlertsSnapshot {
		return { alerts: this.parts.alerts.list(), dropped: this.parts.alerts.dropped };
	}
}

function holesOf(unfinished: ReturnType<Backfill['unfinished']>): HistoryHoles {
	const lacking = unfinished.filter(({ missing }) => missing > 0);
	return {
		missing: lacking.reduce((sum, { missing }) => sum + missing, 0),
		lost: unfinished.reduce((sum, { lost }) => sum + lost, 0),
		devices: lacking.length,
		asked: lacking.filter(({ state }) => state === 'filling').length,
		refused: lacking
			.filter(({ state }) => state === 'refused')
			.slice(0, MOST_REFUSED)
			.map(({ device, provenance, missing }) => ({ device, provenance, missing }))
	};
}
