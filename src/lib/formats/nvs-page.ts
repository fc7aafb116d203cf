import { isErased, u32At, viewOf } from './little-endian';
import {
	dataFacts,
	ENTRY_BYTES,
	NVS_PAGE_BYTES,
	nvsCrc,
	PAGE_ENTRIES,
	keyText,
	readHead,
	VERSION_1,
	VERSION_2,
	writeHead,
	type HeadFault,
	type ItemHead,
	type ItemParts
} from './nvs-layout';
import type { NvsDamage, NvsMedium, NvsPageState } from './nvs-types';

/** Each state clears one bit more, so a page goes through them without being erased. */
const STATES = {
	uninitialised: 0xffffffff,
	active: 0xfffffffe,
	full: 0xfffffffc,
	freeing: 0xfffffff8,
	corrupt: 0xfffffff0,
	invalid: 0
} as const satisfies Record<NvsPageState, number>;
const STATE_OF = new Map<number, NvsPageState>(
	(Object.keys(STATES) as NvsPageState[]).map((name) => [STATES[name], name])
);

const AT = { sequence: 4, version: 8, crc: 28, states: 32, entries: 64 };

/** Two bits an entry; the fourth, 1, never comes of clearing bits in this order. */
const EMPTY = 3;
const WRITTEN = 2;
const ERASED = 0;

/** An item whose head is sound and all of whose entries are marked as written. */
export interface PageItem extends ItemHead {
	readonly page: NvsPage;
	readonly index: number;
}

/**
 * One page of an NVS partition. Keeps a copy of the page's bytes and writes through, in the order of ESP-IDF's `nvs_page.cpp`: an
 * entry before the mark that it is written. Loading changes nothing; `mend` does.
 */
export class NvsPage {
	state: NvsPageState = 'uninitialised';
	sequence = 0;
	/** Ascending by index. */
	items: readonly PageItem[] = [];
	damage: readonly NvsDamage[] = [];
	#bytes: Uint8Array<ArrayBuffer>;
	/** The first entry after all that is written or erased. */
	#next = 0;

	constructor(
		readonly medium: NvsMedium,
		readonly offset: number
	) {
		this.#bytes = Uint8Array.from(medium.read(offset, NVS_PAGE_BYTES));
		this.#load();
	}

	get holdsItems(): boolean {
		return this.state === 'active' || this.state === 'full' || this.state === 'freeing';
	}

	get counts(): { written: number; erased: number; free: number } {
		let [written, erased] = [0, 0];
		if (!this.holdsItems) return { written, erased, free: this.state === 'uninitialised' ? PAGE_ENTRIES : 0 };
		for (let i = 0; i < PAGE_ENTRIES; i++) {
			const mark = this.#mark(i);
			if (mark === WRITTEN) written++;
			else if (mark !== EMPTY) erased++;
		}
		return { written, erased, free: PAGE_ENTRIES - written - erased };
	}

	get version(): 1 | 2 {
		return this.#bytes[AT.version] === VERSION_1 ? 1 : 2;
	}

	/** Places where an item should begin and none that is sound does. */
	get unreadable(): number {
		return this.damage.filter(({ kind }) => kind === 'entry-checksum').length;
	}

	/** Entries that can still be written. */
	get roomEntries(): number {
		return this.state === 'active' ? PAGE_ENTRIES - this.#next : 0;
	}

	/** The bytes after an item's head, or undefined where their checksum fails. */
	dataOf(item: PageItem): Uint8Array<ArrayBuffer> | undefined {
		if (item.span === 1 && item.type < 0x20) return new Uint8Array(0);
		const { lengthBytes, crc } = dataFacts(item);
		const at = this.#entryAt(item.index + 1);
		const bytes = this.#bytes.slice(at, at + lengthBytes);
		return nvsCrc(bytes) === crc ? bytes : undefined;
	}

	/** Of the item's head, in bytes from the partition's start. */
	offsetOf(item: PageItem): number {
		return this.offset + this.#entryAt(item.index);
	}

	/** Begins a page that is erased, or erases it first. */
	begin(sequence: number): void {
		if (this.state !== 'uninitialised') this.erase();
		const header = new Uint8Array(AT.states).fill(0xff);
		const view = viewOf(header);
		view.setUint32(0, STATES.active, true);
		view.setUint32(AT.sequence, sequence, true);
		header[AT.version] = VERSION_2;
		view.setUint32(AT.crc, nvsCrc(header.subarray(AT.sequence, AT.crc)), true);
		this.#program(0, header);
		this.state = 'active';
		this.sequence = sequence;
		this.#next = 0;
	}

	become(state: 'full' | 'freeing'): void {
		const word = new Uint8Array(4);
		viewOf(word).setUint32(0, STATES[state], true);
		this.#program(0, word);
		this.state = state;
	}

	erase(): void {
		this.medium.erase(this.offset, NVS_PAGE_BYTES);
		this.#bytes.fill(0xff);
		this.state = 'uninitialised';
		this.items = [];
		this.damage = [];
		this.#next = 0;
	}

