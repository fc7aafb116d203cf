/** An item of a list, and the row of the page that shows it. */
export interface Slotted<T> {
	readonly slot: number;
	readonly item: T;
}

/**
 * Gives the items near the screen rows of the page: one that stays near keeps its row, one that comes takes the row of one that went.
 * There are never more rows than were near at once.
 */
export class RowSlots<T> {
	#slots: ReadonlyMap<T, number> = new Map();
	#free: readonly number[] = [];
	#made = 0;

	/** @param items each of them once */
	take(items: readonly T[]): readonly Slotted<T>[] {
		const before = this.#slots;
		const stay = new Set(items);
		const free = [...this.#free, ...[...before].flatMap(([item, slot]) => (stay.has(item) ? [] : [slot]))];
		const now = items.map((item) => ({ item, slot: before.get(item) ?? free.pop() ?? this.#made++ }));
		this.#slots = new Map(now.map(({ item, slot }) => [item, slot]));
		this.#free = free;
		return now;
	}
}
