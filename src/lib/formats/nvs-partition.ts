import { done, err, ok, sameBytes, type Result } from '$lib/base';
import {
	blobIndexItem,
	CHUNK_STARTS,
	dataItem,
	ENTRY_BYTES,
	ITEM_TYPE,
	itemOf,
	MOST_CHUNK_BYTES,
	NVS_PAGE_BYTES,
	PAGE_ENTRIES,
	readBlobIndex,
	type ItemParts
} from './nvs-layout';
import type { NvsPage, PageItem } from './nvs-page';
import { areEncrypted, itemsOf, loadPages, namespacesOf, readEntries, readValue, survey } from './nvs-store';
import type { NvsEntry, NvsFault, NvsMedium, NvsSetFault, NvsValue } from './nvs-types';
import { valueFault } from './nvs-values';

const FULL = { kind: 'full' } as const;
const MOST_NAMESPACES = 254;
/** Chunks of one blob; beyond, the two versions' numbers would meet. */
const MOST_CHUNKS = 127;

/**
 * A partition that is read and changed in place, as ESP-IDF does it (`nvs_storage.cpp`, `nvs_pagemanager.cpp`): the new value is
 * whole before the old one is marked erased, and one page always stays free to move another into. So a power cut between any
 * two writes leaves each key with its old or its new value. Nobody else may write to the medium meanwhile.
 */
export class NvsPartition {
	readonly #pages: readonly NvsPage[];

	private constructor(pages: readonly NvsPage[]) {
		this.#pages = pages;
	}

	/** Mends what a power cut left half done. Erased flash is an empty partition. */
	static open(medium: NvsMedium): Result<NvsPartition, NvsFault> {
		if (medium.sizeBytes < 2 * NVS_PAGE_BYTES || medium.sizeBytes % NVS_PAGE_BYTES !== 0) {
			return err({ kind: 'bad-size', lengthBytes: medium.sizeBytes });
		}
		const pages = loadPages(medium);
		if (pages.every((page) => page.state === 'corrupt' || page.state === 'invalid'))
			return err({ kind: 'not-nvs' });
		if (areEncrypted(pages)) return err({ kind: 'encrypted' });
		const partition = new NvsPartition(pages);
		for (const page of pages) if (page.holdsItems) page.mend();
		partition.#finishMove();
		for (const item of survey(pages).stale) item.page.remove(item);
		return partition.#free.length > 0 ? ok(partition) : err({ kind: 'no-spare-page' });
	}

	get(namespace: string, key: string): NvsValue | undefined {
		const item = this.#find(namespace, key);
		const value = item && readValue(item, this.#items);
		return typeof value === 'string' ? undefined : value;
	}

	/** Does nothing where the value is the same already. On `full` the old value stands. */
	set(namespace: string, key: string, value: NvsValue): Result<void, NvsSetFault> {
		const fault = valueFault(namespace, key, value);
		if (fault) return err(fault);
		const before = this.get(namespace, key);
		if (before && sameValue(before, value)) return done;
		const index = this.#namespace(namespace);
		if (index === undefined) return err(FULL);
		const old = this.#find(namespace, key);
		const written =
			value.type === 'blob'
				? this.#writeBlob(index, key, value.value, old)
				: this.#place(itemOf(index, key, value));
		if (!written) return err(FULL);
		// Looked up again: making room may have moved it.
		for (const item of this.#items) if (isValueOf(item, index, key) && item !== written) this.#remove(item);
		return done;
	}

	/** @returns whether there was one */
	erase(namespace: string, key: string): boolean {
		const item = this.#find(namespace, key);
		if (item) this.#remove(item);
		return item !== undefined;
	}

	/** Oldest first; what cannot be read is left out. */
	entries(): readonly NvsEntry[] {
		return readEntries(this.#items).entries;
	}

	get #items(): readonly PageItem[] {
		return itemsOf(this.#pages);
	}

	get #free(): readonly NvsPage[] {
		return this.#pages.filter((page) => !page.holdsItems);
	}

	/** The page begun last. */
	get #newest(): NvsPage | undefined {
		return this.#pages
			.filter((page) => page.holdsItems)
			.reduce<NvsPage | undefined>((a, b) => (a && a.sequence > b.sequence ? a : b), undefined);
	}

	#find(namespace: string, key: string): PageItem | undefined {
		const items = this.#items;
		for (const [index, name] of namespacesOf(items)) {
			if (name === namespace) return items.find((item) => isValueOf(item, index, key));
		}
		return undefined;
	}

	/** The namespace's index, written when it is new; undefined where there is no room. */
	#namespace(name: string): number | undefined {
		const names = namespacesOf(this.#items);
		for (const [index, known] of names) if (known === name) return index;
		let index = 1;
		while (names.has(index)) index++;
		if (index > MOST_NAMESPACES) return undefined;
		return this.#place(itemOf(0, name, { type: 'u8', value: index })) && index;
	}

