import { isDiagnostic } from '$lib/model';
import type { MetricClass, Retention } from './retention';

/** Samples that are older than they would be kept, and so go when retention next runs. */
export interface Outlived {
	/** Some of their values: what minutes to days say of them stays. */
	readonly thinned: number;
	/** Nothing stays. */
	readonly removed: number;
}

/** Counts what a file brings that would not last. */
export class OutlivedTally {
	#thinned = 0;
	#removed = 0;
	readonly #classes = new Map<string, MetricClass>();

	/** @param nowMs of this browser, by which retention will judge */
	constructor(
		private readonly bounds: Pick<Retention, 'samplesMs' | 'rollupsMs'>,
		private readonly nowMs: number
	) {}

	/** @param toMs time of the last of them @param metrics names of what they hold */
	add(samples: number, toMs: number, metrics: Iterable<string>): void {
		const { bounds, nowMs } = this;
		if (toMs < nowMs - bounds.rollupsMs) {
			this.#removed += samples;
			return;
		}
		for (const metric of metrics) {
			if (toMs >= nowMs - bounds.samplesMs[this.#classOf(metric)]) continue;
			this.#thinned += samples;
			return;
		}
	}

	get counts(): Outlived {
		return { thinned: this.#thinned, removed: this.#removed };
	}

	#classOf(metric: string): MetricClass {
		let known = this.#classes.get(metric);
		if (!known) this.#classes.set(metric, (known = isDiagnostic(metric) ? 'diagnostic' : 'measurement'));
		return known;
	}
}
