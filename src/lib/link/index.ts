export * from './loopback';
export * from './loopback-messages';
export * from './message-link';
export * from './mqtt/address';
export * from './mqtt/connector';
export * from './mqtt/mqttjs-connector';
export * from './mqtt/session';
