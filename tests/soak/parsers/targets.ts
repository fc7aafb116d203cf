import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { zipSync } from 'fflate';
import { utf8 } from '../../../src/lib/base';
import { AnsiReader, TroubleReader } from '../../../src/lib/console';
import {
	buildAppDescriptor,
	buildAppImage,
	buildNvs,
	buildOtaData,
	buildPartitionTable,
	CHIP_IDS,
	findZipEnd,
	OTA_DATA_BYTES,
	PARTITION_TABLE_OFFSET,
	parseAppDescriptor,
	parseAppImage,
	parseBackupDescription,
	parseCatalogue,
	parseFlasherArgs,
	parseManifest,
	parseNvs,
	parseOtaData,
	parsePartitionCsv,
	parsePartitionTable,
	parseZipDirectory,
	recogniseBin,
	selectedSlot,
	writeBackupDescription,
	zipDataOffset
} from '../../../src/lib/formats';
import { splitLine } from '../../../src/lib/link';
import { readImprov } from '../../../src/lib/provision';
import { target, type ParserTarget } from './fuzz';
import { mendImprov, mendNvs, mendOtaData, toPages } from './mending';
import { damaged, damagedJson, textOf } from './mutation';
import { telemetryTargets } from './telemetry-targets';

const MANIFEST_URL = 'https://host.example/fw/manifest.json';

/** Throws where a builder refuses what a test gives it. */
function built<T>(result: { readonly ok: true; readonly value: T } | { readonly ok: false }): T {
	if (!result.ok) throw new Error('a seed could not be built');
	return result.value;
}

/** What Espressif's own generators wrote: tests/vectors/espressif.json. */
function espressif(): Map<string, { bytes: Uint8Array; csv: string }> {
	const vectors = JSON.parse(readFileSync('tests/vectors/espressif.json', 'utf8')) as readonly {
		readonly kind: string;
		readonly size: number;
		readonly rows: Readonly<Record<string, string>>;
		readonly csv?: string;
	}[];
	return new Map(
		vectors.map(({ kind, size, rows, csv = '' }) => {
			const bytes = new Uint8Array(size).fill(0xff);
			for (const [at, hex] of Object.entries(rows))
				bytes.set(Buffer.from(hex, 'hex'), Number.parseInt(at, 16));
			return [kind, { bytes, csv }];
		})
	);
}

const descriptor = buildAppDescriptor({
	project: 'fieldbench-node',
	version: '1.2.3',
	secureVersion: 0,
	time: '12:34:56',
	date: 'Jan  1 2026',
	idfVersion: 'v5.1',
	elfSha256: 'ab'.repeat(32)
});

const image = (chipId: number, hashAppended: boolean): Uint8Array =>
	buildAppImage({
		chipId,
		entry: 0x40380000,
		segments: [
			{ address: 0x3c000020, bytes: descriptor },
			{ address: 0x40380000, bytes: utf8('a second segment of some length'.repeat(4)) }
		],
		hashAppended
	});

const nvs = (): Uint8Array =>
	built(
		buildNvs(
			[
				{ namespace: 'fieldbench', key: 'wifi.ssid', type: 'string', value: 'Bench' },
				{ namespace: 'fieldbench', key: 'count', type: 'i32', value: -5 },
				{ namespace: 'other', key: 'big', type: 'blob', value: new Uint8Array(5000).fill(7) },
				{ namespace: 'other', key: 'wide', type: 'u64', value: 1n << 60n }
			],
			4 * 4096
		)
	);

const manifest = {
	name: 'Node',
	version: '1.0',
	home_assistant_domain: 'esphome',
	funding_url: 'https://host.example/help',
	new_install_prompt_erase: true,
	new_install_improv_wait_time: 10,
	builds: [
		{ chipFamily: 'ESP32', serialType: 'uart', parts: [{ path: 'a.bin', offset: 4096 }] },
		{
			chipFamily: 'ESP32-C3',
			parts: [
				{ path: '../b.bin', offset: 0 },
				{ path: 'c.bin', offset: 65536 }
			]
		}
	]
};

