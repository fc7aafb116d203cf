import { crc32, textOf, utf8 } from '$lib/base';
import { fieldText, setFieldText, u16At, u32At, viewOf } from './little-endian';
import type { NvsValue } from './nvs-types';

/** Source of all that is here: ESP-IDF `components/nvs_flash/src/nvs_page.hpp`, `nvs_types.hpp`. Drawn in docs/formats.md. */
export const NVS_PAGE_BYTES = 4096;
export const ENTRY_BYTES = 32;
export const PAGE_ENTRIES = 126;
/** One entry of a page is the item's own. */
export const MOST_CHUNK_BYTES = ENTRY_BYTES * (PAGE_ENTRIES - 1);
/** With the NUL. */
export const MOST_STRING_BYTES = 4000;
export const MOST_KEY_BYTES = 15;
export const VERSION_2 = 0xfe;
export const VERSION_1 = 0xff;

/** `chunk` of everything but a blob's data. */
export const NO_CHUNK = 0xff;
/** Chunks of a blob count from one of these, in turn, so that a new value never meets the old one. */
export const CHUNK_STARTS = [0x00, 0x80] as const;

export const ITEM_TYPE = {
	u8: 0x01,
	i8: 0x11,
	u16: 0x02,
	i16: 0x12,
	u32: 0x04,
	i32: 0x14,
	u64: 0x08,
	i64: 0x18,
	string: 0x21,
	/** As the first version of the format wrote blobs: in one item. */
	blob1: 0x41,
	blobData: 0x42,
	blobIndex: 0x48
} as const;

const NUMBERS = ['u8', 'i8', 'u16', 'i16', 'u32', 'i32', 'u64', 'i64'] as const;
type NumberType = (typeof NUMBERS)[number];
const NUMBER_OF = new Map<number, NumberType>(NUMBERS.map((name) => [ITEM_TYPE[name], name]));
const KNOWN = new Set<number>(Object.values(ITEM_TYPE));

const AT = { type: 1, span: 2, chunk: 3, crc: 4, key: 8, data: 24 };

/** The ROM's CRC begun at this is the common CRC-32 continued from it. */
const CRC_SEED = 0xffffffff;
export const nvsCrc = (bytes: Uint8Array): number => crc32(bytes, CRC_SEED);

/** An item's first entry, taken apart. */
export interface ItemHead {
	readonly namespace: number;
	readonly type: number;
	/** Entries, this one included. */
	readonly span: number;
	readonly chunk: number;
	readonly key: string;
	/** 8 bytes: a number, or what is said of the data that follows. */
	readonly data: Uint8Array<ArrayBuffer>;
}

export type HeadFault = 'entry-checksum' | 'unknown-type' | 'bad-span';

const hasData = (type: number): boolean =>
	type === ITEM_TYPE.string || type === ITEM_TYPE.blob1 || type === ITEM_TYPE.blobData;

/** What stands in an entry's place for a key, where a person could have named it so. */
export function keyText(entry: Uint8Array): string | undefined {
	const text = fieldText(entry, AT.key, MOST_KEY_BYTES + 1);
	return /^[\x20-\x7e]{1,15}$/u.test(text) ? text : undefined;
}

export function readHead(entry: Uint8Array, index: number): ItemHead | HeadFault {
	if (crcOfHead(entry) !== u32At(entry, AT.crc)) return 'entry-checksum';
	const type = entry[AT.type]!;
	if (!KNOWN.has(type)) return 'unknown-type';
	const span = entry[AT.span]!;
	const wanted = hasData(type) ? 1 + Math.ceil(u16At(entry, AT.data) / ENTRY_BYTES) : 1;
	if (span !== wanted || index + span > PAGE_ENTRIES) return 'bad-span';
	return {
		namespace: entry[0]!,
		type,
		span,
		chunk: entry[AT.chunk]!,
		key: fieldText(entry, AT.key, MOST_KEY_BYTES + 1),
		data: entry.slice(AT.data)
	};
}

export function writeHead(head: ItemHead): Uint8Array<ArrayBuffer> {
	const entry = new Uint8Array(ENTRY_BYTES);
	entry[0] = head.namespace;
	entry[AT.type] = head.type;
	entry[AT.span] = head.span;
	entry[AT.chunk] = head.chunk;
	setFieldText(entry, AT.key, MOST_KEY_BYTES, head.key);
	entry.set(head.data, AT.data);
	viewOf(entry).setUint32(AT.crc, crcOfHead(entry), true);
	return entry;
}

