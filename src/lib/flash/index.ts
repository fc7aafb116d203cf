export * from './compressor';
export type { ChipOpener, OpenChip } from './esptool-adapter';
export * from './facts';
export * from './flasher';
export * from './guard';
export * from './plan';
export { isUsbJtag } from './reset';
export * from './sources';
export * from './worker-compressor';
