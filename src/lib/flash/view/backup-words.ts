import { formatBytes, formatDateTime, type Words } from '$lib/ui';
import type { BackupError } from '../backup';
import type { BackupOpenError } from '../backup-open';
import type { Backup } from '../backup-source';
import type { BoardFacts, FlashError } from '../facts';
import type { SettingsFault } from '../settings-fit';
import type { SettingsSnapshot } from '../settings-snapshot';
import type { SnapshotError } from '../settings-snapshots';
import { flashErrorWords } from './flash-words';
import { flashSize, hexAddress } from './strip';

/** Why there is no backup, and what to do. */
export function backupErrorWords(error: BackupError): Words {
	switch (error.kind) {
		case 'not-saved':
			return {
				what: 'The file could not be written',
				means: 'The board was read well, but the computer did not take the bytes. Nothing of it stays.',
				todo: 'Make room, or choose another folder, and back up again.',
				details: error.cause
			};
		case 'saved-damaged':
			return {
				what: 'The file is not what was read',
				means:
					'It was read back after saving, and its digest is another. It cannot be trusted, and was removed.',
				todo: 'Back up again, to another disk.'
			};
		default: {
			const { what, means, todo, details } = flashErrorWords(error);
			return { what, means: `${means} There is no backup.`, todo, ...(details && { details }) };
		}
	}
}

/** Why a backup was not opened, and what to do; the file is named first. */
export function backupOpenWords(error: BackupOpenError): string {
	if (error.kind === 'backup-damaged')
		return `${error.path} is a backup, but damaged: its bytes are not those that were read from the board. It is not taken. Take another copy of it.`;
	const { fault, path } = error;
	switch (fault.kind) {
		case 'newer':
			return `${path} is a backup of a later version (${fault.version}). Reload the page: a newer Fieldbench can read it.`;
		case 'not-a-backup':
			return `${path} holds a backup.json that is not of Fieldbench. Unpack it and choose the .bin file.`;
		default:
			return `${path} is a backup whose description is damaged (${fault.field || 'it is no JSON'}). Its flash.bin can be unpacked and chosen by itself.`;
	}
}

/** What a backup is of: "the whole flash, 4 MB". */
export function backupExtent({ partition, offset, length, flashSizeBytes }: Backup['description']): string {
	if (partition !== undefined) return `the partition ${partition}, ${flashSize(length)}`;
	return offset === 0 && length === flashSizeBytes
		? `the whole flash, ${flashSize(length)}`
		: `${flashSize(length)} from ${hexAddress(offset)} on`;
}

/** Whose backup it is, as seen from this board. */
export function backupOwner({ mac, practice }: Backup['description'], board: BoardFacts): string {
	return mac === board.mac ? 'this board' : practice ? `the practice board ${mac}` : `another board, ${mac}`;
}

/** Why settings cannot be put back, and what to do. */
export function settingsFaultWords(fault: SettingsFault): string {
	switch (fault.kind) {
		case 'unreadable':
			return `“${fault.label}” has another size on this board, and what was kept cannot be read: it is encrypted or damaged. It fits only where a partition of its own size is.`;
		case 'does-not-fit':
			return `The settings of “${fault.label}” do not fit into the ${flashSize(fault.sizeBytes)} that this board has for them. Flash a partition table with a larger place first.`;
		case 'not-built':
			return `The settings of “${fault.label}” cannot be built anew for this board (${fault.fault.kind}).`;
		case 'no-place':
			return `This board has no partition for the settings of “${fault.label}”. Flash firmware that has one first.`;
	}
}

/** Settings that do not come along. */
export const leftOutWords = (leftOut: number): string =>
	leftOut === 0
		? ''
		: `${leftOut} ${leftOut === 1 ? 'entry' : 'entries'} could not be read and ${leftOut === 1 ? 'does' : 'do'} not come back.`;

/** Why settings were not kept, not found, or not removed. */
export function snapshotErrorWords(error: SnapshotError): string {
	switch (error.kind) {
		case 'too-large':
			return `They have ${formatBytes(error.sizeBytes)}, and this browser keeps ${formatBytes(error.mostBytes)} at most. A backup to a file has no such limit.`;
		case 'not-stored':
			return `This browser keeps nothing now (${error.cause}). Make room, or leave private browsing.`;
		case 'gone':
			return 'They are no longer kept here: another tab removed them, or newer ones took their place.';
		case 'damaged':
			return 'What is kept is damaged, and was not taken. Remove it.';
	}
}

/** Why the settings that a write costs are not kept: before the person decides. */
export function notKeptWords(error: FlashError | SnapshotError): string {
	switch (error.kind) {
		case 'too-large':
		case 'not-stored':
		case 'gone':
		case 'damaged':
			return snapshotErrorWords(error);
		default: {
			const { what, means } = flashErrorWords(error);
			return `${what}. ${means}`;
		}
	}
}

/** "21 Nov 2026, 14:02, before Blinky 1.2". */
export const snapshotName = ({ takenMs, before }: SettingsSnapshot): string =>
	`${formatDateTime(takenMs)}, before ${before}`;

/** What had to go for something newer. */
export const droppedWords = (dropped: readonly SettingsSnapshot[]): string =>
	dropped.length === 0
		? ''
		: `To make room, ${dropped.length === 1 ? 'the oldest was' : `the ${dropped.length} oldest were`} removed: ${dropped.map((one) => `${one.mac}, ${formatDateTime(one.takenMs)}`).join('; ')}.`;
