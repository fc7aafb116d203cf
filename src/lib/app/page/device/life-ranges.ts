export const HOUR_MS = 3_600_000;

/** How far back a device's life is looked at. */
export const LIFE_RANGES = [
	{ value: 'day', label: '24 hours', ms: 24 * HOUR_MS },
	{ value: 'week', label: '7 days', ms: 7 * 24 * HOUR_MS },
	{ value: 'month', label: '30 days', ms: 30 * 24 * HOUR_MS }
] as const;
export type LifeRange = (typeof LIFE_RANGES)[number]['value'];
