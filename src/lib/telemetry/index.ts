export { DEFAULT_LIMITS, KEEP_ALL } from './limits';
export type { Refused, RefusedPart } from './refused';
export type { MetricClass, Retention } from './retention';
export { OutlivedTally, type Outlived } from './outlived';
export { openTelemetryStore, resetTelemetry } from './open';
export {
	Backfill,
	type BackfillFault,
	type BackfillPage,
	type BackfillView,
	type LogRange
} from './backfill';
export {
	MAX_ANNOTATION_CHARS,
	MAX_VIEW_NAME_CHARS,
	parseAnnotation,
	parseSavedView,
	type Annotation,
	type SavedView
} from './annotation';
export { CLOCK_QUALITIES, sampleColumns, type BulkSource, type SampleColumns } from './sample-columns';
export type { Gap } from './ledger';
export * from './store';
export { asideText } from './transfer/aside-text';
export { mappingFault, readRow, type ForeignForm, type RowForm } from './transfer/foreign-csv';
export { describeTable, type ForeignTable } from './transfer/foreign-table';
export { TIME_FORMS, type TimeForm, type TimeZoneTaken } from './transfer/foreign-time';
export * from './transfer/import-samples';
export type { LineFault } from './transfer/read-sample';
export { sniffFile, type Sniffed } from './transfer/sniff';
export { DELIMITERS, type Delimiter, type TableHead } from './transfer/text-table';
export * from './transfer/text-rows';
export { titleMetric } from './transfer/title-metric';
export {
	buildStore,
	databaseInUse,
	dropUnused,
	parseSnapshotPart,
	SNAPSHOT_VERSION,
	type SnapshotPart,
	type StorePart
} from './backup/restore';
export { SnapshotMoved } from './backup/snapshot';
export { samplesIn } from './codec/block';
export { askToPersist, DatabaseBlocked } from './place';
export { copyMemory, type CopyMemory } from './copy/copy-memory';
export type { CopyStatus, CopyTrouble } from './copy/copy-status';
export type { CopyFolder, CopyPlace, PickedDirectory } from './copy/folder';
export { opfsFolder } from './copy/opfs-folder';
export { pickedFolder } from './copy/picked-folder';
export { SecondCopy } from './copy/second-copy';
