import type { GrowingSeries } from './layers';
import type { SentColumns } from './painter-messages';

type Change = Parameters<Parameters<GrowingSeries['watch']>[0]>[0];

/** A series as the page has it, in the worker that draws it. */
export class MirroredSeries implements GrowingSeries {
	#columns = [0, 1, 2, 3].map(() => new Float64Array(64));
	#length = 0;
	readonly #listeners = new Set<(how: Change) => void>();

	get timeMs(): Float64Array {
		return this.#view(0);
	}
	get min(): Float64Array {
		return this.#view(1);
	}
	get max(): Float64Array {
		return this.#view(2);
	}
	get avg(): Float64Array {
		return this.#view(3);
	}

	watch(changed: (how: Change) => void, signal: AbortSignal): void {
		this.#listeners.add(changed);
		signal.addEventListener('abort', () => this.#listeners.delete(changed), { once: true });
	}

	take({ at, columns, replaced }: Pick<SentColumns, 'at' | 'columns' | 'replaced'>): void {
		const rows = columns.length / 4;
		const length = at + rows;
		const room = length > this.#columns[0]!.length ? 2 * length : 0;
		this.#columns.forEach((column, i) => {
			let into = column;
			if (room > 0) {
				into = this.#columns[i] = new Float64Array(room);
				into.set(column.subarray(0, at));
			}
			into.set(columns.subarray(i * rows, (i + 1) * rows), at);
		});
		this.#length = length;
		for (const listener of this.#listeners) listener(replaced ? 'replaced' : 'grew');
	}

	#view(column: number): Float64Array {
		return this.#columns[column]!.subarray(0, this.#length);
	}
}
