// Packs the practice firmware: the WebAssembly of the virtual device inside an image of Espressif's format, with a bootloader and
// the real application's partition table, and a manifest that lists them (docs/formats.md, "The practice image").
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { sha256 } from '@noble/hashes/sha2.js';
import { assert, concatBytes, sameBytes, toHex, utf8, type Result } from '$lib/base';
import {
	buildAppDescriptor,
	buildAppImage,
	buildPartitionTable,
	bootloaderOffset,
	parseAppImage,
	parseManifest,
	parsePartitionCsv,
	PARTITION_TABLE_OFFSET,
	PRACTICE_CHIP_ID,
	PRACTICE_ESP32_FAMILY,
	PRACTICE_FAMILY,
	PRACTICE_WASM_ADDRESS,
	type ChipFamily
} from '$lib/formats';

const root = fileURLToPath(new URL('..', import.meta.url));
const wasmFile = join(root, 'static', 'firmware', 'virtual', 'fieldbench.wasm');
const out = join(root, 'static', 'firmware', 'practice');

/** Where an ESP32-C3 maps constant data from flash; 0x20 in, because the image's headers come first in the page. */
const DROM_ADDRESS = 0x3c000020;
/** Where the bootloader of an ESP32-C3 is loaded. */
const BOOTLOADER_ADDRESS = 0x403cc710;

/**
 * Reads the WebAssembly that scripts/build-firmware.mjs has made and writes static/firmware/practice/.
 * @returns bytes of app.bin
 */
export async function packPractice(): Promise<number> {
	const [wasm, version, csv] = await Promise.all([
		readFile(wasmFile),
		readVersion(),
		readFile(join(root, 'firmware', 'apps', 'node', 'partitions.csv'), 'utf8')
	]);
	const files = practiceFiles(wasm, version, csv);
	await mkdir(out, { recursive: true });
	for (const [name, bytes] of files) await writeWhole(join(out, name), bytes);
	return files.get('app.bin')!.length;
}

/**
 * The same input gives the same bytes.
 * @param csv the partition table as text
 * @returns file name → content
 * @throws where the result would not be read back as what it is
 */
export function practiceFiles(
	wasm: Uint8Array,
	version: string,
	csv: string
): ReadonlyMap<string, Uint8Array> {
	const partitions = valueOf(parsePartitionCsv(csv), 'firmware/apps/node/partitions.csv');
	const appPartition = partitions.find((p) => p.label === 'ota_0');
	assert(appPartition, 'the partition table has an ota_0');

	const files = new Map<string, Uint8Array>([
		['bootloader.bin', bootloader()],
		['partitions.bin', valueOf(buildPartitionTable(partitions), 'the partition table')],
		['app.bin', app(wasm, version)]
	]);
	const names = [...files.keys()];
	/** The same files for each: only where the ROM looks for the bootloader differs. */
	const build = (chipFamily: ChipFamily) => {
		const offsets = [bootloaderOffset(chipFamily), PARTITION_TABLE_OFFSET, appPartition.offset];
		return { chipFamily, parts: names.map((path, i) => ({ path, offset: offsets[i] })) };
	};
	const manifest = `${JSON.stringify(
		{
			name: 'Fieldbench practice firmware',
			version,
			new_install_prompt_erase: true,
			new_install_improv_wait_time: 10,
			builds: [build(PRACTICE_FAMILY), build(PRACTICE_ESP32_FAMILY)]
		},
		null,
		'\t'
	)}\n`;
	check(files, manifest, appPartition.size);
	return files.set('manifest.json', utf8(manifest));
}

/** A board's ROM starts the bootloader; the practice board does what it would do, and looks only that one is there. */
function bootloader(): Uint8Array {
	const text = utf8('Fieldbench practice bootloader: for the virtual board, never for a chip.\0');
	return buildAppImage({
		chipId: PRACTICE_CHIP_ID,
		entry: BOOTLOADER_ADDRESS,
		segments: [{ address: BOOTLOADER_ADDRESS, bytes: text }]
	});
}

function app(wasm: Uint8Array, version: string): Uint8Array {
	const length = new Uint8Array(4);
	new DataView(length.buffer).setUint32(0, wasm.length, true);
	const descriptor = buildAppDescriptor({
		project: 'fieldbench-node',
		version,
		secureVersion: 0,
		// Of no hour, so that the same source gives the same file.
		time: '00:00:00',
		date: 'Jan  1 1970',
		idfVersion: 'practice',
		elfSha256: toHex(sha256(wasm))
	});
	return buildAppImage({
		chipId: PRACTICE_CHIP_ID,
		entry: PRACTICE_WASM_ADDRESS,
		segments: [
			{ address: DROM_ADDRESS, bytes: descriptor },
			{ address: PRACTICE_WASM_ADDRESS, bytes: concatBytes([length, wasm]) }
		]
	});
}

/** What we packed must be what a page reads, or nothing is written. */
function check(files: ReadonlyMap<string, Uint8Array>, manifest: string, appRoomBytes: number): void {
	for (const name of ['bootloader.bin', 'app.bin']) {
		const image = valueOf(parseAppImage(files.get(name)!), name);
		assert(image.checksumOk && image.hash.kind === 'ok', `${name} holds`);
		assert(image.chipId === PRACTICE_CHIP_ID, `${name} is for the practice board`);
		assert(name !== 'app.bin' || image.descriptor?.project === 'fieldbench-node', `${name} names itself`);
		assert(image.sizeBytes <= appRoomBytes, `${name} fits its partition`);
	}
	valueOf(parseManifest(manifest, 'https://host/firmware/practice/manifest.json'), 'manifest.json');
}

async function readVersion(): Promise<string> {
	const text = await readFile(join(root, 'firmware', 'core', 'version.h'), 'utf8');
	const found = /kFirmwareVersion\[\]\s*=\s*"([^"]+)"/u.exec(text)?.[1];
	assert(found, 'firmware/core/version.h names a version');
	return found;
}

function valueOf<T>(result: Result<T, unknown>, what: string): T {
	if (!result.ok) throw new Error(`${what}: ${JSON.stringify(result.error)}`);
	return result.value;
}

/** Two builds at once must not leave half a file, and what is unchanged is left in peace: the build's name is made from it. */
async function writeWhole(file: string, bytes: Uint8Array): Promise<void> {
	const before = await readFile(file).catch(() => undefined); // not there yet
	if (before && sameBytes(before, bytes)) return;
	const part = `${file}.${process.pid}.part`;
	await writeFile(part, bytes);
	await rename(part, file);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
	const bytes = await packPractice();
	process.stdout.write(`practice firmware: app.bin ${(bytes / 1024).toFixed(1)} KiB\n`);
}
