export * from './decode-batch';
export * from './envelope';
export * from './fragments';
export * from './samples';
export * from './plain-samples';
export * from './plain-values';
export * from './shared-secret';
