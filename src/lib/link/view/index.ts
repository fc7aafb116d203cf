export * from './port-words';
export * from './problem-words';
export * from './session-line';
