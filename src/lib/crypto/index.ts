export * from './aead';
export * from './hkdf';
