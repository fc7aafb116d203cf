import { formatNumber } from '$lib/ui';
import type { LabError } from '../lab/messages';

/** Why a virtual device did not come to be: what happened, what to do. */
export function labErrorWords(error: LabError): string {
	switch (error.kind) {
		case 'firmware-missing':
			return `The firmware is not beside this page (the server answered ${error.status}). Build it with “npm run firmware” and reload.`;
		case 'firmware-unreachable':
			return 'The firmware could not be fetched. It is needed once with a network; after that it is kept here.';
		case 'firmware-refused':
			return `This firmware does not run here (${error.fault}). Reload the page; a new version may be waiting.`;
		case 'device-refused':
			return `The firmware did not make the device (${error.fault}). Nothing was kept.`;
		case 'not-stored':
			return `The virtual device could not be stored: ${error.cause}. Free some disk space and try again.`;
		case 'too-many':
			return `This browser runs at most ${formatNumber(error.most)} virtual devices. Remove one first.`;
	}
}
