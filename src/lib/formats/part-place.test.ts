import { describe, expect, it } from 'vitest';
import {
	buildAppImage,
	buildNvs,
	buildOtaData,
	buildPartitionTable,
	parsePartitionCsv,
	parsePartitionTable,
	placeOf,
	recogniseBin,
	type ChipFamily
} from './index';

const must = <T>(made: { ok: true; value: T } | { ok: false; error: unknown }): T => {
	if (!made.ok) throw new Error(JSON.stringify(made.error));
	return made.value;
};
const tableBytes = (csv: string) => must(buildPartitionTable(must(parsePartitionCsv(csv))));
const TWO_SLOTS = `nvs,data,nvs,0x9000,0x4000
otadata,data,ota,0xd000,0x2000
ota_0,app,ota_0,0x20000,0x100000
ota_1,app,ota_1,0x120000,0x100000
storage,data,littlefs,0x220000,0x10000
www,data,spiffs,0x230000,0x10000`;

/** What littlefs' `lfs_format` leaves at the start of its first two blocks: revision, tag, name. */
function littlefs(block: 0 | 1): Uint8Array {
	const image = new Uint8Array(0x4000).fill(0xff);
	image.set([1, 0, 0, 0, 0xf0, 0x0f, 0xff, 0xf7], 0x1000 * block);
	image.set(new TextEncoder().encode('littlefs'), 0x1000 * block + 8);
	return image;
}

/** What `spiffsgen.py` writes where there are no files. */
function spiffs(counted: boolean): Uint8Array {
	const blocks = 4;
	const image = new Uint8Array(0x1000 * blocks).fill(0xff);
	for (let block = 0; block < blocks; block++) {
		const magic = 0x20140529 ^ 256 ^ (counted ? blocks - block : 0);
		image.set([magic & 0xff, (magic >> 8) & 0xff], 0x1000 * block + 252);
	}
	return image;
}

const segment = (bytes: number) => ({ address: 0x3fc80000, bytes: new Uint8Array(bytes) });
const image = (bytes: number) => buildAppImage({ chipId: 5, entry: 0, segments: [segment(bytes)] });

describe('a file', () => {
	it('is known for a file system by its magic', () => {
		expect(recogniseBin(littlefs(0)).kind).toBe('littlefs');
		expect(recogniseBin(littlefs(1)).kind).toBe('littlefs');
		expect(recogniseBin(spiffs(true)).kind).toBe('spiffs');
		expect(recogniseBin(spiffs(false)).kind).toBe('spiffs');
		const damaged = spiffs(true);
		damaged[0x2000 + 252]! ^= 1;
		expect(recogniseBin(damaged).kind).toBe('unknown');
		expect(recogniseBin(spiffs(true).subarray(0, 0x3000 - 1)).kind).toBe('unknown');
	});

	it('is no bootloader where it is larger than one can be', () => {
		expect(recogniseBin(image(0x4000)).kind).toBe('bootloader');
		expect(recogniseBin(image(0x10000)).kind).toBe('app');
	});
});

describe('the place of a part', () => {
	const table = must(parsePartitionTable(tableBytes(TWO_SLOTS)));
	const at = (bytes: Uint8Array, family: ChipFamily = 'ESP32-C3', known: typeof table | undefined = table) =>
		placeOf(recogniseBin(bytes), family, known);

	it('of a bootloader is its chip’s', () => {
		const boot = image(0x100);
		const of = (family: ChipFamily) => at(boot, family);
		expect((['ESP32', 'ESP32-S2', 'ESP32-C3', 'ESP32-S3', 'ESP32-P4'] as const).map(of)).toStrictEqual([
			0x1000, 0x1000, 0, 0, 0x2000
		]);
	});

	it('is the partition that is made for it', () => {
		expect(at(tableBytes(TWO_SLOTS))).toBe(0x8000);
		expect(at(image(0x10000))).toBe(0x20000);
		expect(at(buildOtaData([{ sequence: 1, state: 'new' }, undefined]))).toBe(0xd000);
		expect(at(must(buildNvs([{ namespace: 'n', key: 'k', type: 'u8', value: 1 }], 0x3000)))).toBe(0x9000);
		expect(at(littlefs(0))).toBe(0x220000);
		expect(at(spiffs(true))).toBe(0x230000);
	});

	it('is Arduino’s spiffs for a LittleFS, and the factory app before a slot', () => {
		const csv = `ota_0,app,ota_0,0x10000,0x10000\napp,app,factory,0x20000,0x10000\nspiffs,data,spiffs,0x30000,0x10000`;
		const arduino = must(parsePartitionTable(tableBytes(csv)));
		expect(at(littlefs(0), 'ESP32', arduino)).toBe(0x30000);
		expect(at(image(0x10000), 'ESP32', arduino)).toBe(0x20000);
	});

	it('is not guessed where two would do or no table is known', () => {
		const csv = `app,app,factory,0x10000,0x10000\na,data,spiffs,0x30000,0x1000\nb,data,spiffs,0x40000,0x1000`;
		const twice = must(parsePartitionTable(tableBytes(csv)));
		expect(at(spiffs(true), 'ESP32', twice)).toBeUndefined();
		expect(placeOf(recogniseBin(littlefs(0)), 'ESP32', undefined)).toBeUndefined();
		expect(placeOf(recogniseBin(image(0x10000)), 'ESP32', undefined)).toBe(0x10000);
		expect(at(new Uint8Array(100))).toBeUndefined();
	});
});