	/** The caller has seen that there is room. */
	write({ head, data }: ItemParts): PageItem {
		const index = this.#next;
		this.#program(this.#entryAt(index), writeHead(head));
		this.#setMarks(index, index + 1, WRITTEN);
		if (head.span > 1) {
			this.#program(this.#entryAt(index + 1), data);
			this.#setMarks(index + 1, index + head.span, WRITTEN);
		}
		this.#next = index + head.span;
		const item = { ...head, page: this, index };
		this.items = [...this.items, item];
		return item;
	}

	/** Writes an item of another page as it stands there. */
	copy(item: PageItem): void {
		const at = item.page.#entryAt(item.index + 1);
		const data = item.page.#bytes.slice(at, at + (item.span - 1) * ENTRY_BYTES);
		this.write({ head: item, data });
	}

	remove(item: PageItem): void {
		this.#setMarks(item.index, item.index + item.span, ERASED);
		this.items = this.items.filter((i) => i !== item);
	}

	/** Marks as erased whatever a power cut left half written, so that it is never taken for an item. */
	mend(): void {
		const sound = new Set<number>();
		for (const { index, span } of this.items) for (let i = 0; i < span; i++) sound.add(index + i);
		for (let i = 0; i < this.#next; i++) {
			if (!sound.has(i) && this.#mark(i) !== ERASED) this.#setMarks(i, i + 1, ERASED);
		}
		this.damage = [];
	}

	#load(): void {
		const state = STATE_OF.get(u32At(this.#bytes, 0));
		if (state === 'uninitialised' && isErased(this.#bytes)) return;
		const version = this.#bytes[AT.version];
		const sound =
			u32At(this.#bytes, AT.crc) === nvsCrc(this.#bytes.subarray(AT.sequence, AT.crc)) &&
			(version === VERSION_1 || version === VERSION_2);
		this.state = sound && state && state !== 'uninitialised' ? state : 'corrupt';
		if (!this.holdsItems) {
			this.damage = [{ kind: 'page-header', offset: this.offset }];
			return;
		}
		this.sequence = u32At(this.#bytes, AT.sequence);
		this.#next = this.#firstUntouched();
		this.#readItems();
	}

	#readItems(): void {
		const items: PageItem[] = [];
		const damage: NvsDamage[] = [];
		for (let index = 0; index < this.#next;) {
			if (this.#mark(index) !== WRITTEN) {
				index++;
				continue;
			}
			const head = this.#headAt(index);
			if (typeof head === 'string' || !this.#allWritten(index, head.span)) {
				const kind = typeof head === 'string' ? head : 'bad-span';
				const key = keyText(this.#entry(index));
				damage.push({ kind, offset: this.offset + this.#entryAt(index), ...(key && { key }) });
				index++;
				continue;
			}
			items.push({ ...head, page: this, index });
			index += head.span;
		}
		this.items = items;
		this.damage = damage;
	}

	/** A power cut leaves bytes without a mark, and marks are set from an item's end backwards: so the last of both counts. */
	#firstUntouched(): number {
		let next = PAGE_ENTRIES;
		while (next > 0 && this.#mark(next - 1) === EMPTY && isErased(this.#entry(next - 1))) next--;
		return next;
	}

	#headAt(index: number): ItemHead | HeadFault {
		return readHead(this.#entry(index), index);
	}

	#allWritten(index: number, span: number): boolean {
		for (let i = index; i < index + span; i++) if (this.#mark(i) !== WRITTEN) return false;
		return true;
	}

	#entryAt(index: number): number {
		return AT.entries + index * ENTRY_BYTES;
	}

	#entry(index: number): Uint8Array<ArrayBuffer> {
		return this.#bytes.subarray(this.#entryAt(index), this.#entryAt(index + 1));
	}

	#mark(index: number): number {
		return (this.#bytes[AT.states + (index >> 2)]! >> ((index & 3) * 2)) & 3;
	}

	/** From the end backwards, a word of 16 marks at a time, as ESP-IDF does: a cut leaves the head without all its data. */
	#setMarks(begin: number, end: number, mark: number): void {
		for (let last = end; last > begin;) {
			const first = Math.max(begin, (last - 1) & ~15);
			const at = AT.states + ((first >> 4) << 2);
			const word = this.#bytes.slice(at, at + 4);
			for (let i = first; i < last; i++) {
				const byte = (i >> 2) & 3;
				const shift = (i & 3) * 2;
				word[byte] = (word[byte]! & ~(3 << shift)) | (mark << shift);
			}
			this.#program(at, word);
			last = first;
		}
	}

	#program(at: number, bytes: Uint8Array<ArrayBuffer>): void {
		this.medium.program(this.offset + at, bytes);
		for (let i = 0; i < bytes.length; i++) this.#bytes[at + i]! &= bytes[i]!;
	}
}
