/** Named counts of what was refused or dropped: nothing is lost without leaving a number behind. */
export class Counters<Name extends string> {
	readonly #counts = new Map<Name, number>();

	add(name: Name, by = 1): void {
		this.#counts.set(name, (this.#counts.get(name) ?? 0) + by);
	}

	get(name: Name): number {
		return this.#counts.get(name) ?? 0;
	}

	snapshot(): Partial<Record<Name, number>> {
		return Object.fromEntries(this.#counts) as Partial<Record<Name, number>>;
	}
}
