export * from './device';
export * from './device-api';
export * from './outbox';
export * from './profiles';
export * from './registry';
export * from './rpc';
export * from './shelf';
