import { assert } from '$lib/base';
import type { DeviceId, Provenance, Sample } from '$lib/model';
import { CLOCKS, NO_SEQ, type Columns } from './codec/columns';
import type { Names } from './names';
import { isUint32 } from './refused';

/** Samples of one device as columns of equal length: how a file, a backup or a device's log brings them. */
export interface SampleColumns {
	readonly device: DeviceId;
	readonly provenance: Provenance;
	/** ms since the epoch. Any order is taken; ascending is quickest. */
	readonly timeMs: Float64Array<ArrayBuffer>;
	/** Place in `CLOCK_QUALITIES`. */
	readonly clock: Uint8Array<ArrayBuffer>;
	readonly epoch: Uint32Array<ArrayBuffer>;
	/** −1 where the sample has no identity. */
	readonly seq: Float64Array<ArrayBuffer>;
	/** By metric; where a sample has none, NaN. */
	readonly values: ReadonlyMap<string, Float64Array<ArrayBuffer>>;
	/** By name of the state; undefined where a sample has none. */
	readonly states?: ReadonlyMap<string, readonly (string | undefined)[]>;
}

export type BulkSource = Iterable<SampleColumns> | AsyncIterable<SampleColumns>;

export { CLOCKS as CLOCK_QUALITIES };

/** Samples of any devices as columns, one a device and provenance, in their order. */
export function sampleColumns(samples: readonly Sample[]): SampleColumns[] {
	const groups = { real: new Map<DeviceId, Sample[]>(), simulated: new Map<DeviceId, Sample[]>() };
	for (const sample of samples) {
		const group = groups[sample.provenance].get(sample.device);
		if (group) group.push(sample);
		else groups[sample.provenance].set(sample.device, [sample]);
	}
	return [...groups.real.values(), ...groups.simulated.values()].map(columnsOfOne);
}

function columnsOfOne(samples: readonly Sample[]): SampleColumns {
	const count = samples.length;
	const { device, provenance } = samples[0]!;
	const timeMs = new Float64Array(count);
	const clock = new Uint8Array(count);
	const epoch = new Uint32Array(count);
	const seq = new Float64Array(count);
	const values = new Map<string, Float64Array<ArrayBuffer>>();
	const states = new Map<string, (string | undefined)[]>();
	for (let i = 0; i < count; i++) {
		const sample = samples[i]!;
		timeMs[i] = sample.timeMs;
		clock[i] = CLOCKS.indexOf(sample.clock);
		const { identity } = sample;
		epoch[i] = identity?.epoch ?? 0;
		// What these columns cannot hold stays refusable.
		if (!identity) seq[i] = NO_SEQ;
		else seq[i] = isUint32(identity.epoch) && identity.seq !== NO_SEQ ? identity.seq : NaN;
		for (const name in sample.values) {
			let column = values.get(name);
			if (!column) values.set(name, (column = new Float64Array(count).fill(NaN)));
			column[i] = sample.values[name]!;
		}
		for (const [name, state] of Object.entries(sample.states ?? {})) {
			const told = states.get(name) ?? new Array<string | undefined>(count).fill(undefined);
			states.set(name, told);
			told[i] = state;
		}
	}
	return { device, provenance, timeMs, clock, epoch, seq, values, states };
}

/** With names as ids: views of what came. */
export function withIds(
	{ timeMs, clock, epoch, seq, values, states = new Map() }: SampleColumns,
	names: Names
): Columns {
	const columns = [clock, epoch, seq, ...values.values(), ...states.values()];
	assert(
		columns.every(({ length }) => length === timeMs.length),
		'columns of samples are equally long'
	);
	const metrics = [...values].map(([name, column]) => ({ metric: names.metric(name), values: column }));
	const told = [...states].map(([name, column]) => ({ metric: names.metric(name), values: column }));
	return { timeMs, clock, epoch, seq, metrics: metrics.sort(byMetric), states: told.sort(byMetric) };
}

const byMetric = (a: { metric: number }, b: { metric: number }): number => a.metric - b.metric;
