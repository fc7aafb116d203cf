import type { Words } from '$lib/ui';
import type { PortError } from '../serial/port';

const HOLDERS = {
	flash: 'Firmware is being written, or the board is being asked who it is.',
	line: 'The console or the setting up of the board uses it.'
} as const;

/** What happened, what it means and what to do, for every way in which a board's port is not ours. */
export function portErrorWords(error: PortError): Words {
	switch (error.kind) {
		case 'port-busy':
			return {
				what: 'The port cannot be opened',
				means: 'Another tab or another program holds it, or this account may not use it.',
				todo: 'Close other serial monitors and other tabs of this page, then try again. On Linux your account must be in the group dialout (or uucp), and a browser from Snap may not reach serial ports.',
				details: error.cause
			};
		case 'held':
			return {
				what: 'This page is using the port',
				means: HOLDERS[error.by],
				todo: 'Wait until it is done, or cancel it there.'
			};
		case 'unplugged':
			return {
				what: 'The board is unplugged',
				means: 'Its port is gone: the cable came out, the board lost power, or its USB restarted.',
				todo: 'Plug it in again. Nothing needs to be chosen anew.'
			};
		case 'permission':
			return {
				what: 'The browser does not let this page use the port',
				means: 'Serial ports were blocked for this site, or by whoever manages this browser.',
				todo: 'Open the site settings beside the address and allow serial ports, then choose the port again.',
				details: error.cause
			};
		case 'failed':
			return {
				what: 'The port did not work',
				means: 'The system refused what was asked of it.',
				todo: 'Unplug the board, plug it in again, and try another cable or USB socket.',
				details: error.cause
			};
	}
}
