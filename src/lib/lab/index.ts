export * from './board';
export type { FirmwareFault } from './firmware-exports';
export type { CreateError, DeviceLogLine, DevicePublish } from './firmware-instance';
export * from './flash';
export * from './virtual-device';
export * from './virtual-device-host';
export * from './lab-store';
