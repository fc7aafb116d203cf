export * from './broker-addresses';
export * from './improv-client';
export * from './setup';
export * from './setup-state';