const flasherArgs = {
	write_flash_args: ['--flash_mode', 'dio', '--flash_size', '4MB', '--flash_freq', '80m'],
	flash_settings: { flash_mode: 'dio', flash_size: '4MB', flash_freq: '80m' },
	flash_files: { '0x0': 'bootloader/bootloader.bin', '0x20000': 'app.bin', '0x8000': 'partition-table.bin' },
	bootloader: { offset: '0x0', file: 'bootloader/bootloader.bin', encrypted: 'false' },
	extra_esptool_args: { after: 'hard_reset', before: 'default_reset', stub: true, chip: 'esp32c3' }
};

const catalogue: unknown = JSON.parse(readFileSync('static/firmware/catalogue.json', 'utf8'));

/** A bootloader's colours, a cursor that is moved, a title, and sequences that never end. */
const terminal = [
	'\u001b[0;32mI (31) boot: ESP-IDF v5.1\u001b[0m\r\n\u001b[1;31mE (99) wifi: lost\u001b[0m\n',
	'\u001b[2J\u001b[H\u001b[38;5;196mred\u001b[48;2;1;2;3mblue\u001b[m',
	'\u001b]0;title\u0007text\u001b]8;;http://x\u001b\\link',
	`\u001b[${'1;'.repeat(40)}m\u001b\u001b[\u001b(B\u009b31m`
].map(utf8);

/** What boards say when they crash, restart and run out: each sign is one that the console knows. */
const crashes = [
	"Guru Meditation Error: Core  1 panic'ed (StoreProhibited). Exception was unhandled.\nPC      : 0x400d1f2c  PS      : 0x00060630\nBacktrace: 0x400d1f29:0x3ffb5c90 0x400d2b37:0x3ffb5cb0 |<-CORRUPTED\nRebooting...\n",
	"Guru Meditation Error: Core  0 panic'ed (Load access fault).\nMEPC    : 0x42008a3e  RA      : 0x42008a3a\nStack memory:\n3fc90f10: 0x00000000 0x3c0a1b2c\n",
	'rst:0xc (SW_CPU_RESET),boot:0x13 (SPI_FAST_FLASH_BOOT)\nassert failed: xQueueSend queue.c:832 (pxQueue)\nabort() was called at PC 0x4008\n',
	'Brownout detector was triggered\nE (999) task_wdt: Task watchdog got triggered.\nE (999) task_wdt:  - IDLE0 (CPU 0)\nwifi: reason 15 4WAY_HANDSHAKE_TIMEOUT\n'
].map(utf8);

/** Lines with a piece of time between them, over and over, as a board in a loop says them. */
function readCrashes(bytes: Uint8Array): void {
	const reader = new TroubleReader();
	for (const [id, text] of textOf(bytes).split('\n').entries())
		reader.read({ id, atMs: 700 * id, from: 'board', text, runs: [] });
	const { list, dropped } = reader.found;
	if (list.length + dropped > bytes.length) throw new Error('more troubles than characters');
}

const backup: unknown = JSON.parse(
	writeBackupDescription({
		...{
			chip: 'ESP32-C3',
			practice: false,
			revision: 'v0.4',
			mac: 'aa:bb:cc:dd:ee:ff',
			takenMs: 1_780_000_000_000
		},
		...{ flashSizeBytes: 4 << 20, encrypted: false, offset: 0, length: 4 << 20, sha256: 'ab'.repeat(32) },
		partitions: [
			{ label: 'nvs', type: 1, subtype: 2, offset: 0x9000, size: 0x5000, encrypted: false, readOnly: false }
		]
	})
);

function listZip(zip: Uint8Array): unknown {
	const end = findZipEnd(zip, zip.length);
	if (!end.ok) return end;
	const { offset, lengthBytes } = end.value;
	const entries = parseZipDirectory(zip.subarray(offset, offset + lengthBytes), end.value);
	if (!entries.ok) return entries;
	for (const { entry } of entries.value) if (entry.ok) zipDataOffset(zip.subarray(entry.value.headerOffset));
	return entries;
}

/** The same stream in one piece and in pieces of `size` says the same. */
function readTerminal({ bytes, size }: { bytes: Uint8Array; size: number }): void {
	const text = new TextDecoder().decode(bytes);
	const whole = saying(new AnsiReader(), [text]);
	const pieces = text.match(new RegExp(`[^]{1,${size}}`, 'gu')) ?? [];
	if (saying(new AnsiReader(), pieces) !== whole) throw new Error('cut otherwise, it says something else');
}

