import { connectField } from '$lib/app/field/client';
import type { BrokerProfile } from '$lib/app/field/messages';
import type { BackfillView, SeriesKey } from '$lib/telemetry';

/** What a test asks of a page: the product's own field worker, without a screen. */
export interface FieldPage {
	/** Saves the broker and connects; it is remembered, as a person's choice is. */
	connect(url: string): Promise<void>;
	/** Resolves when the session is live. */
	live(): Promise<void>;
	/** Who answers this page now. */
	role(): 'shared' | 'leader' | 'follower' | undefined;
	backfill(series: SeriesKey): BackfillView | undefined;
	/** [time in ms, value] of each sample there is, and how many lie at one time. */
	points(series: SeriesKey, metric: string): Promise<{ points: [number, number][]; most: number }>;
}

declare global {
	interface Window {
		fieldPage: FieldPage;
	}
}

const life = new AbortController();
const field = connectField({ signal: life.signal });
const fillings = new Map<string, BackfillView>();
let role: ReturnType<FieldPage['role']>;
field.watch('role', null, (hello) => (role = hello.role), life.signal);

window.fieldPage = {
	async connect(url) {
		const profile: BrokerProfile = {
			...{ id: 'b', name: 'Broker', url, username: '', hasPassword: false, protocol: 'auto' },
			...{ keepaliveS: 5, persistentSession: false, local: false }
		};
		const saved = await field.call('saveBroker', { profile });
		if (!saved.ok) throw new Error(saved.error.kind);
		await field.call('connect', { id: profile.id });
	},
	live() {
		const end = new AbortController();
		return new Promise((resolve) => {
			field.watch(
				'session',
				null,
				(state) => {
					if (state.kind !== 'live') return;
					queueMicrotask(() => end.abort());
					resolve();
				},
				end.signal
			);
		});
	},
	role: () => role,
	backfill(series) {
		const key = `${series.provenance}/${series.device}`;
		if (!fillings.has(key)) field.watch('backfill', series, (view) => fillings.set(key, view), life.signal);
		return fillings.get(key);
	},
	async points(series, metric) {
		const points: [number, number][] = [];
		let most = 0;
		const nowMs = Date.now();
		// No more samples than buckets: each stands alone.
		const STEP_MS = 60_000;
		for (let fromMs = nowMs - 30 * STEP_MS; fromMs < nowMs + STEP_MS; fromMs += STEP_MS) {
			const query = { ...series, metric, fromMs, toMs: fromMs + STEP_MS, buckets: 10_000 };
			const { timeMs, avg, count } = await field.call('range', query);
			timeMs.forEach((at, i) => {
				points.push([at, avg[i] ?? Number.NaN]);
				most = Math.max(most, count[i] ?? 0);
			});
		}
		return { points, most };
	}
};
