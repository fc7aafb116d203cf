export * from './loopback-messages';
export * from './message-link';
