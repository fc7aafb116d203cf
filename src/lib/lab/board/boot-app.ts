import {
	OTA_DATA_BYTES,
	parseAppImage,
	parseOtaData,
	PRACTICE_CHIP_ID,
	PRACTICE_WASM_ADDRESS,
	selectedSlot,
	type AppDescriptor,
	type AppImage,
	type ImageFault,
	type Partition
} from '$lib/formats';
import { checksumOf } from './boot-rom';
import type { SparseFlash } from './sparse-flash';

/** Why an application was not started. */
export type AppFault =
	| { kind: 'foreign'; what: 'app'; chipId: number }
	| { kind: 'no-app' }
	| { kind: 'app-damaged' }
	| { kind: 'not-practice-firmware' };

export interface LoadedApp {
	readonly descriptor: AppDescriptor | undefined;
	readonly wasm: Uint8Array<ArrayBuffer>;
}

/** A place where an application may lie; the factory app has no slot. */
export interface AppPlace {
	readonly slot: number | undefined;
	readonly partition: Partition;
}

const APP = 0;
const DATA = 1;
const FACTORY = 0x00;
const FIRST_OTA = 0x10;
const MAX_SLOTS = 16;
const OTA_DATA = 0x00;

/**
 * The places in the order in which a bootloader tries them: the chosen one, then backwards to the factory app, then forwards
 * (ESP-IDF `bootloader_utility_load_boot_image`).
 */
export function placesToTry(flash: SparseFlash, partitions: readonly Partition[]): readonly AppPlace[] {
	const apps = partitions.filter((row) => row.type === APP);
	const count = apps.filter(isSlot).length;
	const otadata = partitions.find((row) => row.type === DATA && row.subtype === OTA_DATA);
	const data = otadata && parseOtaData(flash.read(otadata.offset, OTA_DATA_BYTES));
	const factory = apps.find((row) => row.subtype === FACTORY);
	const chosen = data?.ok ? selectedSlot(data.value, count) : undefined;
	const start = chosen ?? (otadata && !factory ? 0 : -1);
	const order = [
		...Array.from({ length: start + 1 }, (_, back) => start - back),
		-1,
		...Array.from({ length: Math.max(0, count - start - 1) }, (_, on) => start + 1 + on)
	];
	return order.flatMap((slot) => {
		const partition = slot < 0 ? factory : apps.find((row) => row.subtype === FIRST_OTA + slot);
		return partition ? [{ slot: slot < 0 ? undefined : slot, partition }] : [];
	});
}

/** Checks what lies in a place as a bootloader does, in its order (ESP-IDF `esp_image_format.c`); `log`: lines without their ends. */
export function checkApp(
	flash: SparseFlash,
	{ offset, size }: Partition
):
	| { kind: 'app'; app: LoadedApp; log: readonly string[] }
	| { kind: 'fault'; fault: AppFault; log: readonly string[] } {
	const fault = (what: AppFault, ...log: string[]) => ({ kind: 'fault', fault: what, log }) as const;
	const bytes = flash.read(offset, size);
	const parsed = parseAppImage(bytes);
	if (!parsed.ok)
		return fault(
			{ kind: parsed.error.kind === 'not-an-image' ? 'no-app' : 'app-damaged' },
			`E (76) esp_image: ${imageWords(offset, size, parsed.error)}`
		);
	const image = parsed.value;
	if (image.chipId !== PRACTICE_CHIP_ID)
		return fault({ kind: 'foreign', what: 'app', chipId: image.chipId }, ...chipMismatch('app', image));
	if (!image.checksumOk) {
		const { calculated, stored } = checksumOf(bytes, image);
		return fault(
			{ kind: 'app-damaged' },
			`E (81) esp_image: Checksum failed. Calculated ${hex(calculated)} read ${hex(stored)}`
		);
	}
	if (image.hash.kind === 'wrong')
		return fault({ kind: 'app-damaged' }, 'E (81) esp_image: Image hash failed - image is corrupt');
	const wasm = wasmOf(bytes, image);
	if (!wasm)
		return fault(
			{ kind: 'not-practice-firmware' },
			'E (84) boot: this image is for the practice board, and holds no program it can run'
		);
	return {
		kind: 'app',
		app: { descriptor: image.descriptor, wasm },
		log: [
			`I (84) esp_image: ${image.segments.length} segments, ${image.sizeBytes} bytes, SHA-256 ${image.hash.kind}`,
			`I (92) boot: Loaded app from partition at offset ${hex(offset)}`
		]
	};
}

/** What stands in the log of an image that is for another chip: the bootloader's own line, then why. */
export function chipMismatch(what: 'bootloader' | 'app', image: AppImage): readonly string[] {
	const chip = image.family ?? `a chip with id ${hex(image.chipId)}`;
	return [
		`E (60) boot_comm: mismatch chip ID, expected ${PRACTICE_CHIP_ID}, found ${image.chipId}`,
		`E (66) boot: this ${what} is for ${chip}. The practice board is virtual and cannot run its code: it is kept as it was flashed.`
	];
}

/** The bootloader's line about a place that it could not start. */
export const notBootable = ({ slot }: AppPlace): string =>
	`E (88) boot: ${slot === undefined ? 'Factory app partition' : `OTA app partition slot ${slot}`} is not bootable`;

const isSlot = (row: Partition): boolean => row.subtype >= FIRST_OTA && row.subtype < FIRST_OTA + MAX_SLOTS;
const hex = (value: number): string => `0x${value.toString(16)}`;

function imageWords(offset: number, size: number, fault: ImageFault): string {
	switch (fault.kind) {
		case 'not-an-image':
			return `image at ${hex(offset)} has invalid magic byte (nothing flashed here?)`;
		case 'bad-segment-count':
			return `image at ${hex(offset)} segment count ${fault.count} exceeds max 16`;
		case 'unaligned-segment':
			return `invalid segment length ${hex(fault.lengthBytes)}`;
		case 'too-short':
			return `Image length ${fault.neededBytes} doesn't fit in partition length ${size}`;
	}
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
