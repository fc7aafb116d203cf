import type { ImportReport, LineFault, Sniffed, StoreError } from '$lib/telemetry';
import { formatBytes, formatNumber, type Words } from '$lib/ui';
import type { BackupError, RestoreError } from '../../field/transfer/transfer-messages';

const storeCause = (error: StoreError): string =>
	error.kind === 'quota'
		? `quota: ${formatBytes(error.usedBytes)} of ${formatBytes(error.quotaBytes)}`
		: error.kind === 'unavailable'
			? error.cause
			: error.kind;

export function saveFaultWords(cause: unknown): Words {
	return {
		what: 'The file could not be written',
		means: 'Nothing of it was left behind, and nothing here was changed.',
		todo: 'Check that there is room where you save it and that you may write there, then try again.',
		details: String(cause)
	};
}

export function backupFaultWords(error: BackupError): Words {
	switch (error.kind) {
		case 'interrupted':
			return {
				what: 'The backup was interrupted',
				means: 'What is stored changed hands or was cut while it was read. No half file was left behind.',
				todo: 'Begin again.'
			};
		case 'store':
			return {
				what: 'The store cannot be read for a backup',
				means: 'No file was written.',
				todo: 'Look at Settings, Storage: what is wrong is said there.',
				details: storeCause(error.error)
			};
		case 'unavailable':
			return {
				what: 'There is nothing to back up here',
				means: 'This browser keeps nothing for this page, or could not open its secrets.',
				todo: 'Open the page in a normal window, over https or on localhost.',
				details: error.cause
			};
	}
}

export function restoreFaultWords(error: RestoreError): Words {
	const kept = 'Nothing here was changed.';
	switch (error.kind) {
		case 'foreign':
			return {
				what: 'This is no Fieldbench backup',
				means: kept,
				todo: 'Choose a file that ends in .fbbackup. Samples as CSV or NDJSON are taken by Import.'
			};
		case 'newer':
			return {
				what: 'A later Fieldbench made this backup',
				means: `This one cannot read all of it. ${kept}`,
				todo: 'Reload the page to get the latest version, then try again.'
			};
		case 'truncated':
			return {
				what: 'The backup ends too early',
				means: `It was not copied or saved whole. ${kept}`,
				todo: 'Copy it again from where it came, or take an older one.',
				details: `at byte ${error.place}`
			};
		case 'damaged':
		case 'malformed':
			return {
				what: 'The backup is damaged',
				means: `A checksum in it is wrong, so nothing in it can be trusted. ${kept}`,
				todo: 'Copy it again from where it came, or take an older one.',
				details: `${error.kind} at byte ${error.place}`
			};
		case 'wrong-passphrase':
			return {
				what: 'That is not its passphrase',
				means: kept,
				todo: 'Try again, or restore without passwords and type those in later.'
			};
		case 'blocked':
			return {
				what: 'Another tab holds what is to be replaced',
				means: kept,
				todo: 'Close the other tabs of this page, then try again.'
			};
		case 'unreadable':
			return {
				what: 'The browser could not read the file',
				means: `It was moved or changed since you chose it. ${kept}`,
				todo: 'Choose it again.',
				details: error.cause
			};
		case 'store':
			return {
				what: 'The backup does not fit here',
				means: `The browser took not all of it. ${kept}`,
				todo: 'Make room on the disk, or let this site keep more, then try again.',
				details: storeCause(error.error)
			};
		case 'unavailable':
			return {
				what: 'This browser cannot be restored to',
				means: `It keeps nothing for this page, or has no encryption. ${kept}`,
				todo: 'Open the page in a normal window, over https or on localhost.',
				details: error.cause
			};
	}
}

export function importFaultWords(
	kind: Exclude<Sniffed['kind'], 'csv' | 'ndjson' | 'foreign'> | 'unreadable'
): Words {
	const none = 'Nothing was imported.';
	switch (kind) {
		case 'empty':
			return { what: 'The file is empty', means: none, todo: 'Choose another.' };
		case 'not-text':
			return { what: 'This is no text file', means: none, todo: 'Choose a CSV or NDJSON file.' };
		case 'too-many-columns':
			return {
				what: 'It has more columns than a device has metrics',
				means: none,
				todo: 'At most 256 metrics fit: split the file.'
			};
		case 'backup':
			return {
				what: 'This is a backup of a whole workspace',
				means: none,
				todo: 'Use Restore, further down.'
			};
		case 'unreadable':
			return { what: 'The browser could not read the file', means: none, todo: 'Choose it again.' };
	}
}

export function storeFaultWords(error: StoreError, report: ImportReport | undefined): Words {
	return {
		what: 'The import stopped',
		means: `${formatNumber(report?.stored ?? 0)} samples were stored before, and stay.`,
		todo:
			error.kind === 'quota'
				? 'Make room on the disk, then import the file again: what is there is not stored twice.'
				: 'Import the file again: what is there is not stored twice.',
		details: storeCause(error)
	};
}

/** What is wrong with a line, and what would be right. */
export function lineFaultWords(fault: LineFault): string {
	switch (fault.kind) {
		case 'too-long':
			return 'longer than 1 MiB, which no sample is: is this one line of the right kind?';
		case 'unclosed-quote':
			return 'a quote " is opened, and not closed within 1 MiB';
		case 'not-json':
			return 'no JSON object: one is wanted on each line';
		case 'too-many-metrics':
			return 'more than 256 metrics in one sample';
		case 'too-many-devices':
			return 'of one device more than 2,000: split the file';
		case 'fields':
			return `${fault.found} fields where the header has ${fault.wanted}`;
		case 'device':
			return `“${fault.found}” is no device id: 1 to 64 bytes without / + # $`;
		case 'provenance':
			return `provenance is “${fault.found}”, and must be real or simulated`;
		case 'clock':
			return `clock is “${fault.found}”, and must be synchronised, corrected or unsynchronised`;
		case 'time':
			return `“${fault.found}” is no time: ISO 8601 like 2026-11-21T18:00:00Z, or a count since 1970`;
		case 'identity':
			return `epoch and seq are “${fault.found}”: both whole numbers below 4,294,967,296, or neither`;
		case 'metric':
			return `“${fault.found}” is no metric’s name: 1 to 64 bytes`;
		case 'states':
			return `states are “${fault.found}”, and must be a JSON object of texts`;
		case 'number':
			return `${fault.column ?? ''} is “${fault.found}”, which is no finite number; leave it empty where there is none`;
	}
}
