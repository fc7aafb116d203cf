import type { AppImage, OtaState } from '$lib/formats';
import type { Words } from '$lib/ui';
import type { BootChoice, CheckFault, Holding, TableFault } from '../../inspect';
import { flashErrorWords } from '../flash-words';
import { flashSize } from '../strip';

/** What lies in a partition, in a line. */
export function holdingWords(holding: Holding | undefined): string {
	switch (holding?.kind) {
		case undefined:
			return 'Being looked at…';
		case 'empty':
			return holding.whole ? 'Empty' : 'Empty, as far as its first 8 KB tell';
		case 'app': {
			const { descriptor, family } = holding.head;
			const name = descriptor
				? `${descriptor.project} ${descriptor.version}`
				: 'An app without a description';
			return `${name}, for ${family === 'FIELDBENCH-VIRTUAL' ? 'practice boards' : (family ?? 'an unknown chip')}`;
		}
		case 'nvs': {
			const { entries, damage } = holding.contents;
			const bad = damage.length > 0 ? `, ${counted(damage.length, 'damaged place', 'damaged places')}` : '';
			return `${counted(entries.length, 'setting', 'settings')}${bad}`;
		}
		case 'nvs-locked':
			return 'Settings that cannot be read: encrypted, or badly damaged';
		case 'otadata':
			return 'Which slot starts: see below';
		case 'littlefs':
			return 'LittleFS. Files can be looked at in a later version.';
		case 'spiffs':
			return 'SPIFFS. Files can be looked at in a later version.';
		case 'fat':
			return 'FAT. Files can be looked at in a later version.';
		case 'coredump':
			return `A core dump of ${flashSize(holding.lengthBytes)}`;
		case 'no-coredump':
			return 'No core dump';
		case 'unknown':
			return 'Bytes that are none of the formats known here';
		case 'beyond-flash':
			return 'Beyond the end of this flash';
		case 'unreadable':
			return `Could not be read: ${flashErrorWords(holding.error).what}`;
	}
}

export const counted = (n: number, one: string, many: string): string => `${n} ${n === 1 ? one : many}`;

/** What is wrong with a table. */
export function tableFaultWords(fault: TableFault): Words {
	switch (fault.kind) {
		case 'refused':
			return refusedWords(fault.fault);
		case 'overlap':
			return {
				what: `“${fault.label}” and “${fault.other}” overlap`,
				means: `They share ${flashSize(fault.bytes)}: what is written to one damages the other.`,
				todo: 'Flash a partition table in which each has a place of its own.'
			};
		case 'beyond-flash':
			return {
				what: `“${fault.label}” ends beyond the flash`,
				means: `${flashSize(fault.overBytes)} of it are not there. The bootloader refuses such a table.`,
				todo: 'Flash a build that was made for this flash size.'
			};
		case 'misaligned':
			return {
				what: `“${fault.label}” begins off its grid`,
				means: `Such a partition begins at a multiple of ${flashSize(fault.alignBytes)}; the chip cannot map or erase it alone.`,
				todo: 'Flash a partition table whose offsets are multiples of that.'
			};
		case 'over-table':
			return {
				what: `“${fault.label}” lies over the bootloader or this table`,
				means: 'Writing to it would damage what starts the chip.',
				todo: 'Flash a partition table whose first partition begins at 0x9000 or later.'
			};
		case 'same-label':
			return {
				what: `Two partitions are called “${fault.label}”`,
				means: 'A program that asks for one by its name gets the first.',
				todo: 'Flash a partition table in which each has a name of its own.'
			};
		case 'no-app':
			return {
				what: 'No partition is for an app',
				means: 'The bootloader has nothing that it could start.',
				todo: 'Flash a build that brings its own partition table.'
			};
		case 'no-otadata':
			return {
				what: `${fault.slots} app slots, and nothing that says which starts`,
				means: 'Without an otadata partition the first one starts, and updates over the air are never used.',
				todo: 'Flash a partition table with an otadata partition of 8 KB.'
			};
	}
}

