export * from './compressor';
export * from './facts';
export * from './flasher';
export * from './guard';
export * from './plan';
