import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { parseCatalogue, parseManifest } from '$lib/formats';
import { readFlasherArgs } from './flasher-args';
import { manifestOf, withAvailable } from './node-manifest';

const args = {
	write_flash_args: ['--flash_mode', 'dio'],
	flash_settings: { flash_mode: 'dio', flash_size: '4MB', flash_freq: '80m' },
	flash_files: {
		'0x10000': 'fieldbench-node.bin',
		'0x0': 'bootloader/bootloader.bin',
		'0x8000': 'partition_table/partition-table.bin'
	},
	extra_esptool_args: { after: 'hard_reset', before: 'default_reset', stub: true, chip: 'esp32c3' }
};

describe('flasher_args.json', () => {
	it('gives the chip and the files by offset', () => {
		expect(readFlasherArgs(JSON.stringify(args))).toStrictEqual({
			chip: 'esp32c3',
			family: 'ESP32-C3',
			files: [
				{ offset: 0, file: 'bootloader/bootloader.bin' },
				{ offset: 0x8000, file: 'partition_table/partition-table.bin' },
				{ offset: 0x10000, file: 'fieldbench-node.bin' }
			]
		});
		const of = (chip: string) =>
			readFlasherArgs(JSON.stringify({ ...args, extra_esptool_args: { chip } }))?.family;
		expect(['esp32', 'esp32s3', 'esp32c6', 'esp99'].map(of)).toStrictEqual([
			'ESP32',
			'ESP32-S3',
			'ESP32-C6',
			undefined
		]);
	});

	it('is refused where it is something else or leads out of its folder', () => {
		expect(readFlasherArgs('{')).toBeUndefined();
		expect(readFlasherArgs('{}')).toBeUndefined();
		for (const flash_files of [{}, { '0x0': '../x.bin' }, { '0x0': '/x.bin' }, { start: 'x.bin' }]) {
			expect(readFlasherArgs(JSON.stringify({ ...args, flash_files }))).toBeUndefined();
		}
	});
});

describe('the catalogue', () => {
	const url = 'https://host/app/firmware/catalogue.json';
	const file = new URL('../../static/firmware/catalogue.json', import.meta.url);

	it('as it is kept offers the practice firmware', async () => {
		const read = parseCatalogue(await readFile(file, 'utf8'), url);
		expect(read.ok && read.value.entries.find((entry) => entry.id === 'practice')).toStrictEqual({
			id: 'practice',
			name: 'Practice firmware',
			family: 'FIELDBENCH-VIRTUAL',
			manifestUrl: 'https://host/app/firmware/practice/manifest.json',
			available: true
		});
	});

	it('after a release offers the chips that were built, and no other', async () => {
		const text = (await readFile(file, 'utf8')).replaceAll('"available": true', '"available": false');
		const read = parseCatalogue(withAvailable(text, ['ESP32-C3']), url);
		const offered = read.ok ? read.value.entries.filter((entry) => entry.available) : [];
		expect(offered.map((entry) => entry.family)).toStrictEqual(['ESP32-C3']);
	});

	it('goes with one manifest for all chips', () => {
		const parts = [{ path: 'esp32c3/app.bin', offset: 0x10000 }];
		const text = manifestOf('1.2.3', [{ family: 'ESP32-C3', parts }]);
		const read = parseManifest(text, 'https://host/app/firmware/node/manifest.json');
		expect(read.ok && read.value.builds[0]?.parts[0]?.url).toBe(
			'https://host/app/firmware/node/esp32c3/app.bin'
		);
	});
});
