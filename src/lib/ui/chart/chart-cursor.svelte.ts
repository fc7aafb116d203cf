/** The one time that the charts of a page point at: a pointer or key in one of them shows the value at that time in all. */
export class ChartCursor {
	#timeMs = $state<number>();

	/** ms since the epoch; undefined while nobody points. Reactive. */
	get timeMs(): number | undefined {
		return this.#timeMs;
	}

	point(timeMs: number | undefined): void {
		this.#timeMs = timeMs;
	}
}