function saying(reader: AnsiReader, pieces: readonly string[]): string {
	let said = '';
	let before = '';
	for (const event of pieces.flatMap((piece) => reader.read(piece))) {
		const style = event.kind === 'text' ? JSON.stringify(event.style) : event.kind;
		said +=
			(style === before && event.kind === 'text' ? '' : `\u0001${style}\u0001`) +
			(event.kind === 'text' ? event.text : '');
		before = style;
	}
	return said;
}

/** Every parser of what comes from outside: a file, an address, a cable. */
export function parserTargets(): readonly ParserTarget[] {
	const vectors = espressif();
	const table = vectors.get('partition-table')!;
	const images = [image(CHIP_IDS['ESP32-C3'], true), image(CHIP_IDS.ESP32, false)];
	const otaData = buildOtaData([
		{ sequence: 3, state: 'valid' },
		{ sequence: 4, state: 'pending-verify' }
	]);
	const nvsFiles = [nvs(), vectors.get('nvs')!.bytes].map((bytes) => bytes.subarray(0, 4 * 4096));
	const merged = new Uint8Array(PARTITION_TABLE_OFFSET + 0x1000).fill(0xff);
	merged.set(images[0]!);
	merged.set(table.bytes.subarray(0, 0xc00), PARTITION_TABLE_OFFSET);
	const zip = zipSync({ build: { 'app.bin': images[0]!, 'flasher_args.json': utf8('{}') }, empty: {} });
	const own = built(buildPartitionTable(built(parsePartitionCsv(table.csv))));
	const improv = improvPackets();
	return [
		target('image', damaged(images), parseAppImage),
		target('app descriptor', damaged([descriptor]), parseAppDescriptor),
		target('partition table', damaged([table.bytes, own]), parsePartitionTable),
		target('partition csv', damaged([utf8(table.csv)]).map(textOf), parsePartitionCsv),
		target('otadata', damaged([otaData], mendOtaData).map(withOtaSize), readOtaData),
		target(
			'nvs',
			damaged(nvsFiles, (bytes) => mendNvs(toPages(bytes))),
			parseNvs
		),
		target('manifest', damagedJson([manifest]), (text) => parseManifest(text, MANIFEST_URL)),
		target('catalogue', damagedJson([catalogue]), (text) => parseCatalogue(text, MANIFEST_URL)),
		target('flasher_args', damagedJson([flasherArgs]), parseFlasherArgs),
		target('backup description', damagedJson([backup]), parseBackupDescription),
		target('crashes', damaged(crashes), readCrashes),
		target('zip directory', damaged([zip]), listZip),
		target('any file', damaged([merged, ...images, otaData, table.bytes, zip]), recogniseBin),
		target(
			'ansi',
			fc.record({ bytes: damaged(terminal), size: fc.integer({ min: 1, max: 9 }) }),
			readTerminal
		),
		target('improv', damaged(improv, mendImprov), readLine),
		...telemetryTargets()
	];
}

/** Mostly as long as the partition is: anything shorter is refused at once. */
const withOtaSize = (bytes: Uint8Array): Uint8Array => {
	const whole = new Uint8Array(OTA_DATA_BYTES).fill(0xff);
	whole.set(bytes.subarray(0, whole.length));
	return bytes.length % 8 === 7 ? bytes : whole;
};

function readOtaData(bytes: Uint8Array): unknown {
	const read = parseOtaData(bytes);
	if (read.ok && ![undefined, 0, 1].includes(selectedSlot(read.value, 2)))
		throw new Error('a slot that is none');
	return read;
}

function readLine(bytes: Uint8Array): void {
	for (const piece of splitLine(bytes).pieces) if (piece.kind === 'improv') readImprov(piece);
}

/** Every answer of tests/vectors/improv.json, a log line before it. */
function improvPackets(): Uint8Array[] {
	const cases = JSON.parse(readFileSync('tests/vectors/improv.json', 'utf8')) as readonly {
		readonly steps: readonly { readonly answer: readonly { readonly hex?: string }[] }[];
	}[];
	return cases
		.flatMap(({ steps }) => steps)
		.map(({ answer }) =>
			Buffer.concat([
				Buffer.from('I (99) wifi: IMPROVised\n'),
				...answer.flatMap(({ hex }) => (hex === undefined ? [] : [Buffer.from(hex, 'hex')]))
			])
		);
}
