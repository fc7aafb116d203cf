export * from './board';
export type { FirmwareFault } from './firmware-exports';
export * from './board-imports';
export type { CreateError, DeviceLogLine, DeviceOptions, DevicePublish } from './firmware-instance';
export * from './flash';
export * from './virtual-device';
export * from './virtual-device-host';
export type { IdbSparseFlash } from './idb-sparse-flash';
export * from './lab-store';
