export { default as Console } from './Console.svelte';
