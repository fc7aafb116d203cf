import { MAX_SPAN_MS, MIN_SPAN_MS } from '$lib/ui';

/** Against which earlier time a window is held. */
export const COMPARISONS = ['off', 'previous', 'day', 'week', 'year'] as const;
export type Comparison = (typeof COMPARISONS)[number];

/** Which series is drawn beside a chart's own. */
export interface SeriesChoice {
	readonly metric: string;
	/** Another device's id; undefined is the device that is looked at. */
	readonly device: string | undefined;
}

/** Of which time. */
export type HistoryTime =
	/** The newest so many ms, moving with the clock. */
	| { readonly kind: 'last'; readonly spanMs: number }
	/** ms since the epoch; toMs is after fromMs. */
	| { readonly kind: 'between'; readonly fromMs: number; readonly toMs: number };

/** All that decides what a history page shows: what the address bar keeps, and a saved view. */
export interface HistoryQuery {
	readonly time: HistoryTime;
	readonly compare: Comparison;
	/** Metric of a chart → what is drawn beside it. */
	readonly beside: Readonly<Record<string, readonly SeriesChoice[]>>;
	/** The metrics whose charts are shown; undefined is all of them. */
	readonly only: readonly string[] | undefined;
}

const HOUR_MS = 3_600_000;
export const USUAL_QUERY: HistoryQuery = {
	time: { kind: 'last', spanMs: HOUR_MS },
	compare: 'off',
	beside: {},
	only: undefined
};
/** Beside a chart's own; more cannot be told apart. */
export const MOST_BESIDE = 5;
const MOST_NAMES = 64;

/** Total: what an address says that cannot be is as if it were not said. */
export function parseHistoryQuery(text: string): HistoryQuery {
	const params = new URLSearchParams(text);
	const compare = COMPARISONS.find((one) => one === params.get('compare')) ?? 'off';
	const only = [...new Set(params.getAll('only'))].filter(Boolean).slice(0, MOST_NAMES);
	const beside = Object.create(null) as Record<string, readonly SeriesChoice[]>;
	for (const pair of params.getAll('beside').slice(0, MOST_NAMES)) {
		const [chart, metric, device] = pair.split('~').map(unescaped);
		const before = chart ? (beside[chart] ?? []) : [];
		if (!chart || !metric || before.length >= MOST_BESIDE) continue;
		const choice: SeriesChoice = { metric, device: device === '' ? undefined : device };
		if (!before.some((one) => sameChoice(one, choice))) beside[chart] = [...before, choice];
	}
	return { time: parseTime(params), compare, beside, only: only.length > 0 ? only : undefined };
}

/** The shortest text that `parseHistoryQuery` reads as the same; '' where nothing differs from the usual. */
export function historyQueryText({ time, compare, beside, only }: HistoryQuery): string {
	const params = new URLSearchParams();
	if (time.kind === 'between') {
		params.set('from', new Date(time.fromMs).toISOString());
		params.set('to', new Date(time.toMs).toISOString());
	} else if (time.spanMs !== HOUR_MS) params.set('last', String(Math.round(time.spanMs) / 1000));
	if (compare !== 'off') params.set('compare', compare);
	for (const [chart, choices] of Object.entries(beside))
		for (const { metric, device } of choices)
			params.append(
				'beside',
				[chart, metric, ...(device === undefined ? [] : [device])].map(escaped).join('~')
			);
	for (const metric of only ?? []) params.append('only', metric);
	return params.toString();
}

export const sameChoice = (a: SeriesChoice, b: SeriesChoice): boolean =>
	a.metric === b.metric && a.device === b.device;

/** What the parser takes for a separator. */
const escaped = (text: string): string => text.replaceAll('%', '%25').replaceAll('~', '%7E');
const unescaped = (text: string): string => text.replaceAll('%7E', '~').replaceAll('%25', '%');

function parseTime(params: URLSearchParams): HistoryTime {
	const fromMs = Date.parse(params.get('from') ?? '');
	const toMs = Date.parse(params.get('to') ?? '');
	const fits = (spanMs: number) => spanMs >= MIN_SPAN_MS && spanMs <= MAX_SPAN_MS;
	if (fits(toMs - fromMs)) return { kind: 'between', fromMs, toMs };
	const spanMs = Math.round(Number(params.get('last') ?? NaN) * 1000);
	return fits(spanMs) ? { kind: 'last', spanMs } : USUAL_QUERY.time;
}
