import { describe, expect, it } from 'vitest';
import { concatBytes, utf8 } from '$lib/base';
import {
	buildAppImage,
	buildOtaData,
	buildPartitionTable,
	parsePartitionCsv,
	PRACTICE_CHIP_ID,
	PRACTICE_WASM_ADDRESS
} from '$lib/formats';
import { bootFrom } from './boot';
import { MemorySparseFlash } from './sparse-flash';

const SLOT_BYTES = 0x10000;
const OTA_0 = 0x10000;
const OTA_1 = 0x20000;
const FACTORY = 0x30000;
const OTA =
	'otadata,data,ota,0xe000,0x2000\nota_0,app,ota_0,0x10000,0x10000\nota_1,app,ota_1,0x20000,0x10000\n';

const ROM_PART = buildAppImage({
	...{ chipId: PRACTICE_CHIP_ID, entry: 1, segments: [{ address: 0x403cc710, bytes: utf8('boot') }] }
});

/** An image whose program is `tag`, 4 characters. */
const app = (tag: string, chipId: number = PRACTICE_CHIP_ID) =>
	buildAppImage({
		...{ chipId, entry: 1 },
		segments: [{ address: PRACTICE_WASM_ADDRESS, bytes: concatBytes([Uint8Array.of(4, 0, 0, 0), utf8(tag)]) }]
	});

function table(csv: string): Uint8Array {
	const rows = parsePartitionCsv(csv);
	const built = rows.ok ? buildPartitionTable(rows.value) : rows;
	if (!built.ok) throw new Error(JSON.stringify(built.error));
	return built.value;
}

/** A flash with a bootloader, a table and these images. @param sequence of otadata; absent: as erased */
function flash(
	images: readonly (readonly [number, Uint8Array])[],
	{ csv = OTA, sequence }: { csv?: string; sequence?: number } = {}
): MemorySparseFlash {
	const made = new MemorySparseFlash(4 << 20);
	made.program(0, ROM_PART);
	made.program(0x8000, table(csv));
	if (sequence !== undefined)
		made.program(0xe000, buildOtaData([{ sequence, state: 'undefined' }, undefined]));
	for (const [offset, bytes] of images) made.program(offset, bytes);
	return made;
}

/** The program that is started, or why none is. */
function started(from: MemorySparseFlash): string {
	const { outcome } = bootFrom(from, 'ESP32-C3');
	return outcome.kind === 'app' ? new TextDecoder().decode(outcome.app.wasm) : outcome.fault.kind;
}
const logOf = (from: MemorySparseFlash): string => bootFrom(from, 'ESP32-C3').log.join('\n');

describe('which program is started', () => {
	const both = [
		[OTA_0, app('zero')],
		[OTA_1, app('one.')]
	] as const;

	it.each([
		['none', undefined, 'zero'],
		['1', 1, 'zero'],
		['2', 2, 'one.'],
		['5, which goes round', 5, 'zero']
	])('with the sequence %s', (_, sequence, tag) =>
		expect(started(flash(both, sequence === undefined ? {} : { sequence }))).toBe(tag)
	);

	it('is the factory app where otadata was erased, and where there is none', () => {
		const factory = [...both, [FACTORY, app('fact')]] as const;
		const csv = `${OTA}factory,app,factory,0x30000,0x10000\n`;
		expect(started(flash(factory, { csv }))).toBe('fact');
		expect(started(flash(factory, { csv: csv.slice(csv.indexOf('ota_0')) }))).toBe('fact');
		expect(started(flash(factory, { csv, sequence: 2 }))).toBe('one.');
	});

	it('is the one before where the chosen one is damaged, and the log names the slot', () => {
		const from = flash(both, { sequence: 2 });
		from.program(OTA_1 + 0x24, Uint8Array.of(0));
		expect(started(from)).toBe('zero');
		expect(logOf(from)).toContain('OTA app partition slot 1 is not bootable');
	});

	it('is a later one where nothing lies in the chosen one and before it', () => {
		expect(started(flash([[OTA_1, app('one.')]], { sequence: 1 }))).toBe('one.');
	});
});

describe('what is wrong is told in the line of whoever finds it', () => {
	const practice = app('app.');
	const harmed = (at: number, bytes: Uint8Array) => {
		const from = flash([[OTA_0, practice]]);
		from.program(at, bytes);
		return from;
	};
	const ZERO = Uint8Array.of(0);

	it.each([
		['no bootloader', new MemorySparseFlash(4 << 20), 'no-bootloader', 'invalid header: 0xffffffff'],
		[
			'a bootloader with a flipped bit',
			harmed(0x20, ZERO),
			'bootloader-damaged',
			/Checksum failure\. Calculated 0x[0-9a-f]{2} stored 0x[0-9a-f]{2}\nets_main\.c 333/u
		],
		['a bootloader with no segments', harmed(1, ZERO), 'bootloader-damaged', 'bad-segment-count'],
		[
			'an app with a flipped bit',
			harmed(OTA_0 + 0x24, ZERO),
			'app-damaged',
			/esp_image: Checksum failed\. Calculated 0x[0-9a-f]+ read 0x[0-9a-f]+/u
		],
		[
			'an app whose hash is another',
			harmed(OTA_0 + practice.length - 1, ZERO),
			'app-damaged',
			'Image hash failed - image is corrupt'
		],
		[
			'nothing in the place',
			flash([]),
			'no-app',
			'image at 0x10000 has invalid magic byte (nothing flashed here?)'
		],
		[
			'an app for a real chip',
			flash([[OTA_0, app('app.', 5)]]),
			'foreign',
			'mismatch chip ID, expected 64256, found 5'
		]
	])('%s', (_, from, what, line) => {
		expect(started(from)).toBe(what);
		expect(logOf(from)).toMatch(line);
	});

	it('an image that goes on beyond its place', () => {
		const large = buildAppImage({
			...{ chipId: PRACTICE_CHIP_ID, entry: 1 },
			segments: [{ address: PRACTICE_WASM_ADDRESS, bytes: new Uint8Array(SLOT_BYTES) }]
		});
		const from = flash([[OTA_0, large]]);
		expect(started(from)).toBe('app-damaged');
		expect(logOf(from)).toMatch(/Image length \d+ doesn't fit in partition length 65536/u);
	});

	it('a bootloader whose hash alone is wrong is started, as without secure boot', () => {
		const from = flash([[OTA_0, practice]]);
		from.program(ROM_PART.length - 1, ZERO);
		expect(started(from)).toBe('app.');
		expect(logOf(from)).toMatch(/^SHA-256 comparison failed:/u);
	});
});
