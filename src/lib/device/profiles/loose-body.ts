import { displayName, type DeviceId, type Provenance } from '$lib/model';
import type { DecodedPart, Refusal } from './profile';
import { isRecord } from './json';
import { isFiniteNumber, isMetricName, MAX_METRICS } from './metric-name';
import { namesQuantity, quantityOf } from './quantities';
import { TIME_MEMBERS, toldTime } from './told-time';

/** A message of another convention, parsed: whose it is and when it came. */
export interface Told {
	readonly device: DeviceId;
	/** Its name in its own convention. */
	readonly alias: string;
	readonly body: Readonly<Record<string, unknown>>;
	readonly receivedMs: number;
	readonly retained: boolean;
	/** Somebody else says it of the device. */
	readonly hearsay?: boolean;
}

/** Members that hold the readings rather than being some. */
const WRAPPERS = new Set(['data', 'readings', 'sensors', 'values', 'metrics', 'payload', 'measurements']);
/** Numbers that are no readings. */
const NO_READINGS = new Set<string>([
	...TIME_MEMBERS,
	...['nonce', 'id', 'qos', 'seq', 'sequence', 'sample_count', 'sampling_interval', 'version']
]);
/** Members looked at in all, whatever they hold. */
const MAX_MEMBERS = 1024;
const MAX_TEXT_CHARS = 128;

/**
 * The numbers of a body, by metric, through at most one level of objects. A member that should be a number by its name and is not is
 * counted; other texts, lists and flags are no readings and passed over.
 * @returns undefined where there are too many
 */
export function readingsOf(
	body: Readonly<Record<string, unknown>>,
	counted: Refusal[],
	unit?: string
): Record<string, number> | undefined {
	const values: Record<string, number> = {};
	let members = 0;
	let metrics = 0;
	const take = (name: string, value: unknown): boolean => {
		if (!isFiniteNumber(value)) {
			if (value !== null && namesQuantity(name)) counted.push('bad-value');
			return true;
		}
		const quantity = quantityOf(name, value, unit);
		if (!quantity.ok) counted.push(quantity.error);
		else if (!isMetricName(quantity.value.metric) || Object.hasOwn(values, quantity.value.metric))
			counted.push('bad-value'); // a second one of the same name: which is true, nobody knows
		else {
			if (++metrics > MAX_METRICS) return false;
			values[quantity.value.metric] = quantity.value.value;
		}
		return true;
	};
	for (const name in body) {
		if (++members > MAX_MEMBERS) return undefined;
		if (NO_READINGS.has(name)) continue;
		const value = body[name];
		if (!isRecord(value)) {
			if (!take(name, value)) return undefined;
			continue;
		}
		for (const inner in value) {
			if (++members > MAX_MEMBERS) return undefined;
			if (isRecord(value[inner]) || NO_READINGS.has(inner)) continue;
			if (!take(WRAPPERS.has(name) ? inner : `${name}_${inner}`, value[inner])) return undefined;
		}
	}
	return values;
}

/** A sample of these values at the message's time; undefined where there are none. */
export function telemetryOf(
	told: Told,
	values: Readonly<Record<string, number>>,
	counted: Refusal[]
): Extract<DecodedPart, { kind: 'telemetry' }> | undefined {
	if (Object.keys(values).length === 0) return undefined;
	const { timeMs, clock, fault } = toldTime(told.body, told.receivedMs);
	if (fault) counted.push('bad-timestamp');
	const { device, body, alias } = told;
	return {
		kind: 'telemetry',
		device,
		sample: { device, provenance: provenanceOf(told), identity: undefined, timeMs, clock, values },
		alias: textOf(body, 'name', 'device_name') ?? alias,
		firmware: textOf(body, 'fw', 'firmware', 'firmware_version'),
		...(told.hearsay ? { hearsay: true } : {}),
		counted
	};
}

/** docs/protocol.md §1, as other people say it. */
export function provenanceOf({ body, alias }: Pick<Told, 'body' | 'alias'>): Provenance {
	const simulated = body['sim'] === true || body['simulated'] === true || alias.startsWith('sim-');
	return simulated ? 'simulated' : 'real';
}

/** The first of these members that is a text, fit to be shown; numbers as texts too where `numbers`. */
export function textOf(body: Readonly<Record<string, unknown>>, ...names: string[]): string | undefined {
	for (const name of names) {
		const value = body[name];
		const text = typeof value === 'string' ? displayName(value.slice(0, 4 * MAX_TEXT_CHARS)) : undefined;
		if (text !== undefined) return text.slice(0, MAX_TEXT_CHARS);
	}
	return undefined;
}

/** As `textOf`, and also whole numbers, as ids often are. */
export function labelOf(body: Readonly<Record<string, unknown>>, ...names: string[]): string | undefined {
	const text = textOf(body, ...names);
	if (text !== undefined) return text;
	return names
		.map((name) => body[name])
		.find((value): value is number => Number.isSafeInteger(value))
		?.toString();
}