function refusedWords(fault: Extract<TableFault, { kind: 'refused' }>['fault']): Words {
	const todo = 'Flash a build that brings its partition table, or go back and choose a firmware.';
	switch (fault.kind) {
		case 'not-a-table':
			return {
				what: 'There is no partition table here',
				means:
					'Nothing that holds stands at 0x8000, where ESP-IDF and Arduino keep it, nor at the other usual places. The board is empty, was erased, or its project keeps the table elsewhere.',
				todo: 'Go back and flash a firmware: it brings a table. Or give the table’s address there, under Board. The bytes can be looked at all the same.'
			};
		case 'md5-wrong':
			return {
				what: 'The table’s own MD5 is wrong',
				means: `The ${counted(fault.row, 'row', 'rows')} before it are shown as they stand, and one of them was damaged. The bootloader refuses the table, so nothing starts.`,
				todo
			};
		case 'bad-row':
			return {
				what: `Row ${fault.row + 1} of the table is damaged`,
				means: `It begins with 0x${fault.magic.toString(16)} and not as a row does. What stands before it is shown; the bootloader refuses the table.`,
				todo
			};
		case 'no-end':
			return {
				what: 'The table has no end',
				means: 'All its 96 rows are taken and none ends it, so the bootloader refuses it.',
				todo
			};
		case 'too-short':
			return {
				what: 'The table is cut short',
				means: `Only ${fault.lengthBytes} bytes of it could be read.`,
				todo: 'Look again.'
			};
	}
}

/** Which app starts next, and why, in two sentences. */
export function bootWords({ starts, reason, passedOver }: BootChoice): string {
	const over =
		passedOver.length > 0
			? ` ${passedOver.map(({ label }) => `“${label}”`).join(', ')} would come first and ${passedOver.length === 1 ? 'holds' : 'hold'} no image.`
			: '';
	if (!starts) return `Nothing can start: no slot holds an image.${over}`;
	const name = `“${starts.label}” starts next`;
	switch (reason.kind) {
		case 'no-otadata':
			return `${name}: the table has no otadata, so the first app that is there is taken.${over}`;
		case 'no-record':
			return `${name}: neither record of otadata counts, as on a board that was never updated over the air.${over}`;
		case 'record':
			return `${name}: record ${reason.sector + 1} of otadata has the highest number that counts, ${reason.sequence}, and is ${OTA_STATES[reason.state].word}. ${OTA_STATES[reason.state].means}${over}`;
	}
}

/** States of an otadata record. */
export const OTA_STATES: Readonly<Record<OtaState, { readonly word: string; readonly means: string }>> = {
	new: {
		word: 'new',
		means: 'It was written by an update and has not run yet; where rollback is on, it must confirm itself.'
	},
	'pending-verify': {
		word: 'on trial',
		means: 'If it restarts before it confirms itself, the bootloader goes back to the other slot.'
	},
	valid: { word: 'confirmed', means: 'Its program has said that it works.' },
	invalid: { word: 'invalid', means: 'Its program has said that it does not work: it is passed over.' },
	aborted: { word: 'aborted', means: 'It restarted before it confirmed itself: it is passed over.' },
	undefined: { word: 'without a state', means: 'Rollback is not in use, so nothing has to be confirmed.' },
	unknown: { word: 'in an unknown state', means: 'The number that stands there is none that ESP-IDF has.' }
};

/** What came of a check of a whole image. */
export function checkedWords(image: AppImage): { readonly good: boolean; readonly text: string } {
	const size = flashSize(image.sizeBytes);
	if (!image.checksumOk)
		return { good: false, text: `Damaged: its checksum is wrong (${size} read). It does not start.` };
	if (image.hash.kind === 'wrong')
		return { good: false, text: `Damaged: its SHA-256 is wrong (${size} read). It does not start.` };
	const how = image.hash.kind === 'ok' ? 'checksum and SHA-256 are' : 'the checksum is';
	return { good: true, text: `Whole: ${how} right (${size} read).` };
}

export function checkFaultWords(fault: CheckFault): string {
	switch (fault.kind) {
		case 'flash': {
			const { what, todo } = flashErrorWords(fault.error);
			return `It could not be read. ${what}. ${todo}`;
		}
		case 'image':
			return 'No whole image stands here. Flash the app again.';
		case 'beyond-partition':
			return `Damaged: segment ${fault.segment + 1} leads beyond the partition. Flash the app again.`;
	}
}
