import type { ESPLoader } from 'esptool-js';
import { utf8 } from '$lib/base';
import type { ChipFamily } from '$lib/formats';
import type { BoardFacts } from './facts';
import { flashIdOf } from './flash-id';

/** What of esptool-js tells about a chip: registers and one command. */
export type ChipReader = Pick<ESPLoader, 'chip' | 'readReg' | 'getSecurityInfo'>;

/** What the ROM tells before a stub runs: all but the flash and the cable. */
export type RomFacts = Omit<BoardFacts, 'chip' | 'flashId' | 'flashSizeBytes' | 'usb'>;

/** Reads only what cannot change anything. Rejects as the library does. */
export async function romFacts(loader: ChipReader, family: ChipFamily): Promise<RomFacts> {
	const { chip } = loader;
	// The library's methods take the whole loader, and use what a ChipReader has.
	const whole = loader as ESPLoader;
	const features = await chip.getChipFeatures(whole);
	return {
		description: partName(await chip.getChipDescription(whole)),
		mac: (await chip.readMac(whole)).toLowerCase(),
		practice: await hasPracticeMark(loader, family),
		// The library pads some with blanks and names some twice.
		features: [...new Set(features.map((feature) => feature.trim()))],
		revision: await revision(loader, family),
		crystalMhz: await chip.getCrystalFreq(whole),
		...(await locks(loader))
	};
}

/** Of a package that the library does not know (of a later C6, which it reads as a C3's), the chip's name is left. */
const partName = (description: string): string =>
	description.replace(/ \(revision .*\)$/u, '').replace(/^unknown /iu, '');

/** A field of a register: `bits` from `shift` up. */
type Field = readonly [address: number, shift: number, bits: number];

/**
 * Where esptool-js 0.7.0 has no major and minor revision, or reads another chip's. Source: ESP-IDF `esp_efuse_table.csv` of each,
 * `WAFER_VERSION_MAJOR` and `_MINOR`.
 */
const REVISION_FIELDS: Partial<Record<ChipFamily, { readonly major?: Field; readonly minor: Field }>> = {
	ESP32: { minor: [0x3ff5a014, 24, 2] },
	'ESP32-C2': { major: [0x60008844, 20, 2], minor: [0x60008844, 16, 4] },
	'ESP32-C6': { major: [0x600b0850, 22, 2], minor: [0x600b0850, 18, 4] }
};

interface Versioned {
	getMajorChipVersion(loader: ChipReader): Promise<number>;
	getMinorChipVersion(loader: ChipReader): Promise<number>;
}
const isVersioned = (chip: object): chip is Versioned =>
	'getMajorChipVersion' in chip && 'getMinorChipVersion' in chip;

async function revision(loader: ChipReader, family: ChipFamily): Promise<string> {
	const { chip } = loader;
	const fields = REVISION_FIELDS[family];
	if (fields) {
		const major = fields.major
			? await field(loader, fields.major)
			: ((await chip.getChipRevision?.(loader as ESPLoader)) ?? 0);
		return `v${major}.${await field(loader, fields.minor)}`;
	}
	if (!isVersioned(chip)) return '';
	return `v${await chip.getMajorChipVersion(loader)}.${await chip.getMinorChipVersion(loader)}`;
}

async function field(loader: ChipReader, [address, shift, bits]: Field): Promise<number> {
	return ((await loader.readReg(address)) >>> shift) & ((1 << bits) - 1);
}

/** What a practice board has in the eFuses that are its owner's (docs/flashing.md). */
const PRACTICE_MARK = utf8('FIELDBENCH-VIRT\0');
/** Where these are: USR_DATA (BLOCK3) of the chips that a practice board can be. */
const USER_DATA: Partial<Record<ChipFamily, number>> = {
	ESP32: 0x3ff5a078,
	'ESP32-S3': 0x60007000 + 0x7c,
	'ESP32-C3': 0x60008800 + 0x7c,
	'ESP32-C6': 0x600b0800 + 0x7c,
	'ESP32-H2': 0x600b0800 + 0x7c
};

async function hasPracticeMark(loader: ChipReader, family: ChipFamily): Promise<boolean> {
	const start = USER_DATA[family];
	if (start === undefined) return false;
	for (let at = 0; at < PRACTICE_MARK.length; at += 4) {
		const word = await loader.readReg(start + at);
		for (let i = 0; i < 4; i++) if (((word >>> (8 * i)) & 0xff) !== PRACTICE_MARK[at + i]) return false;
	}
	return true;
}

/** ESP32: eFuse block 0, `FLASH_CRYPT_CNT` and `ABS_DONE_0/1` (ESP-IDF `esp_efuse_table`). */
const ESP32_EFUSE = { word0: 0x3ff5a000, word6: 0x3ff5a018 };

export async function locks(loader: ChipReader): Promise<Pick<BoardFacts, 'secureBoot' | 'flashEncryption'>> {
	switch (loader.chip.CHIP_NAME) {
		case 'ESP8266':
			return { secureBoot: false, flashEncryption: false }; // it has neither
		case 'ESP32': {
			const word0 = await loader.readReg(ESP32_EFUSE.word0);
			const word6 = await loader.readReg(ESP32_EFUSE.word6);
			return { secureBoot: (word6 & 0x30) !== 0, flashEncryption: oddBits((word0 >>> 20) & 0x7f) };
		}
		default: {
			const { parsedFlags, flashCryptCnt } = await loader.getSecurityInfo();
			return { secureBoot: parsedFlags.SECURE_BOOT_EN, flashEncryption: oddBits(flashCryptCnt) };
		}
	}
}

/** Encryption is on while an odd number of the counter's fuses is burnt. */
const oddBits = (count: number): boolean => count.toString(2).replaceAll('0', '').length % 2 === 1;

/** The flash of a chip whose stub runs: JEDEC's identity, and its third byte, the capacity, in the library's table. */
export async function flashFacts(
	loader: Pick<ESPLoader, 'readFlashId' | 'DETECTED_FLASH_SIZES'>
): Promise<Pick<BoardFacts, 'flashId' | 'flashSizeBytes'>> {
	const flashId = flashIdOf(await loader.readFlashId());
	const sizes: Readonly<Record<number, string>> = loader.DETECTED_FLASH_SIZES;
	const found = /^(\d+)(KB|MB)$/u.exec(sizes[flashId ? flashId.device & 0xff : 0] ?? '');
	const unit = found?.[2] === 'MB' ? 1024 * 1024 : 1024;
	return { flashId, flashSizeBytes: found ? Number(found[1]) * unit : null };
}
