import type { Clock } from '$lib/base';
import type { DeviceId, Provenance } from '$lib/model';
import type { Names } from './names';
import { Series } from './series';

/** All series by id and by name. */
export class SeriesTable {
	readonly #byId = new Map<number, Series>();

	constructor(
		readonly names: Names,
		series: readonly Series[],
		private readonly clock: Pick<Clock, 'now'>
	) {
		for (const one of series) this.#byId.set(one.id, one);
	}

	get all(): readonly Series[] {
		return [...this.#byId.values()];
	}

	byId(id: number): Series | undefined {
		return this.#byId.get(id);
	}

	/** Whether it is still one of them: a device that was forgotten and came again has a new one. */
	has(series: Series): boolean {
		return this.#byId.get(series.id) === series;
	}

	find(device: DeviceId, provenance: Provenance): Series | undefined {
		const id = this.names.findSeries(device, provenance);
		return id === undefined ? undefined : this.#byId.get(id);
	}

	findOrMake(device: DeviceId, provenance: Provenance): Series {
		const found = this.find(device, provenance);
		if (found) return found;
		const made = new Series(this.names.series(device, provenance), device, provenance, this.clock);
		made.heads = [];
		this.#byId.set(made.id, made);
		return made;
	}

	remove({ id, device, provenance }: Series): void {
		this.#byId.delete(id);
		this.names.forgetSeries(device, provenance);
	}
}
