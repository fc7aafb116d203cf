export * from './aead';
export * from './device-keys';
export * from './hkdf';
export * from './message-auth';
export * from './passphrase';
export * from './receive-window';
