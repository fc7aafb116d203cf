export * from './decode-batch';
export * from './envelope';
export * from './fragments';
export * from './samples';
