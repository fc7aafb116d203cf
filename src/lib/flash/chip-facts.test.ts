import { CHIP_DEFS } from 'esptool-js/lib/targets/index.js';
import { describe, expect, it } from 'vitest';
import { utf8 } from '$lib/base';
import { isChipFamily } from '$lib/formats';
import { flashFacts, locks, romFacts, type ChipReader } from './chip-facts';
import { flashIdWords } from './flash-id';

type Registers = Readonly<Record<number, number>>;

/** A chip as the library sees it, that has these registers and zeros elsewhere. */
function chipOf(
	name: keyof typeof CHIP_DEFS,
	registers: Registers = {},
	security: { flags?: number; flashCryptCnt?: number } = {}
): ChipReader {
	const { flags = 0, flashCryptCnt = 0 } = security;
	const reader = {
		chip: CHIP_DEFS[name],
		transport: { baudrate: 115_200 },
		debug: () => undefined,
		info: () => undefined,
		error: () => undefined,
		readReg: (address: number) => Promise.resolve(registers[address] ?? 0),
		getSecurityInfo: () =>
			Promise.resolve({ parsedFlags: { SECURE_BOOT_EN: (flags & 1) !== 0 }, flashCryptCnt })
	};
	return reader as unknown as ChipReader;
}

function facts(name: keyof typeof CHIP_DEFS, registers?: Registers) {
	const family = CHIP_DEFS[name].CHIP_NAME;
	if (!isChipFamily(family)) throw new Error(`${family} is no family of ours`);
	return romFacts(chipOf(name, registers), family);
}

/** MAC aa:bb:cc:dd:ee:ff in the two words of eFuse BLOCK1. */
const mac = (at: number): Registers => ({ [at]: 0xccddeeff, [at + 4]: 0xaabb });
const mark = (at: number): Registers => {
	const words = new DataView(utf8('FIELDBENCH-VIRT\0').slice().buffer);
	return Object.fromEntries([0, 4, 8, 12].map((i) => [at + i, words.getUint32(i, true)]));
};

describe('what a chip says of itself', () => {
	it('is read of every chip that the library knows', async () => {
		for (const name of Object.keys(CHIP_DEFS) as (keyof typeof CHIP_DEFS)[]) {
			const about = await facts(name);
			expect(about.description, name).not.toContain('revision');
			expect(about.revision, name).toMatch(name === 'esp8266' ? /^$/u : /^v\d+\.\d+$/u);
			expect(about.mac, name).toMatch(/^(..:){5}..$/u);
			expect([26, 32, 40, 48], name).toContain(about.crystalMhz);
			expect(about.practice, name).toBe(false);
			expect(about.features.length, name).toBeGreaterThan(0);
		}
	});

	it('is an ESP32 with its minor revision and its crystal', async () => {
		const about = await facts('esp32', {
			0x3ff5a004: 0xccddeeff,
			0x3ff5a008: 0xaabb,
			0x3ff5a00c: (1 << 15) | (1 << 9), // revision bit 0, package 1
			0x3ff5a014: (1 << 20) | (1 << 24), // revision bit 1, minor 1
			0x3ff6607c: 0x80000000, // revision bit 2
			0x3ff40014: 347 // 115,200 × 347 ≈ 40 MHz
		});
		expect(about).toMatchObject({
			description: 'ESP32-D0WD-V3',
			mac: 'aa:bb:cc:dd:ee:ff',
			revision: 'v3.1',
			crystalMhz: 40,
			features: ['Wi-Fi', 'BT', 'Dual Core', 'Coding Scheme None']
		});
	});

	it('is the revision of a C6 and a C2 as their own eFuses have it', async () => {
		const c6 = await facts('esp32c6', { ...mac(0x600b0844), 0x600b0850: (1 << 22) | (9 << 18) });
		expect(c6).toMatchObject({ revision: 'v1.9', mac: 'aa:bb:cc:dd:ee:ff', description: 'ESP32-C6' });
		expect((await facts('esp32c2', { 0x60008844: (2 << 20) | (3 << 16) })).revision).toBe('v2.3');
	});

	it('is a practice board by its mark, on each chip that one can be', async () => {
		for (const [name, at] of [
			['esp32', 0x3ff5a078],
			['esp32s3', 0x6000707c],
			['esp32c3', 0x6000887c],
			['esp32c6', 0x600b087c],
			['esp32h2', 0x600b087c]
		] as const) {
			expect((await facts(name, mark(at))).practice, name).toBe(true);
			expect((await facts(name, { ...mark(at), [at + 12]: 0 })).practice, name).toBe(false);
		}
	});

	it('is whether it is locked', async () => {
		const of = (...args: Parameters<typeof chipOf>) => locks(chipOf(...args));
		const none = { secureBoot: false, flashEncryption: false };
		expect(await of('esp32')).toEqual(none);
		expect(await of('esp32', { 0x3ff5a000: 1 << 20, 0x3ff5a018: 0x10 })).toEqual({
			secureBoot: true,
			flashEncryption: true
		});
		expect(await of('esp32', { 0x3ff5a000: 3 << 20 })).toEqual(none); // switched off again
		expect(await of('esp32c3', {}, { flags: 1, flashCryptCnt: 7 })).toEqual({
			secureBoot: true,
			flashEncryption: true
		});
		expect(await of('esp8266')).toEqual(none);
	});
});

describe('the flash', () => {
	const read = (word: number) =>
		flashFacts({
			readFlashId: () => Promise.resolve(word),
			DETECTED_FLASH_SIZES: { 0x16: '4MB', 0x12: '256KB' }
		});

	it('says who made it and how large it is', async () => {
		const { flashId, flashSizeBytes } = await read(0x1640ef);
		expect(flashSizeBytes).toBe(0x400000);
		expect(flashId && flashIdWords(flashId)).toBe('Winbond, EF 4016');
		expect((await read(0x1240c8)).flashSizeBytes).toBe(0x40000);
		const unknown = await read(0x7f4077);
		expect(unknown.flashSizeBytes).toBeNull();
		expect(unknown.flashId && flashIdWords(unknown.flashId)).toBe('Maker unknown, 77 407F');
	});

	it('is not there where its lines stay low or high', async () => {
		expect(await read(0)).toEqual({ flashId: null, flashSizeBytes: null });
		expect(await read(-1)).toEqual({ flashId: null, flashSizeBytes: null });
	});
});
