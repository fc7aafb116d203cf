import fc from 'fast-check';
import { zipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { buildAppImage } from '$lib/formats';
import { openPicked, type PickedFile } from './sources-build';
import { partFault } from './sources-check';

const app = buildAppImage({
	chipId: 5,
	entry: 0,
	segments: [{ address: 0x3fc80000, bytes: new Uint8Array(70_000).fill(3) }]
});
const boot = buildAppImage({
	chipId: 5,
	entry: 0,
	segments: [{ address: 0x3fc80000, bytes: Uint8Array.of(1, 2, 3, 4) }]
});
const args = (files: Record<string, string>) =>
	JSON.stringify({ flash_files: files, extra_esptool_args: { chip: 'esp32c3' } });
const ARGS = args({ '0x0': 'bootloader/bootloader.bin', '0x10000': 'node.bin' });
const text = (words: string) => new TextEncoder().encode(words);
const BUILD = {
	'build/flasher_args.json': text(ARGS),
	'build/node.bin': app,
	'build/bootloader/bootloader.bin': boot,
	'build/node.elf': Uint8Array.of(0x7f, 0x45, 0x4c, 0x46)
};

const picked = (files: Record<string, Uint8Array<ArrayBuffer>>): PickedFile[] =>
	Object.entries(files).map(([path, bytes]) => ({ path, file: new Blob([bytes]) }));
const zipped = (files: Record<string, Uint8Array<ArrayBuffer>>) => picked({ 'build.zip': zipSync(files) });
const faults = async (files: readonly PickedFile[]) =>
	(await openPicked(files)).map((found) => (found.ok ? 'ok' : found.error));

const WHOLE = {
	ok: true,
	value: {
		args: { family: 'ESP32-C3' },
		parts: [
			{ name: 'bootloader.bin', offset: 0, bytes: boot },
			{ name: 'node.bin', offset: 0x10000, bytes: app }
		]
	}
};

/** `zip -r - build | cat`: flasher_args.json and the bootloader above. */
const INFO_ZIP =
	'UEsDBAoAAAAAAJRodV0AAAAAAAAAAAAAAAAGABwAYnVpbGQvVVQJAAPolgFr6JYBa3V4CwABBAAAAAAEAAAAAFBLAwQUAAgACACUaHVdAAAAAA' +
	'AAAABbAAAAFwAcAGJ1aWxkL2ZsYXNoZXJfYXJncy5qc29uVVQJAAPolgFr6JYBa3V4CwABBAAAAAAEAAAAAKtWSstJLM6IT8vMSS1WsqpWMqgw' +
	'ULJSSsrPL8nJT0xJLdJHMPWSMvOUanWUUitKihLjU4sLSvLzc+ITi9LBGpMzMguAOoHCxkbJxkq1tQBQSwcIpUkERk8AAABbAAAAUEsDBAoAAA' +
	'AAAJRodV0AAAAAAAAAAAAAAAARABwAYnVpbGQvYm9vdGxvYWRlci9VVAkAA+iWAWvolgFrdXgLAAEEAAAAAAQAAAAAUEsDBBQACAAIAJRodV0A' +
	'AAAAAAAAAFAAAAAfABwAYnVpbGQvYm9vdGxvYWRlci9ib290bG9hZGVyLmJpblVUCQAD6JYBa+iWAWt1eAsAAQQAAAAABAAAAAB7ycikwAAE74' +
	'CYFcT4/x9EMjIwnLBnATGYmEEUDLzOePLa5OHmrCluf3i+7TD8FWydd/rkbe/MVw/f/ZBr+spuAQBQSwcIfQm9cUIAAABQAAAAUEsBAh4DCgAA' +
	'AAAAlGh1XQAAAAAAAAAAAAAAAAYAGAAAAAAAAAAQAO1BAAAAAGJ1aWxkL1VUBQAD6JYBa3V4CwABBAAAAAAEAAAAAFBLAQIeAxQACAAIAJRodV' +
	'2lSQRGTwAAAFsAAAAXABgAAAAAAAEAAACkgUAAAABidWlsZC9mbGFzaGVyX2FyZ3MuanNvblVUBQAD6JYBa3V4CwABBAAAAAAEAAAAAFBLAQIe' +
	'AwoAAAAAAJRodV0AAAAAAAAAAAAAAAARABgAAAAAAAAAEADtQfAAAABidWlsZC9ib290bG9hZGVyL1VUBQAD6JYBa3V4CwABBAAAAAAEAAAAAF' +
	'BLAQIeAxQACAAIAJRodV19Cb1xQgAAAFAAAAAfABgAAAAAAAAAAACkgTsBAABidWlsZC9ib290bG9hZGVyL2Jvb3Rsb2FkZXIuYmluVVQFAAPo' +
	'lgFrdXgLAAEEAAAAAAQAAAAAUEsFBgAAAAAEAAQAZQEAAOYBAAAAAA==';

describe('what a person chose', () => {
	it('may be a build folder, its zip, or the files of it beside each other', async () => {
		expect(await openPicked(picked(BUILD))).toMatchObject([WHOLE]);
		expect(await openPicked(zipped(BUILD))).toMatchObject([WHOLE]);
		const flat = Object.entries(BUILD).map(([path, bytes]) => [path.split('/').at(-1)!, bytes] as const);
		expect(await openPicked(picked(Object.fromEntries(flat)))).toMatchObject([WHOLE]);
	});

	it('may be a zip that Info-ZIP wrote to a pipe, with its sizes after the bytes', async () => {
		const zip = Uint8Array.from(Buffer.from(INFO_ZIP, 'base64'));
		expect(await openPicked(picked({ 'made.ZIP': zip }))).toMatchObject([
			{ value: { name: 'made.ZIP', parts: [{ name: 'bootloader.bin', offset: 0, bytes: boot }] } }
		]);
	});

	it('may be a folder without flasher_args.json, as PlatformIO leaves it', async () => {
		const found = await openPicked(
			picked({ 'esp32/firmware.bin': app, 'esp32/bootloader.bin': boot, 'esp32/lib/a/x.bin': boot })
		);
		expect(found).toMatchObject([
			{ value: { name: 'esp32', parts: [{ name: 'firmware.bin' }, { name: 'bootloader.bin' }] } }
		]);
		expect(found[0]).not.toHaveProperty('value.parts.0.offset');
	});

	it('names what is wrong with it, and takes the rest', async () => {
		const { 'build/node.bin': _, ...without } = BUILD;
		expect(await faults(picked(without))).toMatchObject([{ kind: 'file-missing', missing: ['node.bin'] }]);
		expect(await faults(picked({ ...BUILD, 'build/flasher_args.json': text('{') }))).toMatchObject([
			{ kind: 'args-fault', fault: { kind: 'not-json' } }
		]);
		const outside = args({ '0x0': '../secret.bin' });
		expect(await faults(picked({ ...BUILD, 'build/flasher_args.json': text(outside) }))).toMatchObject([
			{ kind: 'args-fault', fault: { kind: 'outside' } }
		]);
		expect(await faults(picked({ 'a/x/f.bin': app, 'a/y/f.bin': app }))).toMatchObject([
			{ kind: 'several-builds', folders: ['a/x/', 'a/y/'] }
		]);
		expect(await faults(picked({ 'a/readme.md': app }))).toMatchObject([{ kind: 'no-firmware', files: 1 }]);
		expect(await faults(picked({ 'b.zip': text('<html>'), 'node.bin': app }))).toMatchObject([
			{ kind: 'zip-fault', fault: { kind: 'not-a-zip' } },
			'ok'
		]);
	});

	it('is not unpacked where it is damaged or says another size', async () => {
		const zip = zipSync({ 'a.bin': new Uint8Array(100_000).fill(9) });
		const view = new DataView(zip.buffer);
		const directory = view.getUint32(zip.length - 6, true);
		const changed = (at: number, value: number) => {
			const copy = zip.slice();
			new DataView(copy.buffer).setUint32(at, value, true);
			return faults(picked({ 'bomb.zip': copy }));
		};
		expect(await changed(0, 0x04034b50)).toStrictEqual(['ok']);
		expect(await changed(directory + 24, 1000)).toMatchObject([{ kind: 'damaged', path: 'a.bin' }]);
		expect(await changed(directory + 24, 200_000)).toMatchObject([{ kind: 'damaged' }]);
		expect(await changed(directory + 16, 1)).toMatchObject([{ kind: 'damaged' }]);
		expect(await changed(directory + 24, 0x7fffffff)).toMatchObject([{ kind: 'too-large' }]);
		expect(await changed(directory + 42, 0x7fffffff)).toMatchObject([{ fault: { kind: 'cut-short' } }]);
	});

	it('gives back what was packed, and never throws whatever changed', async () => {
		const zip = zipSync(BUILD);
		const change = fc.tuple(fc.nat(zip.length - 1), fc.nat(255));
		await fc.assert(
			fc.asyncProperty(fc.array(change, { maxLength: 4 }), async (changes) => {
				const copy = zip.slice();
				for (const [at, value] of changes) copy[at] = value;
				const [found] = await openPicked(picked({ 'build.zip': copy }));
				// Whatever is given out passed its CRC.
				if (found?.ok && found.value.args)
					for (const part of found.value.parts)
						expect([app.length, boot.length, 4]).toContain(part.bytes.length);
			}),
			{ numRuns: 60 }
		);
	});
});

describe('a file that is no firmware', () => {
	const kind = (bytes: Uint8Array) => partFault(bytes, 'ESP32-C3')?.kind;

	it('is told by what it is', () => {
		const wrong = app.slice();
		wrong[100]! ^= 1;
		expect(kind(app)).toBeUndefined();
		expect(kind(wrong)).toBe('hash-wrong');
		expect(kind(new Uint8Array())).toBe('empty');
		expect(kind(text('\n<!DOCTYPE html>'))).toBe('html-instead');
		expect(partFault(app.subarray(0, 50_000), 'ESP32-C3')).toStrictEqual({
			kind: 'cut-short',
			wantedBytes: 24 + 8 + 70_000,
			gotBytes: 50_000
		});
		expect(kind(Uint8Array.of(0xe9, 200, ...new Uint8Array(100)))).toBe('not-an-image');
		expect(kind(Uint8Array.of(0x7f, 0x45, 0x4c, 0x46))).toBe('other-format');
		expect(partFault(text(':020000040800F2'), 'ESP32')).toMatchObject({ format: 'intel-hex' });
		expect(kind(Uint8Array.of(1, 2, 3))).toBeUndefined();
		expect(partFault(Uint8Array.of(0xe9, 1, 2, 3), 'ESP8266')).toBeUndefined();
	});
});
