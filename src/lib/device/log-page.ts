import { err, ok, type Result } from '$lib/base';
import {
	isBelievedTime,
	isPossibleTime,
	type ClockQuality,
	type DeviceId,
	type Provenance,
	type Sample
} from '$lib/model';
import { isRecord } from './profiles/json';

/** One page of what a device's log holds, by `telemetry.query` (docs/protocol.md §4.4). */
export interface LogPage {
	readonly epoch: number;
	/** The oldest number that the log holds: what is below was given up. */
	readonly first: number;
	/** The next number to be used. */
	readonly seq: number;
	readonly samples: readonly Sample[];
	/** Numbers that came without a time that can be: most were measured before the device's clock was ever set. */
	readonly undated: number;
	/** What to ask from for the next page; undefined at the end. */
	readonly next: number | undefined;
}

export interface LogOwner {
	readonly device: DeviceId;
	readonly provenance: Provenance;
	/** When the run that answers began, ms since the Unix epoch, where that is known: dates what was measured without a clock. */
	readonly bootMs?: number | undefined;
}

/** Rows of an answer of at most 64 KiB; more is no answer of ours. */
const MOST_ROWS = 4096;
const MOST_METRICS = 64;
const MOST_NAME_CHARS = 64;
const CLOCKS: readonly (ClockQuality | undefined)[] = ['unsynchronised', 'synchronised', 'corrected'];
/** Number, ms, clock; values follow. */
const HEAD = 3;

/** Total: any parsed JSON gives a page or an error. Values that are no numbers are left out, as where a sample comes alone. */
export function parseLogPage(value: unknown, owner: LogOwner): Result<LogPage, 'bad-page'> {
	if (!isRecord(value)) return err('bad-page');
	const { epoch, first, seq, samples: groups, next } = value;
	if (!isNumber32(epoch) || !isNumber32(first) || !isCount(seq)) return err('bad-page');
	if (next !== null && next !== undefined && !isNumber32(next)) return err('bad-page');
	if (!Array.isArray(groups)) return err('bad-page');
	const samples: Sample[] = [];
	let undated = 0;
	for (const group of groups as readonly unknown[]) {
		if (!isRecord(group)) return err('bad-page');
		const { names, rows } = group;
		if (!isNames(names) || !Array.isArray(rows)) return err('bad-page');
		if (samples.length + undated + rows.length > MOST_ROWS) return err('bad-page');
		for (const row of rows as readonly unknown[]) {
			if (!Array.isArray(row) || !isNumber32(row[0])) return err('bad-page');
			const at = timeOf(row[1], row[2], owner);
			if (at === 'bad') return err('bad-page');
			if (!at) undated++;
			else {
				const identity = { epoch, seq: row[0] };
				samples.push({
					...{ device: owner.device, provenance: owner.provenance },
					identity,
					...at,
					values: valuesOf(names, row)
				});
			}
		}
	}
	return ok({ epoch, first, seq, samples, undated, next: isNumber32(next) ? next : undefined });
}

/** undefined: nobody can tell when it was. */
function timeOf(
	ms: unknown,
	clock: unknown,
	{ bootMs }: LogOwner
): Pick<Sample, 'timeMs' | 'clock'> | 'bad' | undefined {
	if (typeof ms !== 'number' || !Number.isFinite(ms) || typeof clock !== 'number') return 'bad';
	const quality = CLOCKS[clock];
	if (!quality) return 'bad';
	if (quality !== 'unsynchronised') return isBelievedTime(ms) ? { timeMs: ms, clock: quality } : undefined;
	const timeMs = bootMs === undefined ? NaN : bootMs + ms;
	return isPossibleTime(timeMs) ? { timeMs, clock: quality } : undefined;
}

function valuesOf(names: readonly string[], row: readonly unknown[]): Readonly<Record<string, number>> {
	const values: Record<string, number> = {};
	names.forEach((name, i) => {
		const value = row[HEAD + i];
		if (typeof value === 'number' && Number.isFinite(value)) values[name] = value;
	});
	return values;
}

const isCount = (value: unknown): value is number =>
	typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= 2 ** 32;
const isNumber32 = (value: unknown): value is number => isCount(value) && value < 2 ** 32;
/** `__proto__` cannot be a plain object's key downstream, so it is no name here. */
const isNames = (value: unknown): value is readonly string[] =>
	Array.isArray(value) &&
	value.length <= MOST_METRICS &&
	value.every(
		(name) =>
			typeof name === 'string' && name !== '' && name !== '__proto__' && name.length <= MOST_NAME_CHARS
	);
