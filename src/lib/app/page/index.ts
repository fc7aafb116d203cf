export { type App, createApp, getApp, setApp } from './app.svelte';
export * from './device-views.svelte';
export { IntakeView } from './field-views.svelte';
export * from './local-broker';
export type { ThemeChoice } from './theme.svelte';
export * from './links';
