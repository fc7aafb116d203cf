import type { Retention } from '$lib/telemetry';

/** How long what is kept, as a person chooses it: null is for ever, or as much as the browser allows. */
export interface RetentionPlan {
	/** Days that samples of measurements are kept; after them minutes, quarters, hours and days of them stay. */
	readonly samplesDays: number | null;
	/** The same of what a device says of itself: signal, uptime. */
	readonly diagnosticDays: number | null;
	/** Days after which nothing stays. */
	readonly rollupsDays: number | null;
	readonly maxBytes: number | null;
}

export const FOR_EVER: RetentionPlan = {
	samplesDays: null,
	diagnosticDays: null,
	rollupsDays: null,
	maxBytes: null
};

const DAY_MS = 86_400_000;
const days = (n: number | null): number => (n === null ? Infinity : n * DAY_MS);

export function retentionOf({
	samplesDays,
	diagnosticDays,
	rollupsDays,
	maxBytes
}: RetentionPlan): Retention {
	return {
		samplesMs: { measurement: days(samplesDays), diagnostic: days(diagnosticDays) },
		rollupsMs: days(rollupsDays),
		maxBytes: maxBytes ?? Infinity
	};
}

const isBound = (value: unknown): value is number | null =>
	value === null || (typeof value === 'number' && Number.isFinite(value) && value > 0);

/** As it lies in the keep, or undefined where it is none. */
export function parseRetention(raw: unknown): RetentionPlan | undefined {
	if (typeof raw !== 'object' || raw === null) return undefined;
	const { samplesDays, diagnosticDays, rollupsDays, maxBytes } = raw as Record<string, unknown>;
	return isBound(samplesDays) && isBound(diagnosticDays) && isBound(rollupsDays) && isBound(maxBytes)
		? { samplesDays, diagnosticDays, rollupsDays, maxBytes }
		: undefined;
}
