import { portErrorWords } from '$lib/link/view';
import type { Words } from '$lib/ui';
import type { FlashError } from '../facts';
import { hexAddress } from './strip';

/** Words of a trouble with a board, and whether the drawing of its BOOT button helps. */
export interface BoardWords extends Words {
	readonly drawBoot: boolean;
}

type Heard = Extract<FlashError, { kind: 'no-answer' }>['heard'];

const HEARD = {
	nothing: {
		what: 'The board does not answer',
		means:
			'Not one byte came back. The port is there, but the chip behind it is not in download mode, or this is another port.',
		todo: 'Bring it into download mode by hand, as drawn, and try again. If it stays silent: another cable, another USB socket.'
	},
	noise: {
		what: 'What comes back is noise',
		means:
			'Bytes arrive and make no sense. Usually it is the cable or a hub, or a program that talks at another speed.',
		todo: 'Plug the board straight into the computer with a short cable. If it goes on, bring it into download mode by hand, as drawn.'
	},
	'boot-log': {
		what: 'The board runs its program instead of listening',
		means:
			'Its own log is heard, so cable and port are right. The cable’s signals do not reach its reset and BOOT pins, as on some small boards.',
		todo: 'Bring it into download mode by hand, as drawn, and try again.'
	}
} as const satisfies Record<Heard, Omit<Words, 'details'>>;

const AGAIN = 'Flash again. The board’s ROM cannot be harmed by this, so nothing is lost but the time.';

/** What happened, what it means and what to do, for every way in which a board fails the flasher. */
export function flashErrorWords(error: FlashError): BoardWords {
	switch (error.kind) {
		case 'port-busy':
		case 'held':
		case 'unplugged':
		case 'permission':
		case 'failed':
			return { ...portErrorWords(error), drawBoot: false };
		case 'not-back':
			return {
				what: 'The board left the USB and did not come back',
				means:
					'Its chip is its own USB device, so it goes with every restart and comes back within seconds. This time it did not, or as a device that this page was never allowed to use.',
				todo: 'If it is plugged in, choose its port anew: it may have another name now. If that does not help, hold BOOT while you plug it in.',
				drawBoot: true
			};
		case 'no-answer':
			return { ...HEARD[error.heard], drawBoot: true };
		case 'verify-failed':
			return {
				what: 'The flash did not keep what was written',
				means: `What the chip reads back at ${hexAddress(error.offsetBytes)} is not what was sent, so this is no success.`,
				todo: AGAIN,
				details: `MD5 differs for the region at ${hexAddress(error.offsetBytes)}`,
				drawBoot: false
			};
		case 'block-failed':
			return {
				what: 'A block did not get through',
				means: `The block at ${hexAddress(error.offsetBytes)} was sent ${error.attempts} times and never confirmed. Usually it is the cable or a hub.`,
				todo: `Plug the board straight into the computer with a short cable. ${AGAIN}`,
				drawBoot: false
			};
		case 'read-failed':
			return {
				what: 'The flash cannot be read whole',
				means: `From ${hexAddress(error.offsetBytes)} on, ${error.attempts} attempts brought no piece that was sound. Usually it is the cable or a hub.`,
				todo: 'Plug the board straight into the computer with a short cable, and read again. The board is as it was.',
				drawBoot: false
			};
		case 'read-unsteady':
			return {
				what: 'The flash does not read the same twice',
				means: `What the chip digests from ${hexAddress(error.offsetBytes)} on is not what it sent before: it was written meanwhile, or its cells or its supply give way.`,
				todo: 'Read again. If it stays so, what the board holds cannot be trusted.',
				drawBoot: false
			};
		case 'other-board':
			return {
				what: 'Another board answers',
				means: `${error.expected} was meant, and this is ${error.found}. Nothing was written to it.`,
				todo: 'Plug the first one in again, or choose the board anew and look at its own plan.',
				drawBoot: false
			};
		case 'secure-download':
			return {
				what: `This ${error.chip} is in secure download mode`,
				means:
					'Whoever owns it has locked it for good: what is written to it cannot be read back, so nobody could say whether it is right. Nothing was written.',
				todo: 'Flash it with the tools and the key of its owner, or take another board: the lock cannot be undone.',
				details: `${error.chip}; secure boot ${onOff(error.secureBoot)}, flash encryption ${onOff(error.flashEncryption)}. Its MAC address and flash are not told in this mode.`,
				drawBoot: false
			};
		case 'no-stub':
			return {
				what: `This ${error.chip} is too new for this page`,
				means:
					'It answers, but Espressif has published no flashing program for it yet, and without one nothing that is written could be checked. Nothing was written.',
				todo: 'Reload the page later: a newer version may know it. Until then Espressif’s own esptool can write to it.',
				details: [error.chip, error.revision, error.mac].filter(Boolean).join(', '),
				drawBoot: false
			};
		case 'unsupported-chip':
			return {
				what: 'This chip is none that this page knows',
				means:
					'Something answers like an Espressif chip, but says it is of a kind that came later, or something else.',
				todo: 'Reload the page; a newer version may know it.',
				details: error.cause,
				drawBoot: false
			};
		case 'stub-failed':
			return {
				what: 'The chip answers, but its flashing program does not start',
				means:
					'The ROM took it and did not run it: usually a line that loses bytes, or a supply that gives way.',
				todo: 'Pull the cable, plug it in again, and try again, on another USB socket if it goes on.',
				details: error.cause,
				drawBoot: true
			};
	}
}

const onOff = (on: boolean): string => (on ? 'on' : 'off');
