export { DEFAULT_LIMITS } from './limits';
export { openTelemetryStore, resetTelemetry } from './open';
export {
	Backfill,
	type BackfillFault,
	type BackfillPage,
	type BackfillView,
	type LogRange
} from './backfill';
export type { Gap } from './ledger';
export * from './store';
