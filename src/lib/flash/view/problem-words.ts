import { type ChipFamily, PRACTICE_FAMILY } from '$lib/formats';
import { formatDateTime, type Words } from '$lib/ui';
import type { PlanProblem } from '../plan-facts';
import { flashSize, hexAddress } from './strip';

/** What is wrong with a plan: what it is, what it means, what to do. */
export function problemWords(problem: PlanProblem): Omit<Words, 'details'> {
	switch (problem.kind) {
		case 'wrong-chip':
			return {
				what: 'This firmware is for another chip',
				means: `${listed(problem.labels)} ${problem.labels.length === 1 ? 'is' : 'are'} made for ${chipName(problem.found)}, and the board has ${chipName(problem.wanted)}. It would not start.`,
				todo: problem.blocking
					? 'Take the build for this chip.'
					: 'You said that you know better: it is written all the same, and the log says so.'
			};
		case 'not-an-image':
			return {
				what: `${problem.label} is no firmware image`,
				means: 'Its first bytes are not what a chip starts from. A web page saved as a file looks like this.',
				todo: 'Choose the .bin file of the build.'
			};
		case 'overlap':
			return {
				what: `${problem.label} and ${problem.other} overlap`,
				means: 'One would be written over the other.',
				todo: 'Correct the offset of one of them.'
			};
		case 'too-big':
			return {
				what: `${problem.label} does not fit`,
				means: `It is ${flashSize(problem.overBytes)} longer than ${problem.place ? `its place, ${problem.place}` : 'the flash of this board'}.`,
				todo: 'Take a smaller build, or another partition table.'
			};
		case 'misaligned':
			return {
				what: `${problem.label} lies off the grid`,
				means: `Flash is erased in sectors of 4 KB, and ${hexAddress(problem.offset)} is in the middle of one.`,
				todo: 'Give it an offset that ends in 000.'
			};
		case 'will-not-run':
			return {
				what: `${problem.label} will not run on the practice board`,
				means:
					'It is real machine code, and the practice board has no such processor: it is kept, shown, and not run.',
				todo: 'Write it to see how that goes, or take the practice firmware to see a board come alive.'
			};
		case 'cut-short':
			return {
				what: `${problem.label} is cut short`,
				means:
					'It begins like a firmware image and ends before its own header says. A download that broke off looks like this.',
				todo: 'Build or download it again.'
			};
		case 'table-beyond-flash':
			return {
				what: `${problem.label} is for a larger flash`,
				means: `It names places up to ${flashSize(problem.overBytes)} beyond the end of the flash on this board.`,
				todo: 'Build for the flash size that this board has.'
			};
		case 'chip-too-old':
			return {
				what: `${problem.label} wants a later chip`,
				means: `It was built for revision ${revision(problem.wants)} or later, and would not start on this one.`,
				todo: 'Build it for the revision that this board has, or take another board.'
			};
		case 'chip-too-new':
			return {
				what: `${problem.label} is for earlier chips`,
				means: `It was built for revisions up to ${revision(problem.allows)}, and the bootloader would not start it on this one.`,
				todo: 'Build it with a version of ESP-IDF that knows the revision of this board.'
			};
		case 'header-flash-size':
			return {
				what: `${problem.label} was built for ${flashSize(problem.saysBytes)} of flash`,
				means:
					'This board has less. Most programs then stop while they start, saying that the detected size is smaller.',
				todo: 'Choose “As large as it is” under “Flash mode, clock and size”, or build for this board.'
			};
		case 'header-setting':
			return {
				what: `“${problem.setting}” is not known`,
				means:
					'The build asks for this flash mode, clock or size, and no header of this chip can say it. That one stays as the image was built.',
				todo: 'Look under “Flash mode, clock and size” whether what is there suits the board.'
			};
		case 'header-locked':
			return {
				what: `The flash header of ${problem.label} stays as it was built`,
				means: `Another mode, clock or size was asked for. ${LOCKED[problem.by]}`,
				todo: 'Go on with the header as it is, or build it with what is wanted.'
			};
		case 'nothing-starts-it':
			return {
				what: `There is no ${MISSING[problem.missing]} for it`,
				means:
					'A chip starts an app by both a bootloader and a partition table. Neither these parts nor the board would have them.',
				todo: `Add the build’s ${MISSING[problem.missing]}, or go on if it is there without a table that can be read.`
			};
		case 'no-app-left':
			return {
				what: 'No program is left on the board',
				means: 'Its program goes with this, and none is written: nothing would start.',
				todo: problem.blocking
					? 'These are settings: write them where the board has its place for settings.'
					: 'Add the app to what is written, or keep what is not written over.'
			};
		case 'no-flash':
			return {
				what: 'The flash of this board does not answer',
				means: 'Its chip hears nothing from it, so nothing can be written.',
				todo: 'Take off what is wired to the flash’s pins and connect again, or use another board.'
			};
		case 'starts-other':
			return {
				what: `${problem.starts} would start, and not what is written`,
				means: `The app goes to ${problem.written}, and the board’s choice is ${problem.starts}.`,
				todo: `Go on if that is what you want, or write the app to ${problem.starts}.`
			};
		case 'not-recognised':
			return {
				what: `${problem.label} is not recognised`,
				means: 'It goes where an app usually lies, and does not begin like one.',
				todo: 'Check that this is the file, and the offset, that you mean.'
			};
		case 'copy-of-other-board':
			return {
				what: 'This was taken from another board',
				means: `It is what ${problem.mac} held on ${formatDateTime(problem.takenMs)}: its Wi-Fi, its broker, its name, and whatever its program bound to its own MAC come with it. Two boards of one name disturb each other.`,
				todo: 'Go on to replace that board, or set this one up anew afterwards.'
			};
		case 'locked-chip':
			return {
				what: LOCKS[problem.by],
				means:
					'What is written here as it is would not start, unless it was made with the key of whoever locked the chip.',
				todo: 'Go on only with images that are signed or encrypted for this chip.'
			};
		case 'hash-wrong':
			return {
				what: `${problem.label} is damaged`,
				means: 'The digest at its end does not fit its bytes. The chip would refuse to start it.',
				todo: 'Build or download it again.'
			};
		case 'settings-nowhere':
			return {
				what: 'There is no place for these settings',
				means: `The table that will be on the board has no settings at ${hexAddress(problem.offset)}: nothing would read them.`,
				todo: 'Make the settings anew for this firmware, or leave them out.'
			};
		case 'settings-unknown':
			return {
				what: 'Nobody knows where the settings are',
				means: 'The board has no partition table that can be read, and so none of it can be spared.',
				todo: 'Choose to erase nothing, or everything.'
			};
		case 'erase-undecided':
			return {
				what: 'Shall it begin like new?',
				means:
					'Another program is on the board. The maker of this one leaves it to you what becomes of the rest.',
				todo: 'Choose below.'
			};
	}
}

const MISSING = { bootloader: 'bootloader', 'partition-table': 'partition table' } as const;
const LOCKS = {
	'secure-boot': 'This chip starts only signed programs',
	'flash-encryption': 'The flash of this chip is encrypted'
} as const;
const LOCKED = {
	'no-image': 'It is not whole, so nothing in it is changed.',
	damaged: 'Its digest is wrong, and a new one would make it look whole.',
	signed: 'It is signed, and one changed byte would void the signature.',
	'secure-boot': 'The chip starts only what is signed, and one changed byte would void the signature.'
} as const;

/** "v0.3" */
export const revision = (full: number): string => `v${Math.floor(full / 100)}.${full % 100}`;

const listed = (names: readonly string[]): string =>
	names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.slice(-1).join('')}`;

export const chipName = (family: ChipFamily): string =>
	family === PRACTICE_FAMILY ? 'the practice board' : `an ${family}`;
