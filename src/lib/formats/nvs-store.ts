import { concatBytes } from '$lib/base';
import { ITEM_TYPE, NO_CHUNK, NVS_PAGE_BYTES, readBlobIndex, valueOf } from './nvs-layout';
import { NvsPage, type PageItem } from './nvs-page';
import type { NvsDamage, NvsEntry, NvsMedium, NvsValue } from './nvs-types';

/** Every page of a partition, as it lies there. */
export function loadPages(medium: NvsMedium): readonly NvsPage[] {
	const pages: NvsPage[] = [];
	for (let at = 0; at < medium.sizeBytes; at += NVS_PAGE_BYTES) pages.push(new NvsPage(medium, at));
	return pages;
}

/** The name of a namespace and one key: no partition in use has less. */
const LEAST_ITEMS = 2;

/**
 * Encrypted NVS has its headers and marks in the clear and every entry in cipher (ESP-IDF `nvs_encrypted_partition.cpp`): so there
 * are sound pages with entries, and not one of these is sound. Damage spares some.
 */
export function areEncrypted(pages: readonly NvsPage[]): boolean {
	const inUse = pages.filter((page) => page.holdsItems);
	const unreadable = inUse.reduce((sum, page) => sum + page.unreadable, 0);
	return unreadable >= LEAST_ITEMS && inUse.every((page) => page.items.length === 0);
}

/** Oldest first. */
export function itemsOf(pages: readonly NvsPage[]): readonly PageItem[] {
	return [...pages].sort((a, b) => a.sequence - b.sequence).flatMap((page) => page.items);
}

const slotOf = (item: PageItem): string => `${item.namespace} ${item.chunk} ${item.key}`;

/**
 * What stands in a partition when of each key only the newest sound value counts: what a power cut left of an older one, and data
 * that belongs to no blob, is `stale`.
 */
export function survey(pages: readonly NvsPage[]): {
	readonly live: readonly PageItem[];
	readonly stale: readonly PageItem[];
	readonly incomplete: readonly PageItem[];
} {
	const items = itemsOf(pages);
	const chunks = new Map<string, PageItem>();
	for (const item of items) if (item.type === ITEM_TYPE.blobData) chunks.set(slotOf(item), item);

	const incomplete: PageItem[] = [];
	const newest = new Map<string, PageItem>();
	for (const item of items) {
		if (item.type === ITEM_TYPE.blobData) continue;
		if (item.type === ITEM_TYPE.blobIndex && !chunksOf(item, chunks)) incomplete.push(item);
		else newest.set(slotOf(item), item);
	}
	const live = new Set<PageItem>();
	for (const item of newest.values()) {
		live.add(item);
		if (item.type === ITEM_TYPE.blobIndex) chunksOf(item, chunks)?.forEach((chunk) => live.add(chunk));
	}
	return {
		live: items.filter((item) => live.has(item)),
		stale: items.filter((item) => !live.has(item)),
		incomplete
	};
}

/** A blob's chunks in order, or undefined where one is missing or their lengths do not add up. */
export function chunksOf(
	index: PageItem,
	chunks: ReadonlyMap<string, PageItem>
): readonly PageItem[] | undefined {
	const { chunks: count, start, lengthBytes } = readBlobIndex(index);
	const found: PageItem[] = [];
	let length = 0;
	for (let i = 0; i < count; i++) {
		const chunk = chunks.get(slotOf({ ...index, chunk: start + i }));
		if (!chunk) return undefined;
		found.push(chunk);
		length += chunk.data[0]! | (chunk.data[1]! << 8);
	}
	return length === lengthBytes ? found : undefined;
}

/** The value of a live item, or why there is none. */
export function readValue(item: PageItem, live: readonly PageItem[]): NvsValue | NvsDamage['kind'] {
	if (item.type !== ITEM_TYPE.blobIndex) {
		const data = item.page.dataOf(item);
		return data ? (valueOf(item, data) ?? 'not-utf8') : 'data-checksum';
	}
	const chunks = live.filter(
		(i) => i.type === ITEM_TYPE.blobData && i.namespace === item.namespace && i.key === item.key
	);
	const own = chunksOf(item, new Map(chunks.map((chunk) => [slotOf(chunk), chunk])));
	if (!own) return 'blob-incomplete';
	const parts: Uint8Array[] = [];
	for (const chunk of own) {
		const data = chunk.page.dataOf(chunk);
		if (!data) return 'data-checksum';
		parts.push(data);
	}
	return { type: 'blob', value: concatBytes(parts) };
}

/** Names by index: items of namespace 0. */
export function namespacesOf(live: readonly PageItem[]): ReadonlyMap<number, string> {
	return new Map(
		live
			.filter((item) => item.namespace === 0 && item.type === ITEM_TYPE.u8 && item.chunk === NO_CHUNK)
			.map((item) => [item.data[0]!, item.key])
	);
}

/** What a damaged item is called. */
export function nameOf(
	item: PageItem,
	names: ReadonlyMap<number, string>
): { key: string; namespace?: string } {
	const namespace = names.get(item.namespace);
	return { key: item.key, ...(namespace !== undefined && { namespace }) };
}

/** All entries, and what could not be read. */
export function readEntries(live: readonly PageItem[]): { entries: NvsEntry[]; damage: NvsDamage[] } {
	const names = namespacesOf(live);
	const entries: NvsEntry[] = [];
	const damage: NvsDamage[] = [];
	for (const item of live) {
		if (item.namespace === 0 || item.type === ITEM_TYPE.blobData) continue;
		const namespace = names.get(item.namespace);
		const value = namespace === undefined ? 'unknown-namespace' : readValue(item, live);
		if (typeof value === 'string')
			damage.push({ kind: value, offset: item.page.offsetOf(item), ...nameOf(item, names) });
		else entries.push({ namespace: namespace!, key: item.key, ...value });
	}
	return { entries, damage };
}
