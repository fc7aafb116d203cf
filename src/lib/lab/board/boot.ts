import {
	bootloaderOffset,
	PARTITION_TABLE_BYTES,
	PARTITION_TABLE_OFFSET,
	parsePartitionTable,
	type Partition
} from '$lib/formats';
import { checkApp, chipMismatch, notBootable, placesToTry, type AppFault, type LoadedApp } from './boot-app';
import { lookAtBootloader } from './boot-rom';
import type { BoardChip } from './chips';
import { advanceTrial } from './practice-slots';
import type { SparseFlash } from './sparse-flash';

/** Why nothing runs. The log on the cable says the same, as the real ROM and bootloader say it. */
export type BootFault =
	| { kind: 'no-bootloader' }
	| { kind: 'bootloader-damaged' }
	| { kind: 'foreign'; what: 'bootloader'; chipId: number }
	| { kind: 'no-partition-table' }
	| AppFault;

/** What a bootloader would hand over to. */
export interface BootedApp extends LoadedApp {
	/** Where the firmware keeps its settings; absent where the table has no such partition. */
	readonly nvs: Partition | undefined;
	/** Where it keeps what it measured; likewise. */
	readonly telemetry: Partition | undefined;
	/** Where the program lies, and the table it was found by. */
	readonly partition: Partition;
	readonly partitions: readonly Partition[];
}

export interface Boot {
	/** Lines for the UART, without their ends. */
	readonly log: readonly string[];
	readonly outcome: { kind: 'app'; app: BootedApp } | { kind: 'stuck'; fault: BootFault };
}

const APP = 0;
const DATA = 1;
const FACTORY = 0x00;
const NVS = 0x02;
const TELEMETRY_LABEL = 'telemetry';

/**
 * Looks at a flash as the chip's ROM and the second-stage bootloader do (ESP-IDF `bootloader_utility.c`, `esp_image_format.c`), and
 * finds the program that would be started.
 */
export function bootFrom(flash: SparseFlash, chip: BoardChip): Boot {
	const log: string[] = [];
	const stuck = (fault: BootFault, ...lines: readonly string[]): Boot => ({
		log: [...log, ...lines],
		outcome: { kind: 'stuck', fault }
	});

	const start = bootloaderOffset(chip);
	const bootloader = lookAtBootloader(flash.read(start, PARTITION_TABLE_OFFSET - start));
	if (bootloader.kind === 'foreign')
		return stuck(
			{ kind: 'foreign', what: 'bootloader', chipId: bootloader.image.chipId },
			...chipMismatch('bootloader', bootloader.image)
		);
	if (bootloader.kind !== 'starts')
		return stuck(
			{ kind: bootloader.kind === 'none' ? 'no-bootloader' : 'bootloader-damaged' },
			...bootloader.log
		);
	log.push(
		...bootloader.log,
		'I (24) boot: Fieldbench practice bootloader, played by the board itself',
		`I (27) boot: ${chip}, virtual`,
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

	advanceTrial(flash, partitions);
	// What is told of a board that starts nothing is what is wrong with the place that was chosen.
	let first: AppFault | undefined;
	for (const place of placesToTry(flash, partitions)) {
		const found = checkApp(flash, place.partition);
		log.push(...found.log);
		if (found.kind === 'app') {
			const nvs = partitions.find((row) => row.type === DATA && row.subtype === NVS);
			const telemetry = partitions.find((row) => row.type === DATA && row.label === TELEMETRY_LABEL);
			return {
				log,
				outcome: {
					kind: 'app',
					app: { ...found.app, nvs, telemetry, partition: place.partition, partitions }
				}
			};
		}
		first ??= found.fault;
		log.push(notBootable(place));
	}
	return stuck(first ?? { kind: 'no-app' }, 'E (90) boot: No bootable app partitions in the partition table');
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