	#writeBlob(
		namespace: number,
		key: string,
		bytes: Uint8Array,
		old: PageItem | undefined
	): PageItem | undefined {
		const start =
			old?.type === ITEM_TYPE.blobIndex && readBlobIndex(old).start === CHUNK_STARTS[0]
				? CHUNK_STARTS[1]
				: CHUNK_STARTS[0];
		let [chunks, at] = [0, 0];
		let index: PageItem | undefined;
		do {
			const room = chunks < MOST_CHUNKS ? this.#roomForChunk(bytes.length - at, chunks === 0) : undefined;
			if (room === undefined) break;
			const part = bytes.subarray(at, at + room);
			const place = { namespace, key, chunk: start + chunks };
			this.#placeHere(dataItem(place, ITEM_TYPE.blobData, part));
			chunks++;
			at += part.length;
			if (at === bytes.length) {
				index = this.#place(blobIndexItem(namespace, key, { lengthBytes: at, chunks, start }));
			}
		} while (at < bytes.length);
		if (!index) this.#dropChunks(namespace, key, start);
		return index;
	}

	/** Bytes that the current page takes of a chunk, after making room where it takes too few to be worth it. */
	#roomForChunk(wanted: number, first: boolean): number | undefined {
		let room = this.#tailroom;
		const tooFew = first ? room < Math.min(Math.max(wanted, 1), MOST_CHUNK_BYTES / 10) : room === 0;
		if (tooFew) {
			if (!this.#turnPage()) return undefined;
			room = this.#tailroom;
			if (room === 0) return undefined;
		}
		return Math.min(room, wanted);
	}

	get #tailroom(): number {
		const entries = this.#newest?.roomEntries ?? 0;
		return entries > 1 ? (entries - 1) * ENTRY_BYTES : 0;
	}

	/** Writes to the current page, or to a new one; undefined where there is no room. */
	#place(parts: ItemParts): PageItem | undefined {
		if ((this.#newest?.roomEntries ?? 0) < parts.head.span && !this.#turnPage()) return undefined;
		return (this.#newest?.roomEntries ?? 0) < parts.head.span ? undefined : this.#placeHere(parts);
	}

	#placeHere(parts: ItemParts): PageItem | undefined {
		return this.#newest?.write(parts);
	}

	/** Begins a page. When only the spare one is left, what is live of the emptiest other page moves into it. */
	#turnPage(): boolean {
		const newest = this.#newest;
		const [next, second] = this.#free;
		if (!next) return false;
		if (newest?.state === 'active') newest.become('full');
		const sequence = newest ? newest.sequence + 1 : 0;
		if (second) {
			next.begin(sequence);
			return true;
		}
		const emptiest = this.#pages
			.filter((page) => page !== next)
			.reduce((a, b) => (b.counts.written < a.counts.written ? b : a));
		if (emptiest.counts.written === PAGE_ENTRIES) return false;
		emptiest.become('freeing');
		moveItems(emptiest, next, sequence);
		return true;
	}

	/** A page being emptied when power went: its copy is begun again from the start. */
	#finishMove(): void {
		const freeing = this.#pages.find((page) => page.state === 'freeing');
		if (!freeing) return;
		const newest = this.#newest;
		const sequence = (newest?.sequence ?? 0) + 1;
		if (newest?.state === 'active') newest.erase();
		const next = this.#free[0];
		if (next) moveItems(freeing, next, sequence);
	}

	#remove(item: PageItem): void {
		item.page.remove(item);
		if (item.type === ITEM_TYPE.blobIndex)
			this.#dropChunks(item.namespace, item.key, readBlobIndex(item).start);
	}

	#dropChunks(namespace: number, key: string, start: number): void {
		for (const chunk of this.#items) {
			const own = chunk.type === ITEM_TYPE.blobData && chunk.namespace === namespace && chunk.key === key;
			if (own && (chunk.chunk & 0x80) === start) chunk.page.remove(chunk);
		}
	}
}

function moveItems(from: NvsPage, to: NvsPage, sequence: number): void {
	to.begin(sequence);
	for (const item of from.items) to.copy(item);
	from.erase();
}

const isValueOf = (item: PageItem, namespace: number, key: string): boolean =>
	item.namespace === namespace && item.key === key && item.type !== ITEM_TYPE.blobData;

function sameValue(a: NvsValue, b: NvsValue): boolean {
	if (a.type === 'blob') return b.type === 'blob' && sameBytes(a.value, b.value);
	return a.type === b.type && a.value === b.value;
}
