import { isDiagnostic } from '$lib/model';
import { openBlock, samplesIn, type NewBlock } from './codec/block';
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
		const fate = this.#fateOf(toMs, metrics);
		if (fate === 'removed') this.#removed += samples;
		else if (fate === 'thinned') this.#thinned += samples;
	}

	/** Row by row where a bound lies within it: it is cut at days when it is folded. @param nameOf a metric's name */
	addBlock({ head, bytes }: NewBlock, nameOf: (metric: number) => string | undefined): void {
		const namesOf = (metrics: readonly number[]) => metrics.flatMap((metric) => nameOf(metric) ?? []);
		const held = namesOf(head.columns.flatMap(({ metric, gone }) => (gone ? [] : [metric])));
		const fate = this.#fateOf(head.toMs, held);
		if (fate === this.#fateOf(head.fromMs, held) && fate !== 'thinned')
			return this.add(samplesIn(head), head.toMs, held);
		for (const { timeMs, metrics, states } of openBlock(head, bytes)?.rows() ?? [])
			if (metrics.length > 0 || !states) this.add(1, timeMs, namesOf(metrics));
	}

	get counts(): Outlived {
		return { thinned: this.#thinned, removed: this.#removed };
	}

	#fateOf(timeMs: number, metrics: Iterable<string>): 'stays' | keyof Outlived {
		const { bounds, nowMs } = this;
		if (timeMs < nowMs - bounds.rollupsMs) return 'removed';
		for (const metric of metrics)
			if (timeMs < nowMs - bounds.samplesMs[this.#classOf(metric)]) return 'thinned';
		return 'stays';
	}

	#classOf(metric: string): MetricClass {
		let known = this.#classes.get(metric);
		if (!known) this.#classes.set(metric, (known = isDiagnostic(metric) ? 'diagnostic' : 'measurement'));
		return known;
	}
}
