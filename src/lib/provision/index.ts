export * from './improv-client';
export * from './setup-state';