function crcOfHead(entry: Uint8Array): number {
	const covered = new Uint8Array(ENTRY_BYTES - 4);
	covered.set(entry.subarray(0, AT.crc));
	covered.set(entry.subarray(AT.key), AT.crc);
	return nvsCrc(covered);
}

/** What an item's head says of the data after it. */
export function dataFacts(head: ItemHead): { lengthBytes: number; crc: number } {
	return { lengthBytes: u16At(head.data, 0), crc: u32At(head.data, 4) };
}

/** An item with data after it, or with its number in it: head and data, padded to whole entries. */
export interface ItemParts {
	readonly head: ItemHead;
	/** Empty, or `span - 1` entries. */
	readonly data: Uint8Array<ArrayBuffer>;
}

export function dataItem(
	at: Pick<ItemHead, 'namespace' | 'key' | 'chunk'>,
	type: number,
	bytes: Uint8Array
): ItemParts {
	const entries = Math.ceil(bytes.length / ENTRY_BYTES);
	const data = new Uint8Array(entries * ENTRY_BYTES).fill(0xff);
	data.set(bytes);
	const facts = new Uint8Array(8).fill(0xff);
	viewOf(facts).setUint16(0, bytes.length, true);
	viewOf(facts).setUint32(4, nvsCrc(bytes), true);
	return { head: { ...at, type, span: 1 + entries, data: facts }, data };
}

export function plainItem(namespace: number, key: string, type: number, data: Uint8Array): ItemParts {
	const padded = new Uint8Array(8).fill(0xff);
	padded.set(data);
	return {
		head: { namespace, key, chunk: NO_CHUNK, type, span: 1, data: padded },
		data: new Uint8Array(0)
	};
}

/** The item of anything but a blob. */
export function itemOf(
	namespace: number,
	key: string,
	value: Exclude<NvsValue, { type: 'blob' }>
): ItemParts {
	if (value.type === 'string') {
		const text = utf8(`${value.value}\0`);
		return dataItem({ namespace, key, chunk: NO_CHUNK }, ITEM_TYPE.string, text);
	}
	const bits = sizeBits(value.type);
	const bytes = new Uint8Array(bits / 8);
	const whole = BigInt.asUintN(bits, BigInt(value.value));
	for (let i = 0; i < bytes.length; i++) bytes[i] = Number((whole >> BigInt(8 * i)) & 0xffn);
	return plainItem(namespace, key, ITEM_TYPE[value.type], bytes);
}

/** What stands in a blob's index. */
export interface BlobIndex {
	readonly lengthBytes: number;
	readonly chunks: number;
	readonly start: number;
}

export function blobIndexItem(namespace: number, key: string, index: BlobIndex): ItemParts {
	const data = new Uint8Array(8).fill(0xff);
	viewOf(data).setUint32(0, index.lengthBytes, true);
	data[4] = index.chunks;
	data[5] = index.start;
	return plainItem(namespace, key, ITEM_TYPE.blobIndex, data);
}

export function readBlobIndex(head: ItemHead): BlobIndex {
	return { lengthBytes: u32At(head.data, 0), chunks: head.data[4]!, start: head.data[5]! };
}

/**
 * The value of an item that has one of its own.
 * @param bytes its data, without padding
 * @returns undefined where a string is not UTF-8 that ends with its only NUL, or the item is part of a blob
 */
export function valueOf(head: ItemHead, bytes: Uint8Array<ArrayBuffer>): NvsValue | undefined {
	if (head.type === ITEM_TYPE.blob1) return { type: 'blob', value: bytes };
	if (head.type === ITEM_TYPE.string) {
		const text = textOf(bytes);
		return text?.endsWith('\0') && text.indexOf('\0') === text.length - 1
			? { type: 'string', value: text.slice(0, -1) }
			: undefined;
	}
	const type = NUMBER_OF.get(head.type);
	if (!type) return undefined;
	const bits = sizeBits(type);
	let whole = 0n;
	for (let i = 0; i < bits / 8; i++) whole |= BigInt(head.data[i]!) << BigInt(8 * i);
	const signed = type.startsWith('i') ? BigInt.asIntN(bits, whole) : whole;
	return type === 'u64' || type === 'i64' ? { type, value: signed } : { type, value: Number(signed) };
}

export const sizeBits = (type: NumberType): number => Number(type.slice(1));
