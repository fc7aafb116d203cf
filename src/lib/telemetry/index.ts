export * from './store';
export { DEFAULT_LIMITS } from './limits';
