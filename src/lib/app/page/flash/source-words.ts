import {
	bootloaderOffset,
	chipFamilyOf,
	PARTITION_TABLE_OFFSET,
	type FirmwareManifest,
	type RecognisedBin
} from '$lib/formats';
import type { BoardFacts, SourceError } from '$lib/flash';
import { formatBytes } from '$lib/ui';

/** Why a firmware did not come, and what to do; said at the field it was asked from. */
export function sourceErrorWords(error: SourceError): string {
	switch (error.kind) {
		case 'bad-address':
			return 'This is no address that a page can read. Write it like https://example.org/firmware/manifest.json.';
		case 'cors-or-network':
			return error.online
				? `${hostOf(error.url)} was not reached. The name is wrong, or the host does not let other pages read it (CORS). Download the files and choose them below.`
				: `${hostOf(error.url)} was not reached: this computer is offline. The catalogue and files of your own work without a network.`;
		case 'mixed-content':
			return 'This page came encrypted and may not read from plain http://. Use the https:// address, or download the files and choose them below.';
		case 'http-status':
			return `${hostOf(error.url)} answered ${error.status} for ${nameOf(error.url)}. Check the address; it may have moved with a new release.`;
		case 'html-instead':
			return `${nameOf(error.url)} is a web page, not what was asked for. Use the address of the file itself, often behind “Raw” or “Download”.`;
		case 'truncated':
			return `${nameOf(error.url)} came with ${formatBytes(error.gotBytes)} where its host had announced ${formatBytes(error.wantedBytes)}. Try again.`;
		case 'empty':
			return `${nameOf(error.url)} is empty. Its project must mend it.`;
		case 'too-large':
			return `${nameOf(error.url)} is larger than any flash (${formatBytes(error.mostBytes)} at most). Check that it is the right file.`;
		case 'catalogue-fault':
			return `The catalogue beside this page is damaged at “${error.fault.field || 'its start'}”. Reload the page; files of your own build work meanwhile.`;
		case 'manifest-fault':
			return error.fault.kind === 'not-json'
				? 'This is no manifest: it is not JSON. Use the address of the project’s manifest.json.'
				: `This manifest has a fault at “${error.fault.field || 'its start'}” (${FIELD[error.fault.kind]}). Its project must mend it.`;
	}
}

/** The manifest has no build for this board. */
export function noBuildWords(manifest: FirmwareManifest, board: BoardFacts): string {
	const has = [...manifest.builds.map(({ family }) => family), ...manifest.unknownFamilies];
	const wanted = board.practice ? 'practice boards' : board.chip;
	return `This firmware is made for ${has.join(', ') || 'no chip that is known here'}, and not for ${wanted}. Take another one.`;
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
		case 'littlefs':
			return { words: 'A LittleFS file system' };
		case 'spiffs':
			return { words: 'A SPIFFS file system' };
		case 'unknown':
			return { words: 'Not recognised' };
	}
}
