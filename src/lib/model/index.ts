export * from './believed-time';
export * from './command';
export * from './device-id';
export * from './display-name';
export * from './foreign-id';
export * from './link';
export * from './metric';
export * from './sample';
