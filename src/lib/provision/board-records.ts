import { concatBytes, crc32, textOf } from '$lib/base';
import type { NvsEntry } from '$lib/formats';

/** Where the firmware's records lie: firmware/ports/esp32/nvs_storage.cpp. */
export const NAMESPACE = 'fieldbench';

/** "FBR1" as the firmware reads it. Source: firmware/core/two_slot_record.h. */
const MAGIC = 0x31524246;
const HEADER_BYTES = 12;
const OVERHEAD_BYTES = HEADER_BYTES + 4;
const SLOTS = ['0', '1'] as const;

/** Blobs of the firmware's namespace, by key. */
export type Blobs = ReadonlyMap<string, Uint8Array<ArrayBuffer>>;

/** The value that counts of a record kept in two slots. */
export interface KeptRecord {
	readonly generation: number;
	readonly bytes: Uint8Array<ArrayBuffer>;
}

export const slotKeys = (name: string): readonly string[] => SLOTS.map((slot) => `${name}.${slot}`);

/** Total. Of two sound slots the one of the higher generation counts, in serial arithmetic; undefined where none is sound. */
export function readRecord(blobs: Blobs, name: string): KeptRecord | undefined {
	const [first, second] = slotKeys(name).map((key) => readSlot(blobs.get(key)));
	if (!first || !second) return first ?? second;
	return ((second.generation - first.generation) | 0) > 0 ? second : first;
}

function readSlot(slot: Uint8Array<ArrayBuffer> | undefined): KeptRecord | undefined {
	if (!slot || slot.length < OVERHEAD_BYTES) return undefined;
	const view = new DataView(slot.buffer, slot.byteOffset, slot.length);
	const body = slot.length - 4;
	const sound =
		view.getUint32(0, true) === MAGIC &&
		view.getUint32(8, true) === slot.length - OVERHEAD_BYTES &&
		view.getUint32(body, true) === crc32(slot.subarray(0, body));
	return sound ? { generation: view.getUint32(4, true), bytes: slot.slice(HEADER_BYTES, body) } : undefined;
}

/** One slot: magic, generation, length, bytes, and the CRC-32 of all that; little endian. */
export function writeSlot({ generation, bytes }: KeptRecord): Uint8Array<ArrayBuffer> {
	const head = words(MAGIC, generation >>> 0, bytes.length);
	return concatBytes([head, bytes, words(crc32(concatBytes([head, bytes])))]);
}

function words(...values: readonly number[]): Uint8Array<ArrayBuffer> {
	const view = new DataView(new ArrayBuffer(4 * values.length));
	values.forEach((value, i) => view.setUint32(4 * i, value, true));
	return new Uint8Array(view.buffer);
}

export function blobsOf(entries: readonly NvsEntry[]): Blobs {
	return new Map(
		entries.flatMap((entry) =>
			entry.namespace === NAMESPACE && entry.type === 'blob' ? [[entry.key, entry.value] as const] : []
		)
	);
}

/** What stands in a JSON document that the firmware keeps; undefined where it would not take it either. */
export type Json = Readonly<Record<string, unknown>>;

export function jsonOf(record: KeptRecord | undefined): Json | undefined {
	const text = record && textOf(record.bytes);
	if (text === undefined) return undefined;
	try {
		return objectIn(JSON.parse(text));
	} catch {
		return undefined; // the firmware would not take it either
	}
}

export const objectIn = (value: unknown): Json | undefined =>
	typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : undefined;
export const listIn = (value: unknown): readonly Json[] =>
	(Array.isArray(value) ? value : []).map(objectIn).filter((item) => item !== undefined);
export const textIn = (value: unknown): string => (typeof value === 'string' ? value : '');
/** Of members in any order. */
export const sameJson = (a: unknown, b: unknown): boolean =>
	JSON.stringify(sorted(a)) === JSON.stringify(sorted(b));
function sorted(value: unknown): unknown {
	if (Array.isArray(value)) return value.map(sorted);
	const object = objectIn(value);
	return object
		? Object.fromEntries(
				Object.entries(object)
					.map(([key, item]) => [key, sorted(item)] as const)
					.toSorted(([x], [y]) => (x < y ? -1 : 1))
			)
		: value;
}
