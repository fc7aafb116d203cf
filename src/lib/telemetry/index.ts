export { DEFAULT_LIMITS } from './limits';
export { openTelemetryStore, resetTelemetry } from './open';
export * from './store';
