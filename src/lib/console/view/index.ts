export { default as Console } from './Console.svelte';
export { smallStore } from './console-wishes.svelte';
