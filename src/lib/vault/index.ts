export { OPEN_TABLES } from './keep';
export type { DumpedTable, Keep, KeepChange, KeepError, KeepTable, OpenKeepResult, OpenTable } from './keep';
export { memoryKeep, memoryRows } from './memory';
export { openKeep, type OpenKeepOptions } from './open-keep';
export type { Rows } from './rows';
export type { OpenSecretError, PutSecretError, SecretBox } from './secret-box';
export type { SecretRow } from './secret-row';
