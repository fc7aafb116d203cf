import {
	OTA_DATA_BYTES,
	PARTITION_TABLE_BYTES,
	PARTITION_TABLE_OFFSET,
	parseAppImage,
	parseOtaData,
	parsePartitionTable,
	PRACTICE_CHIP_ID,
	PRACTICE_WASM_ADDRESS,
	selectedSlot,
	type AppDescriptor,
	type AppImage,
	type ImageFault,
	type Partition
} from '$lib/formats';
import type { SparseFlash } from './sparse-flash';

/** Why nothing runs. The log on the cable says the same, as the real ROM and bootloader say it. */
export type BootFault =
	| { kind: 'no-bootloader' }
	| { kind: 'foreign'; what: 'bootloader' | 'app'; chipId: number }
	| { kind: 'no-partition-table' }
	| { kind: 'no-app' }
	| { kind: 'app-damaged' }
	| { kind: 'not-practice-firmware' };

/** What a bootloader would hand over to. */
export interface BootedApp {
	readonly descriptor: AppDescriptor | undefined;
	readonly wasm: Uint8Array<ArrayBuffer>;
	/** Where the firmware keeps its settings; absent where the table has no such partition. */
	readonly nvs: Partition | undefined;
}

export interface Boot {
	/** Lines for the UART, without their ends. */
	readonly log: readonly string[];
	readonly outcome: { kind: 'app'; app: BootedApp } | { kind: 'stuck'; fault: BootFault };
}

const APP = 0;
const DATA = 1;
const FACTORY = 0x00;
const FIRST_OTA = 0x10;
const OTA_DATA = 0x00;
const NVS = 0x02;
/** ESP-IDF's largest second-stage bootloader of a C3 lies before the partition table. */
const BOOTLOADER_ROOM = PARTITION_TABLE_OFFSET;

/**
 * Looks at a flash as the ROM and the second-stage bootloader of an ESP32-C3 do (ESP-IDF `bootloader_utility.c`,
 * `esp_image_format.c`), and finds the program that would be started.
 */
export function bootFrom(flash: SparseFlash): Boot {
	const log: string[] = [];
	const stuck = (fault: BootFault, ...lines: string[]): Boot => ({
		log: [...log, ...lines],
		outcome: { kind: 'stuck', fault }
	});

	const bootloader = parseAppImage(flash.read(0, BOOTLOADER_ROOM));
	if (!bootloader.ok || !sound(bootloader.value)) {
		const first = new DataView(flash.read(0, 4).buffer).getUint32(0, true);
		const line = `invalid header: 0x${first.toString(16).padStart(8, '0')}`;
		return stuck({ kind: 'no-bootloader' }, line, line, line);
	}
	if (bootloader.value.chipId !== PRACTICE_CHIP_ID)
		return stuck(
			{ kind: 'foreign', what: 'bootloader', chipId: bootloader.value.chipId },
			...foreign('bootloader', bootloader.value)
		);
	log.push(
		'I (24) boot: Fieldbench practice bootloader, played by the board itself',
		'I (27) boot: chip revision: v0.4, virtual',
		'I (31) boot: Partition Table:'
	);

	const table = parsePartitionTable(flash.read(PARTITION_TABLE_OFFSET, PARTITION_TABLE_BYTES));
	if (!table.ok || table.value.partitions.length === 0) {
		const magic = new DataView(flash.read(PARTITION_TABLE_OFFSET, 2).buffer).getUint16(0, true);
		return stuck(
			{ kind: 'no-partition-table' },
			`E (38) flash_parts: partition 0 invalid magic number 0x${magic.toString(16)}`,
			'E (44) boot: Failed to verify partition table',
			'E (49) boot: load partition table error!'
		);
	}
	const { partitions } = table.value;
	log.push('I (35) boot: ## Label            Usage          Type ST Offset   Length');
	partitions.forEach((row, i) => log.push(`I (${38 + 3 * i}) boot: ${tableLine(row, i)}`));

	const app = selectApp(flash, partitions);
	if (!app)
		return stuck({ kind: 'no-app' }, 'E (72) boot: No bootable app partitions in the partition table');
	const bytes = flash.read(app.offset, app.size);
	const image = parseAppImage(bytes);
	if (!image.ok)
		return stuck(
			{ kind: image.error.kind === 'not-an-image' ? 'no-app' : 'app-damaged' },
			...imageLines(app, image.error)
		);
	if (image.value.chipId !== PRACTICE_CHIP_ID)
		return stuck(
			{ kind: 'foreign', what: 'app', chipId: image.value.chipId },
			...foreign('app', image.value)
		);
	if (!image.value.checksumOk)
		return stuck({ kind: 'app-damaged' }, `E (81) esp_image: Checksum failed at ${hex(app.offset)}`, NONE);
	if (image.value.hash.kind === 'wrong')
		return stuck({ kind: 'app-damaged' }, 'E (81) esp_image: Image hash failed - image is corrupt', NONE);
	const wasm = wasmOf(bytes, image.value);
	if (!wasm)
		return stuck(
			{ kind: 'not-practice-firmware' },
			'E (84) boot: this image is for the practice board, and holds no program it can run'
		);
	log.push(
		`I (84) esp_image: ${image.value.segments.length} segments, ${image.value.sizeBytes} bytes, SHA-256 ${image.value.hash.kind}`,
		`I (92) boot: Loaded app from partition at offset ${hex(app.offset)}`
	);
	const nvs = partitions.find((row) => row.type === DATA && row.subtype === NVS);
	return { log, outcome: { kind: 'app', app: { descriptor: image.value.descriptor, wasm, nvs } } };
}

