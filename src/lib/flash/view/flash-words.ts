import { portErrorWords } from '$lib/link/view';
import type { Words } from '$lib/ui';
import type { FlashError } from '../facts';
import type { Heard } from '../heard';
import { hexAddress } from './strip';

/** Words of a trouble with a board, and whether the drawing of its BOOT button helps. */
export interface BoardWords extends Words {
	readonly drawBoot: boolean;
	/** The system may keep this account from the port: on Linux there is a rule for it. */
	readonly access?: boolean;
}

const HEARD = {
	nothing: {
		what: 'The board does not answer',
		means:
			'Not one byte came back, neither an answer nor a program’s log. The chip is not in download mode, this is another device’s port, or the cable’s data wires are broken: a cable that only charges shows no port at all, a worn one may show it and carry nothing.',
		todo: 'Bring it into download mode by hand, as drawn, and try again. If it stays silent: another cable, another USB socket, and pull the cable to see whether it is this port that vanishes.'
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
	},
	'flash-boot': {
		what: 'The board restarts, but into its program',
		means:
			'The reset works, for its ROM is heard starting from flash. The BOOT pin was not held down meanwhile: on this board the cable does not reach it.',
		todo: 'Hold BOOT down (or join IO0 and GND), as drawn, and try again while you hold it.'
	},
	'download-unheard': {
		what: 'The board waits for a download and does not hear us',
		means:
			'Its ROM says that it is in download mode, but answers nothing: what we send does not arrive. The wire from the computer to its RX pin is open, or something else is joined to that pin.',
		todo: 'Take off what is wired to RX and TX, and check that the adapter’s TX leads to the board’s RX. Then try again.'
	},
	'brown-out': {
		what: 'The board’s supply gives way',
		means:
			'Its brown-out detector is heard again and again: the voltage falls as soon as it works, and the chip restarts. A thin or long cable, a hub, or what else is fed by the board.',
		todo: 'Use a short cable straight into the computer or a hub with its own supply, and take off motors, LEDs and sensors. Then try again.'
	},
	'boot-loop': {
		what: 'The board restarts over and over',
		means:
			'Its program crashes or hangs soon after each start, and the chip is never quiet for long enough to listen.',
		todo: 'Hold BOOT down while you plug it in, as drawn, so that the program does not start. Then flash one that works.'
	}
} as const satisfies Record<Heard, Omit<Words, 'details'>>;

/** Where a hand at BOOT helps. */
const DRAWN: ReadonlySet<Heard> = new Set(['nothing', 'noise', 'boot-log', 'flash-boot', 'boot-loop']);

const AGAIN =
	'Flash again. The board’s ROM, which takes a new program at any time, cannot be harmed by this.';

/** What happened, what it means and what to do, for every way in which a board fails the flasher. */
export function flashErrorWords(error: FlashError): BoardWords {
	switch (error.kind) {
		case 'port-busy':
		case 'held':
		case 'unplugged':
		case 'permission':
		case 'failed':
			return {
				...portErrorWords(error),
				drawBoot: false,
				access: error.kind === 'port-busy' || error.kind === 'permission'
			};
		case 'not-back':
			return {
				what: 'The board left the USB and did not come back',
				means:
					'Its chip is its own USB device, so it goes with every restart and comes back within seconds. This time it did not, or as a device that this page was never allowed to use.',
				todo: 'If it is plugged in, choose its port anew: it may have another name now. If that does not help, hold BOOT while you plug it in.',
				drawBoot: true
			};
		case 'no-answer':
			return { ...HEARD[error.heard], drawBoot: DRAWN.has(error.heard) };
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
					'The ROM answers, but the program that writes did not get through whole or did not start: usually a line that loses bytes, or a supply that gives way.',
				todo: 'Pull the cable, plug it in again with a short one, straight into the computer, and try again.',
				details: error.cause,
				drawBoot: true
			};
	}
}

const onOff = (on: boolean): string => (on ? 'on' : 'off');
