import { bootloaderOffset, chipFamilyOf, PARTITION_TABLE_OFFSET, type RecognisedBin } from '$lib/formats';
import type { BoardFacts } from '$lib/flash';
import type { FetchFault } from './fetch-firmware';

/** Why a firmware did not come, and what to do; said at the field it was asked from. */
export function fetchFaultWords(fault: FetchFault): string {
	switch (fault.kind) {
		case 'unreachable':
			return `${hostOf(fault.url)} was not reached. There is no network, the name is wrong, or the host does not let other pages read it (CORS). Download the files and choose them below.`;
		case 'mixed-content':
			return 'This page came encrypted and may not read from plain http://. Use the https:// address, or download the files and choose them below.';
		case 'status':
			return `${hostOf(fault.url)} answered ${fault.status} for ${nameOf(fault.url)}. Check the address; it may have moved with a new release.`;
		case 'web-page':
			return `${nameOf(fault.url)} is a web page, not what was asked for. Use the address of the file itself, often behind “Raw” or “Download”.`;
		case 'cut-short':
			return `${nameOf(fault.url)} came cut short: ${fault.gotBytes} of ${fault.wantedBytes} bytes. Try again.`;
		case 'bad-catalogue':
			return `The catalogue beside this page is damaged at “${fault.fault.field || 'its start'}”. Reload the page; files of your own build work meanwhile.`;
		case 'bad-manifest':
			return fault.fault.kind === 'not-json'
				? 'This is no manifest: it is not JSON. Use the address of the project’s manifest.json.'
				: `This manifest has a fault at “${fault.fault.field || 'its start'}” (${FIELD[fault.fault.kind]}). Its project must mend it.`;
		case 'no-build':
			return `This firmware is made for ${fault.has.join(', ')}, and not for ${fault.wanted}. Take another one.`;
	}
}

const FIELD = {
	missing: 'it is missing',
	'wrong-type': 'it is of the wrong type',
	'bad-value': 'its value cannot be',
	overlap: 'two parts overlap',
	ambiguous: 'two builds fit one chip',
	'too-large': 'it is too large'
} as const;

const hostOf = (url: string): string => new URL(url).host;
const nameOf = (url: string): string => new URL(url).pathname.split('/').at(-1) ?? url;

/** What a file is by its bytes, and the offset such a file has on this chip, where there is one. */
export function recognisedWords(
	bin: RecognisedBin,
	board: BoardFacts
): { readonly words: string; readonly offset?: number } {
	switch (bin.kind) {
		case 'app': {
			const { descriptor, chipId } = bin.image;
			const chip = chipFamilyOf(chipId) ?? 'an unknown chip';
			const what = descriptor ? `${descriptor.project} ${descriptor.version}` : 'An app';
			return { words: `${what}, an app for ${chip}`, offset: 0x10000 };
		}
		case 'bootloader':
			return { words: 'A bootloader', offset: bootloaderOffset(board.chip) };
		case 'partition-table':
			return {
				words: `A partition table of ${bin.table.partitions.length} entries`,
				offset: PARTITION_TABLE_OFFSET
			};
		case 'merged':
			return { words: 'A whole flash in one file', offset: 0 };
		case 'otadata':
			return { words: 'OTA data: which app starts' };
		case 'nvs':
			return { words: 'Settings (NVS)' };
		case 'unknown':
			return { words: 'Not recognised' };
	}
}
