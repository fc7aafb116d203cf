import { isPossibleTime, type DeviceId, type Sample } from '$lib/model';
import { CLOCKS, NO_SEQ, pickRows, type Columns } from './codec/columns';

/** What was given to the store and is not in it, by what was wrong with it: samples, but `value`, which counts readings. */
export interface Refused {
	/** A time that cannot be: no number, or outside of 1900 … 2099. */
	readonly time: number;
	/** A number or an epoch that is no unsigned integer of 32 bits, or a clock of no known quality. */
	readonly identity: number;
	/** Not finite. The rest of its sample is stored. */
	readonly value: number;
}

export type RefusedPart = keyof Refused;

const PARTS: readonly RefusedPart[] = ['time', 'identity', 'value'];
const MAX_UINT32 = 2 ** 32 - 1;

interface Tally {
	add(part: RefusedPart, times?: number): void;
}

/** Counts what of one call is refused, and tells of it once a device. */
export class Refusals {
	readonly #devices = new Map<DeviceId, Record<RefusedPart, number>>();

	constructor(
		private readonly onTrouble: (trouble: {
			readonly kind: 'refused';
			readonly device: DeviceId;
			readonly refused: Refused;
		}) => void
	) {}

	of(device: DeviceId): Tally {
		return {
			add: (part, times = 1) => {
				const counts = this.#devices.get(device) ?? { time: 0, identity: 0, value: 0 };
				this.#devices.set(device, counts);
				counts[part] += times;
			}
		};
	}

	/** Of all devices; undefined where nothing was. */
	get all(): Refused | undefined {
		const sum = { time: 0, identity: 0, value: 0 };
		for (const counts of this.#devices.values()) for (const part of PARTS) sum[part] += counts[part];
		return this.#devices.size > 0 ? sum : undefined;
	}

	/** @returns as `all` */
	tell(): Refused | undefined {
		for (const [device, refused] of this.#devices) this.onTrouble({ kind: 'refused', device, refused });
		return this.all;
	}
}

/** What of a sample makes that it cannot be kept; undefined where it can. */
export function faultOf({ timeMs, identity, clock }: Sample): Exclude<RefusedPart, 'value'> | undefined {
	if (!isPossibleTime(timeMs)) return 'time';
	if (!CLOCKS.includes(clock)) return 'identity';
	return !identity || (isUint32(identity.epoch) && isUint32(identity.seq)) ? undefined : 'identity';
}

/** The rows that can be kept; the columns as they are where all can. Tells `tally` of the others. */
export function possibleRows(columns: Columns, tally: Tally): Columns {
	const { timeMs, seq, clock } = columns;
	let faults: (RefusedPart | undefined)[] | undefined;
	for (let i = 0; i < timeMs.length; i++) {
		const fault = !isPossibleTime(timeMs[i]!)
			? 'time'
			: clock[i]! >= CLOCKS.length || (seq[i] !== NO_SEQ && !isUint32(seq[i]!))
				? 'identity'
				: undefined;
		if (!fault) continue;
		(faults ??= [])[i] = fault;
		tally.add(fault);
	}
	if (!faults) return columns;
	const sound = Uint32Array.from(timeMs.keys()).filter((i) => faults[i] === undefined);
	return pickRows(columns, sound);
}

/** Infinities as NaN, which says that there is none. Tells `tally` of them. */
export const finiteValues = (columns: Columns, tally: Tally): Columns => ({
	...columns,
	metrics: columns.metrics.map(({ metric, values }) => ({ metric, values: finite(values, tally) }))
});

function finite(values: Float64Array<ArrayBuffer>, tally: Tally): Float64Array<ArrayBuffer> {
	let infinite = 0;
	for (const value of values) if (value === Infinity || value === -Infinity) infinite++;
	if (infinite === 0) return values;
	tally.add('value', infinite);
	return values.map((value) => (Number.isFinite(value) ? value : NaN));
}

export const isUint32 = (n: number): boolean => Number.isInteger(n) && n >= 0 && n <= MAX_UINT32;
