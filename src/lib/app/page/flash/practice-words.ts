import { BOARD_CHIPS, CHIP_MAKES, usbsOf, type BoardFault, type BoardMake, type BoardUsb } from '$lib/lab';

/** What a fault is called, and what it does to whoever uses the board. */
export const FAULT_WORDS: Readonly<Record<BoardFault, { readonly name: string; readonly does: string }>> = {
	drops: { name: 'Loses bytes', does: 'One byte in 30,000 does not arrive, either way.' },
	flips: { name: 'Turns bits', does: 'One byte in 30,000 arrives with a wrong bit, either way.' },
	late: { name: 'Answers late', does: 'One answer in 40 comes more than half a second late.' },
	'brown-out': {
		name: 'Weak supply',
		does: 'The voltage drops in the middle of a write, and each time a program has started.'
	},
	'slips-out': { name: 'Loose plug', does: 'The cable slips out at the fourth block of a write.' },
	'stub-not-taken': {
		name: 'Refuses the stub',
		does: 'Its memory does not take the small program that a flasher brings along.'
	},
	'stub-does-not-run': { name: 'Stub does not start', does: 'That program is taken, and never answers.' },
	'worn-flash': { name: 'Worn flash', does: '32 bytes at 0x18000 read as zeros, whatever is written.' },
	'charge-only': {
		name: 'Cable that only charges',
		does: 'The board has power and says nothing. (A real one would not even be in the list of ports.)'
	},
	'no-auto-reset': {
		name: 'No automatic reset',
		does: 'DTR and RTS lead nowhere: hold BOOT and tap EN by hand.'
	},
	floods: { name: 'Program that floods', does: 'What runs on it writes without a pause.' }
};

export const USB_WORDS: Readonly<Record<BoardUsb, { readonly name: string; readonly short: string }>> = {
	bridge: { name: 'USB bridge (CP2102)', short: 'USB bridge' },
	native: { name: 'The chip’s own USB', short: 'its own USB' }
};

export const flashWords = (bytes: number): string => `${bytes >> 20} MB`;

/** Chips with the flashes that they come with, as a list to choose from. */
export const CHIP_CHOICES: readonly { readonly value: string; readonly words: string }[] =
	BOARD_CHIPS.flatMap((chip) =>
		CHIP_MAKES[chip].flashes.map((flashBytes) => ({
			value: `${chip}/${flashBytes}`,
			words: `${chip}, ${flashWords(flashBytes)}${CHIP_MAKES[chip].hasWifi ? '' : ', no Wi-Fi'}`
		}))
	);

/** @param choice a value of CHIP_CHOICES @param usb as wished: a chip without a USB of its own has a bridge */
export function makeOf(choice: string, usb: BoardUsb): BoardMake | undefined {
	const [name, flash] = choice.split('/');
	const chip = BOARD_CHIPS.find((each) => each === name);
	if (!chip) return undefined;
	return { chip, flashBytes: Number(flash), usb: usbsOf(chip).includes(usb) ? usb : 'bridge' };
}
