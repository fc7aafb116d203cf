export type FromLineCharts = { type: 'live' } | { type: 'sample'; timeMs: number; values: readonly number[] };
