import type {
	Delimiter,
	ImportReport,
	LineFault,
	mappingFault,
	Sniffed,
	StoreError,
	TimeForm
} from '$lib/telemetry';
import { formatNumber, type Words } from '$lib/ui';
import { storeCause } from './data-words';

export const delimiterWords = {
	';': 'a semicolon ;',
	'\t': 'a tab',
	'|': 'a bar |',
	',': 'a comma ,'
} satisfies Record<Delimiter, string>;

export const timeFormWords = {
	iso: 'year, month, day',
	dmy: 'day, month, year',
	mdy: 'month, day, year',
	named: 'with the month by name',
	count: 'as a count since 1970',
	serial: 'as days of a spreadsheet'
} satisfies Record<TimeForm, string>;

export type MappingFault = 'device' | NonNullable<ReturnType<typeof mappingFault>>;

export const mappingFaultWords = {
	device: 'Give the device a name of 1 to 64 bytes without / + # $.',
	'no-time': 'Choose the column of times.',
	'no-value': 'Choose the column of values.',
	'no-columns': 'Name at least one column of numbers.',
	'too-many': 'A sample has at most 256 metrics: empty some of the names.',
	'bad-name': 'A metric’s name has 1 to 64 bytes.',
	'same-name': 'Two columns have the same name: change one, or empty it.'
} satisfies Record<MappingFault, string>;

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
				what: 'The table has too many columns',
				means: none,
				todo: 'A sample has at most 256 metrics and a table 1,024 columns: split the file.'
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

export function importStoppedWords(error: StoreError, report: ImportReport | undefined): Words {
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
			return 'of one metric more than 256: split the file';
		case 'too-many-devices':
			return 'of one device more than 2,000: split the file';
		case 'fields':
			return `${fault.found} fields where there are ${fault.wanted} columns: does a sign in a number also part fields?`;
		case 'device':
			return `“${fault.found}” is no device id: 1 to 64 bytes without / + # $`;
		case 'provenance':
			return `“${fault.found}” does not say whether it is simulated: real or simulated, true or false is wanted`;
		case 'clock':
			return `clock is “${fault.found}”, and must be synchronised, corrected or unsynchronised`;
		case 'time':
			return fault.found.trim() === ''
				? 'it has no time'
				: `“${fault.found}” is no time written as the others are, or not of the years 1900 to 2099`;
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
