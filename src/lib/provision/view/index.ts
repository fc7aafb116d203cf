export * from './address-words';
export { default as BrokerForm } from './BrokerForm.svelte';
export { default as OnNetwork } from './OnNetwork.svelte';
export { default as SettingsForm } from './SettingsForm.svelte';
export { default as WifiForm } from './WifiForm.svelte';
export * from './settings-words';
export * from './setup-words';
