export * from './command';
export * from './device-id';
export * from './display-name';
export * from './link';
export * from './metric';
export * from './sample';
