import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseFlasherArgs } from './index';

/** As ESP-IDF v5 writes it for an app with two slots. */
const ARGS = {
	write_flash_args: ['--flash_mode', 'dio', '--flash_size', '4MB', '--flash_freq', '80m'],
	flash_settings: { flash_mode: 'dio', flash_size: '4MB', flash_freq: '80m' },
	flash_files: {
		'0x0': 'bootloader/bootloader.bin',
		'0x20000': 'fieldbench-node.bin',
		'0x8000': 'partition_table/partition-table.bin',
		'0xf000': 'ota_data_initial.bin'
	},
	bootloader: { offset: '0x0', file: 'bootloader/bootloader.bin', encrypted: 'false' },
	app: { offset: '0x20000', file: 'fieldbench-node.bin', encrypted: 'false' },
	extra_esptool_args: { after: 'hard_reset', before: 'default_reset', stub: true, chip: 'esp32c3' }
};
const read = (args: unknown) => parseFlasherArgs(JSON.stringify(args));
const fault = (args: unknown) => {
	const found = read(args);
	return found.ok ? 'ok' : `${found.error.kind} ${found.error.field}`;
};

describe('flasher_args.json', () => {
	it('gives the chip, the settings and the files by offset', () => {
		expect(read(ARGS)).toStrictEqual({
			ok: true,
			value: {
				chip: 'esp32c3',
				family: 'ESP32-C3',
				files: [
					{ offset: 0, file: 'bootloader/bootloader.bin' },
					{ offset: 0x8000, file: 'partition_table/partition-table.bin' },
					{ offset: 0xf000, file: 'ota_data_initial.bin' },
					{ offset: 0x20000, file: 'fieldbench-node.bin' }
				],
				settings: { mode: 'dio', size: '4MB', frequency: '80m' },
				writeArgs: ARGS.write_flash_args
			}
		});
	});

	it('knows the chips by the names that ESP-IDF gives them', () => {
		const of = (chip: string) => {
			const found = read({ ...ARGS, extra_esptool_args: { chip } });
			return found.ok ? found.value.family : found.error.kind;
		};
		expect(['esp32', 'esp32s3', 'esp32c61', 'esp32p4', 'esp99'].map(of)).toStrictEqual([
			'ESP32',
			'ESP32-S3',
			'ESP32-C61',
			'ESP32-P4',
			'unknown-chip'
		]);
	});

	it('takes what older builds leave out, and paths as Windows writes them', () => {
		const files = { '0x10000': '.\\sub\\app.bin' };
		const found = read({ flash_files: files, extra_esptool_args: { chip: 'esp32' } });
		expect(found).toMatchObject({
			ok: true,
			value: { files: [{ offset: 0x10000, file: 'sub/app.bin' }], settings: {}, writeArgs: [] }
		});
	});

	it('is refused for the rest, naming the field', () => {
		const files = (flash_files: unknown) => fault({ ...ARGS, flash_files });
		expect(parseFlasherArgs('{')).toMatchObject({ error: { kind: 'not-json' } });
		expect(fault({})).toBe('missing extra_esptool_args');
		expect(fault({ ...ARGS, extra_esptool_args: {} })).toBe('missing extra_esptool_args.chip');
		expect(files(undefined)).toBe('missing flash_files');
		expect(files({})).toBe('bad-value flash_files');
		expect(files({ start: 'x.bin' })).toBe('bad-value flash_files["start"]');
		expect(files({ '0x10000000': 'x.bin' })).toBe('bad-value flash_files["0x10000000"]');
		expect(files({ '0x0': 3 })).toBe('wrong-type flash_files["0x0"]');
		expect(files({ '0x0': 'a.bin', '0x00': 'b.bin' })).toBe('ambiguous flash_files["0x00"]');
		for (const path of ['../x.bin', '/x.bin', 'a/../../x.bin', 'C:\\x.bin', '\\\\host\\x.bin', './.'])
			expect(files({ '0x0': path })).toBe('outside flash_files["0x0"]');
		expect(fault({ ...ARGS, write_flash_args: [3] })).toBe('wrong-type write_flash_args');
		expect(fault({ ...ARGS, flash_settings: { flash_mode: 3 } })).toBe(
			'wrong-type flash_settings.flash_mode'
		);
		expect(fault({ ...ARGS, app: { encrypted: 'true' } })).toBe('encrypted app.encrypted');
		expect(parseFlasherArgs(' '.repeat(70_000))).toMatchObject({ error: { kind: 'too-large' } });
	});

	it('never throws and never leads out, whatever it says', () => {
		fc.assert(fc.property(fc.json(), (text) => void parseFlasherArgs(text)));
		const path = fc
			.array(fc.constantFrom('..', '.', '', 'a', '/', '\\', 'C:', 'b.bin'))
			.map((s) => s.join('/'));
		const files = fc.dictionary(fc.oneof(fc.nat().map(String), fc.string()), fc.oneof(path, fc.string()));
		fc.assert(
			fc.property(files, (flash_files) => {
				const found = read({ ...ARGS, flash_files });
				if (!found.ok) return;
				for (const { file, offset } of found.value.files) {
					expect(file.split(/[/\\]/u)).not.toContain('..');
					expect(file).toMatch(/^[^/\\]/u);
					expect(offset).toBeLessThan(128 * 1024 * 1024);
				}
			})
		);
		fc.assert(fc.property(fc.jsonValue(), (value) => void read({ ...ARGS, [`flash_settings`]: value })));
	});
});
