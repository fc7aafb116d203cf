export { type App, createApp, getApp, setApp } from './app.svelte';
export * from './device-views.svelte';
export { IntakeView } from './field-views.svelte';
export * from './local-broker';
export { SPARK_SPAN_MS, SparkSeries } from './spark-series.svelte';
export * from './links';