const NONE = 'E (90) boot: No bootable app partitions in the partition table';
const hex = (value: number): string => `0x${value.toString(16)}`;
const sound = (image: AppImage): boolean => image.checksumOk && image.hash.kind !== 'wrong';

function selectApp(flash: SparseFlash, partitions: readonly Partition[]): Partition | undefined {
	const apps = partitions.filter((row) => row.type === APP);
	const slots = apps.filter((row) => row.subtype >= FIRST_OTA && row.subtype < FIRST_OTA + 16);
	const otadata = partitions.find((row) => row.type === DATA && row.subtype === OTA_DATA);
	const data = otadata && parseOtaData(flash.read(otadata.offset, OTA_DATA_BYTES));
	const slot = data?.ok ? selectedSlot(data.value, slots.length) : undefined;
	if (slot !== undefined) return slots.find((row) => row.subtype === FIRST_OTA + slot);
	return apps.find((row) => row.subtype === FACTORY) ?? slots[0];
}

/** The segment that carries the program: its length, then the module. */
function wasmOf(bytes: Uint8Array<ArrayBuffer>, image: AppImage): Uint8Array<ArrayBuffer> | undefined {
	const segment = image.segments.find(({ address }) => address === PRACTICE_WASM_ADDRESS);
	if (!segment || segment.length < 4) return undefined;
	const length = new DataView(bytes.buffer, segment.fileOffset).getUint32(0, true);
	return length <= segment.length - 4
		? bytes.slice(segment.fileOffset + 4, segment.fileOffset + 4 + length)
		: undefined;
}

function foreign(what: string, image: AppImage): readonly string[] {
	const chip = image.family ?? `a chip with id ${hex(image.chipId)}`;
	return [
		`E (60) boot_comm: mismatch chip ID, expected ${PRACTICE_CHIP_ID}, found ${image.chipId}`,
		`E (66) boot: this ${what} is for ${chip}. The practice board is virtual and cannot run its code: it is kept as it was flashed.`
	];
}

function imageLines(app: Partition, fault: ImageFault): readonly string[] {
	const line =
		fault.kind === 'not-an-image'
			? `E (76) esp_image: image at ${hex(app.offset)} has invalid magic byte (nothing flashed here?)`
			: `E (76) esp_image: image at ${hex(app.offset)} is damaged (${fault.kind})`;
	return [line, NONE];
}

function tableLine(row: Partition, index: number): string {
	const pad = (value: number, digits: number) => value.toString(16).padStart(digits, '0');
	return `${String(index).padStart(2)} ${row.label.padEnd(16)} ${usage(row).padEnd(16)} ${pad(row.type, 2)} ${pad(row.subtype, 2)} ${pad(row.offset, 8)} ${pad(row.size, 8)}`;
}

function usage({ type, subtype }: Partition): string {
	if (type === APP) return subtype === FACTORY ? 'factory app' : 'OTA app';
	if (type !== DATA) return 'Unknown data';
	return (
		{ 0x00: 'OTA data', 0x01: 'RF data', 0x02: 'WiFi data', 0x03: 'Core dump' }[subtype] ?? 'Unknown data'
	);
}
