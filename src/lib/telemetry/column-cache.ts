/** Decoded columns, the least recently used gone first; never more than `capacityBytes`. */
export class ColumnCache {
	readonly #entries = new Map<string, Float64Array<ArrayBuffer>>();
	#bytes = 0;

	constructor(readonly capacityBytes: number) {}

	get bytes(): number {
		return this.#bytes;
	}

	get(key: string): Float64Array<ArrayBuffer> | undefined {
		const found = this.#entries.get(key);
		if (found) {
			this.#entries.delete(key);
			this.#entries.set(key, found);
		}
		return found;
	}

	set(key: string, column: Float64Array<ArrayBuffer>): void {
		if (column.byteLength > this.capacityBytes) return;
		this.#bytes += column.byteLength - (this.#entries.get(key)?.byteLength ?? 0);
		this.#entries.delete(key);
		this.#entries.set(key, column);
		for (const [oldest, { byteLength }] of this.#entries) {
			if (this.#bytes <= this.capacityBytes) return;
			this.#entries.delete(oldest);
			this.#bytes -= byteLength;
		}
	}
}
