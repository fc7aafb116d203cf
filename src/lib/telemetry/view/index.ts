export { backfillWords } from './backfill-words';
export { default as HistoryChart } from './HistoryChart.svelte';
export type * from './history-line';
export type { MetricSource } from './metric-history.svelte';
export * from './notice-words';
export { default as RangeSentence } from './RangeSentence.svelte';
