export * from './problem-words';
export * from './session-line';
