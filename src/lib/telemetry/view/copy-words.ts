import { formatBytes, formatCount, formatDateTime, formatNumber, type Words } from '$lib/ui';
import type { CopyStatus, CopyTrouble } from '../copy/copy-status';
import type { CopyPlace } from '../copy/folder';
import type { CopyNeed } from '../store';

const placeWords = (place: CopyPlace | undefined): string =>
	place?.kind === 'folder' ? `in the folder “${place.name}”` : 'in this browser';

/** How the second copy stands, as one sentence. */
export function copyLine({ kind, place, bytes, writtenMs, returning, trouble }: CopyStatus): string {
	const size = `${formatBytes(bytes)}${writtenMs === undefined ? '' : `, last written ${formatDateTime(writtenMs)}`}`;
	switch (kind) {
		case 'off':
			return 'No second copy is kept.';
		case 'closed':
			return `The second copy ${placeWords(place)} is on hold: the browser has closed that folder.`;
		case 'other':
			return `What lies ${placeWords(place)} is a copy of other measurements than these: ${size}.`;
		case 'returning':
			return `What the copy ${placeWords(place)} holds comes back: ${formatCount(returning, 'sample')} read.`;
		case 'behind':
			return trouble
				? `The second copy ${placeWords(place)} lacks what is new.`
				: `The second copy ${placeWords(place)} is being made.`;
		case 'current':
			return `The second copy ${placeWords(place)} has all that is sealed: ${size}.`;
	}
}

const AGAIN = 'It is tried again every five minutes.';

/** Why it is not what it should be. Measurements themselves are stored as before: each says so. */
export function copyTroubleWords(trouble: CopyTrouble, place: CopyPlace | undefined): Words {
	switch (trouble.kind) {
		case 'no-room':
			return {
				what: 'There is no room for the second copy',
				means:
					place?.kind === 'folder'
						? 'The disk of its folder is full. Measurements are stored as before, but only once.'
						: 'The browser’s room for this site is nearly full, and the rest is left to new measurements. They are stored as before, but only once.',
				todo: `Free disk space, or keep the copy in a folder of another disk. ${AGAIN}`
			};
		case 'gave-way':
			return {
				what: 'The second copy was deleted to make room',
				means:
					'The browser’s room for this site is full: new measurements went before what was there twice. They are stored, but only once.',
				todo: `Free disk space, or keep the copy in a folder of another disk. ${AGAIN}`
			};
		case 'gone':
			return {
				what: 'The second copy’s folder is not there',
				means:
					'It was moved or deleted, or its disk is not connected. Measurements are stored as before, but only once.',
				todo: `Put it back, or keep the copy elsewhere. ${AGAIN}`
			};
		case 'overrun':
			return {
				what: 'The second copy could not keep up',
				means:
					'More was stored while it was made than can wait. Measurements are stored as before, but only once.',
				todo: AGAIN
			};
		case 'not-returned':
			return {
				what: 'The second copy could not be put back',
				means:
					trouble.error === 'quota'
						? 'The browser’s room for this site does not hold it. It stays where it is, and new measurements are stored as before.'
						: 'The store did not take it. It stays where it is, and new measurements are stored as before.',
				todo: trouble.error === 'quota' ? `Free disk space. ${AGAIN}` : AGAIN,
				details: trouble.error
			};
		case 'failed':
			return {
				what: 'The second copy cannot be written',
				means: 'Measurements are stored as before, but only once.',
				todo: AGAIN,
				details: trouble.cause
			};
	}
}

/** What waits for a person. */
export const copyNeedWords = (need: CopyNeed): Words =>
	need === 'closed'
		? {
				what: 'The second copy is on hold',
				means:
					'The browser closed its folder when it was started anew. Measurements are stored as before, but only once.',
				todo: 'Open the folder: the browser asks you whether Fieldbench may write to it.'
			}
		: {
				what: 'The second copy’s folder holds other measurements',
				means:
					'They are of this browser before its data was deleted, or of another one. Nothing is written over them: measurements are stored as before, but only once.',
				todo: 'Put them back to have them here too, or replace them.'
			};

/** What was found wrong with the copy's own files; undefined where nothing was. */
export const copyDamageLine = ({ damagedFiles, kind }: CopyStatus): string | undefined =>
	damagedFiles === 0
		? undefined
		: `${formatCount(damagedFiles, 'file')} of the copy ${damagedFiles === 1 ? 'was' : 'were'} found damaged or missing since the start. ${
				kind === 'current' ? 'The copy was made anew.' : 'The copy is made anew.'
			}`;

/** What came back into a store that was in use; undefined where nothing did. */
export const copyReturnedLine = ({ returned }: CopyStatus): string | undefined =>
	returned && `${formatNumber(returned.samples)} samples were put back.`;
