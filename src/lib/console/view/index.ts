export { default as Console } from './Console.svelte';
export * from './download';
