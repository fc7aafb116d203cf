import {
	chipFamilyOf,
	type FirmwareManifest,
	type FlasherArgs,
	type FlasherArgsFault,
	type RecognisedBin,
	type ZipFault
} from '$lib/formats';
import type { BoardFacts, BuildError, PartFault, SourceError } from '$lib/flash';
import { backupOpenWords } from '$lib/flash/view';
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
			return `${hostOf(error.url)} answered ${error.status} for ${nameOf(error.url)}. ${statusWords(error.status)}`;
		case 'html-instead':
			return `${nameOf(error.url)} is a web page, not what was asked for. Use the address of the file itself, often behind “Raw” or “Download”.`;
		case 'truncated':
			return error.wantedBytes === undefined
				? `${nameOf(error.url)} broke off after ${formatBytes(error.gotBytes)}. Try again.`
				: `${nameOf(error.url)} came with ${formatBytes(error.gotBytes)} where its host had announced ${formatBytes(error.wantedBytes)}. Try again.`;
		case 'part-fault':
			return `${nameOf(error.url)} came, and nothing was taken: ${partFaultWords(error.fault)}`;
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

function statusWords(status: number): string {
	if (status === 404 || status === 410)
		return 'It is not there. Check the address; it may have moved with a new release.';
	if (status === 401 || status === 403)
		return 'It is not for everybody. Download the files where you are signed in, and choose them below.';
	return status >= 500 ? 'The host has a fault of its own. Try again later.' : 'Check the address.';
}

/** Why a file is no firmware, and what to do. */
export function partFaultWords(fault: PartFault): string {
	switch (fault.kind) {
		case 'empty':
			return 'It is empty. Build or download it again.';
		case 'html-instead':
			return 'It is a web page, not firmware. Download the file itself, often behind “Raw” or “Download”.';
		case 'cut-short':
			return `It is cut short: ${formatBytes(fault.gotBytes)} of at least ${formatBytes(fault.wantedBytes)}. Download or copy it again.`;
		case 'hash-wrong':
			return 'It is damaged: its checksum is not that of its bytes. Download or build it again.';
		case 'not-an-image':
			return 'It is not an ESP image: it begins like one, and its header makes no sense. Choose the .bin file of your build.';
		case 'other-format':
			return `It is not an ESP image but ${FORMATS[fault.format]} Choose the .bin file beside it.`;
	}
}

const FORMATS = {
	elf: 'an ELF, which is for a debugger.',
	uf2: 'a UF2, which is for boards that show up as a drive.',
	'intel-hex': 'Intel HEX, which is for other chips.'
} as const;

/** Why a zip, a folder or a file was not taken, and what to do. */
export function buildErrorWords(error: BuildError): string {
	switch (error.kind) {
		case 'unreadable':
			return `${error.path} can no longer be read: it was moved, or built anew. Choose it again.`;
		case 'too-large':
			return `${error.path} is larger than any flash (${formatBytes(error.mostBytes)} at most). Choose only the files that are to be written.`;
		case 'damaged':
			return `${error.path} is damaged in its zip: what comes out is not what was packed. Pack or download it again.`;
		case 'backup-fault':
		case 'backup-damaged':
			return backupOpenWords(error);
		case 'zip-fault':
			return `${error.path} cannot be opened. ${zipWords(error.fault)}`;
		case 'args-fault':
			return `${error.path}: ${argsWords(error.fault)}`;
		case 'file-missing':
			return `${error.path} names ${error.missing.join(', ')}, and ${error.missing.length === 1 ? 'it is' : 'they are'} not there. Build it to the end and choose the whole folder, or choose its .bin files one by one.`;
		case 'several-builds':
			return `${error.name || 'This'} holds several builds: ${error.folders.join(', ')}. Choose the folder of one of them.`;
		case 'no-firmware':
			return `${error.name || 'This'} has neither a flasher_args.json nor a .bin file among its ${error.files} files. Choose the build folder: of ESP-IDF “build”, of PlatformIO “.pio/build/…”.`;
		case 'too-many-files':
			return `${error.name} has more than ${error.most} .bin files beside each other. Choose only those that are to be written.`;
	}
}

function zipWords(fault: ZipFault): string {
	switch (fault.kind) {
		case 'not-a-zip':
			return 'It is no zip, or its end is missing. Download it again.';
		case 'cut-short':
			return 'It is cut short or damaged. Download it again.';
		case 'zip64':
			return 'It is made for more than 4 GB. Pack only the build folder.';
		case 'too-many-entries':
			return `It has more than ${fault.most} files. Pack only the build folder.`;
		case 'encrypted':
			return 'It is locked with a password. Unpack it and choose the files.';
		case 'unknown-method':
			return 'It is packed in a way that browsers cannot read. Unpack it and choose the files.';
	}
}

function argsWords(fault: FlasherArgsFault): string {
	switch (fault.kind) {
		case 'not-json':
			return 'It is not JSON. Build the project again.';
		case 'unknown-chip':
			return `It is for ${fault.chip}, a chip that is not known here.`;
		case 'encrypted':
			return 'It wants a part encrypted while it is written (flash encryption), which this page does not do. Use idf.py encrypted-flash.';
		case 'outside':
			return `“${fault.field}” leads out of the build folder. Choose the .bin files one by one.`;
		default:
			return `It has a fault at “${fault.field || 'its start'}” (${FIELD[fault.kind]}). Build the project again.`;
	}
}

/** A build for another chip than this board's. */
export function otherChipWords(args: FlasherArgs, board: BoardFacts): string {
	return `This build is for ${args.family}, and this board has an ${board.chip}. Choose the build for ${board.chip}.`;
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
	ambiguous: 'two fit one place',
	'too-large': 'it is too large'
} as const;

const hostOf = (url: string): string => new URL(url).host;
const nameOf = (url: string): string => new URL(url).pathname.split('/').at(-1) ?? url;

/** What a file is by its bytes. */
export function recognisedWords(bin: RecognisedBin): string {
	switch (bin.kind) {
		case 'app': {
			const { descriptor, chipId } = bin.image;
			const chip = chipFamilyOf(chipId) ?? 'an unknown chip';
			const what = descriptor ? `${descriptor.project} ${descriptor.version}` : 'An app';
			return `${what}, an app for ${chip}`;
		}
		case 'bootloader':
			return `A bootloader for ${chipFamilyOf(bin.image.chipId) ?? 'an unknown chip'}`;
		case 'partition-table':
			return `A partition table of ${bin.table.partitions.length} entries`;
		case 'merged':
			return 'A whole flash in one file';
		case 'otadata':
			return 'OTA data: which app starts';
		case 'nvs':
			return 'Settings (NVS)';
		case 'nvs-encrypted':
			return 'Encrypted settings (NVS): only the chip that has their keys reads them';
		case 'nvs-keys':
			return 'Keys of encrypted settings';
		case 'littlefs':
			return 'A LittleFS file system';
		case 'spiffs':
			return 'A SPIFFS file system';
		case 'unknown':
			return 'Not recognised: not an ESP image, a table, settings or a file system';
	}
}
