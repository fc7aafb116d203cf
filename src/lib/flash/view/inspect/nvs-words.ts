import type { NvsBuildFault, NvsCsvFault, NvsDamage, NvsPageState, NvsValue } from '$lib/formats';
import {
	nvsHex,
	type Holding,
	type NvsChange,
	type NvsEditFault,
	type NvsFileFault,
	type NvsTextFault
} from '../../inspect';
import { flashSize, hexAddress } from '../strip';

/** Why a value or a name cannot be taken, and what would be right. */
export function editFaultWords(fault: NvsEditFault): string {
	switch (fault.kind) {
		case 'bad-namespace':
			return 'A namespace has 1 to 15 bytes: a shorter name fits.';
		case 'bad-key':
			return 'A key has 1 to 15 bytes: a shorter name fits.';
		case 'bad-value':
			return fault.type === 'string'
				? 'A string has no zero byte in it and whole characters only.'
				: `This does not fit ${fault.type}: choose a larger type or another value.`;
		case 'too-long':
			return `A string has ${fault.mostBytes} bytes at most with the zero at its end, and this has ${fault.lengthBytes}. A blob can be longer.`;
		case 'repeated':
			return `“${fault.key}” is in “${fault.namespace}” already: edit that one, or take another key.`;
	}
}

export function textFaultWords(fault: NvsTextFault): string {
	switch (fault.kind) {
		case 'not-a-number':
			return 'A whole number, decimal or with 0x.';
		case 'out-of-range':
			return `Between ${fault.least} and ${fault.most}. A larger type holds more.`;
		case 'not-hex':
			return 'Bytes of two hexadecimal digits each, like “de ad be ef”.';
	}
}

export function buildFaultWords(fault: NvsBuildFault, sizeBytes: number): string {
	switch (fault.kind) {
		case 'full':
			return `It does not fit: at “${fault.key}” the ${flashSize(sizeBytes)} are full. Delete something, or make a blob or a string shorter.`;
		case 'bad-size':
			return `The partition has ${flashSize(fault.lengthBytes)}; settings that can be written need 12 KB at least. It can only be read.`;
		case 'repeated':
			return `“${fault.key}” is in “${fault.namespace}” twice: delete one.`;
		default:
			return editFaultWords(fault);
	}
}

const DAMAGE: Readonly<Record<NvsDamage['kind'], string>> = {
	'page-header': 'A page whose header is damaged: nothing of it is read',
	'entry-checksum': 'An entry whose checksum is wrong',
	'data-checksum': 'An entry whose data is damaged',
	'bad-span': 'An entry that was not written to its end',
	'blob-incomplete': 'A blob of which a part is missing',
	'not-utf8': 'A string that is not UTF-8',
	'unknown-type': 'An entry of a type that is not known',
	'unknown-namespace': 'An entry of a namespace without a name'
};

/** "net / ssid: an entry whose data is damaged, at 0x000060". @param base the partition's place */
export function damageWords({ kind, key, namespace, offset }: NvsDamage, base: number): string {
	const name = key === undefined ? '' : `, “${namespace === undefined ? '' : `${namespace} / `}${key}”`;
	return `${DAMAGE[kind]}${name}, at ${hexAddress(base + offset)}.`;
}

export const PAGE_STATES: Readonly<Record<NvsPageState, string>> = {
	uninitialised: 'empty',
	active: 'in use',
	full: 'full',
	freeing: 'being emptied',
	corrupt: 'damaged',
	invalid: 'invalid'
};

export function lockedWords(locked: Extract<Holding, { kind: 'nvs-locked' }>) {
	return {
		what: 'These settings cannot be read here',
		means:
			locked.why === 'flash-encrypted'
				? 'The flash is encrypted and this partition is marked so: what is read is not what the chip sees.'
				: `Its pages are in order and every entry fails its checksum. That is how encrypted settings look${locked.keys ? ', and this board has a partition for their keys' : ''}; heavy damage looks the same.`,
		todo: 'They are not opened for editing, because saving would destroy them. The bytes can be looked at and kept as a file.'
	};
}

export function fileFaultWords(fault: NvsFileFault): string {
	switch (fault.kind) {
		case 'not-nvs':
			return 'This file holds no settings. Choose an image of an NVS partition, or of a whole flash.';
		case 'no-partition':
			return `This image of a whole flash has no settings called “${fault.label}”.`;
		case 'undecodable':
			return 'The settings in this file are encrypted or badly damaged: none can be read.';
	}
}

/** Why a row of a CSV was left out. */
export function csvFaultWords(fault: NvsCsvFault): string {
	return `Line ${fault.line}: ${csvFault(fault)}`;
}

function csvFault(fault: NvsCsvFault): string {
	switch (fault.kind) {
		case 'no-header':
			return 'the first line is not “key,type,encoding,value”, so this is no such file.';
		case 'open-quote':
			return 'a quoted value has no end.';
		case 'no-namespace':
			return `“${fault.key}” comes before any namespace.`;
		case 'needs-file':
			return `“${fault.key}” takes its value from the file “${fault.path}”, which this page cannot reach. Add it by hand as a blob.`;
		case 'bad-type':
			return `“${fault.text}” is none of namespace, data and file.`;
		case 'bad-encoding':
			return `“${fault.key}” has the encoding “${fault.text}”, which is none.`;
		case 'not-encoded':
			return `the value of “${fault.key}” is not ${fault.encoding}.`;
		case 'bad-namespace':
			return `the namespace “${fault.namespace}” is not 1 to 15 bytes long; its entries are left out.`;
		case 'not-valid':
			return editFaultWords(fault.fault);
		case 'repeated':
			return `“${fault.key}” is there twice; the first one counts.`;
	}
}

/** Of a blob, so many bytes are shown. */
const PREVIEW_BYTES = 16;

/** A value in a line: strings as they are, numbers decimal and hexadecimal, of blobs the first bytes and the size. */
export function valueWords(value: NvsValue): { readonly text: string; readonly note?: string } {
	if (value.type === 'string') return { text: value.value === '' ? '(empty)' : value.value };
	if (value.type === 'blob') {
		const shown = value.value.subarray(0, PREVIEW_BYTES);
		const pairs = Array.from(shown, (byte) => byte.toString(16).padStart(2, '0')).join(' ');
		const more = value.value.length > PREVIEW_BYTES ? ' …' : '';
		return { text: `${pairs}${more}`, note: `${value.value.length} bytes` };
	}
	const hex = nvsHex(value);
	return { text: String(value.value), ...(hex !== undefined && { note: hex }) };
}

export const CHANGE_WORDS: Readonly<Record<NvsChange['kind'], string>> = {
	added: 'New',
	removed: 'Deleted',
	changed: 'Changed'
};
