import type { DeviceSecretError } from '../../field/messages';
import type { SettingsOffer } from './settings-offer';
import type { SettingsBase } from './settings-wish.svelte';

/** Why no settings are written with this firmware, and what to do instead. */
export const NOT_OFFERED = {
	'other-firmware':
		'This firmware keeps its settings in a way of its own, so this page cannot write them ahead. Set it up as its documentation says once it runs; what lies in its NVS can be edited in the inspector.',
	'no-place':
		'Neither this firmware nor the board has a partition for settings (data, nvs). Add the build’s partition table to what is written.',
	encrypted:
		'This firmware keeps its settings encrypted, with a key that only the chip has. Set the board up over the cable once it runs.',
	covered:
		'What is written brings its own settings along, since it fills their place. Set the board up over the cable once it runs.',
	'no-firmware': ''
} as const satisfies Record<Exclude<SettingsOffer['kind'], 'here'>, string>;

/** Why the board's own settings are not known; what is made here takes their place. */
export function unreadWords(why: Extract<SettingsBase, { kind: 'failed' }>['why']): string {
	switch (why) {
		case 'encrypted':
			return 'The board keeps its settings encrypted, under a key that never leaves it: they cannot be read, and what you give here takes their place. A program that expects them encrypted will not read these either.';
		case 'not-nvs':
		case 'bad-size':
		case 'no-spare-page':
			return 'What lies where the board keeps its settings is none, or damaged throughout. What you give here takes its place.';
		default:
			return 'The settings that the board has could not be read. What you give here takes their place: they are lost. To keep them, connect the board anew and try again.';
	}
}

/** The board has its secret already. */
export const SECRET_NOT_KEPT = {
	'no-vault':
		'The board has its secret, but this page cannot keep it: over plain http there is no encryption. Open the page over https or on localhost to command the board.',
	'not-stored':
		'The board has its secret, but this browser did not store it, so this page cannot command the board. Make room in the browser’s storage, and give the board a new secret.',
	'not-a-secret':
		'The board has a secret that is not one of 32 bytes, so this page cannot use it. Give the board a new one.'
} as const satisfies Record<DeviceSecretError['kind'], string>;
