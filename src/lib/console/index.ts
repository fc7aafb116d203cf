export * from './ansi';
export * from './console-log';
export * from './log-text';
export * from './send-history';
