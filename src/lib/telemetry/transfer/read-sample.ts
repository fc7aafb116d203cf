import { err, ok, parseIsoTime, type Result } from '$lib/base';
import {
	isPossibleTime,
	parseDeviceId,
	type ClockQuality,
	type Sample,
	type SampleIdentity
} from '$lib/model';
import { CSV_COLUMNS, fieldName } from './text-rows';

/** Why a line is no sample. */
export type LineFault =
	| { readonly kind: 'too-long' | 'unclosed-quote' | 'not-json' | 'too-many-metrics' | 'too-many-devices' }
	| { readonly kind: 'fields'; readonly found: number; readonly wanted: number }
	/** What stands in the field, cut to what can be shown. */
	| {
			readonly kind: 'device' | 'provenance' | 'clock' | 'time' | 'identity' | 'metric' | 'number' | 'states';
			readonly found: string;
			readonly column?: string;
	  };

/** As many as the registry knows of one device. */
export const MAX_METRICS = 256;
const MAX_NAME_BYTES = 64;
const MAX_STATE_CHARS = 256;
const MAX_UINT32 = 2 ** 32 - 1;
const CLOCKS: readonly string[] = ['unsynchronised', 'corrected', 'synchronised'] satisfies ClockQuality[];
const DECIMAL = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/iu;

const shown = (raw: unknown): string =>
	(typeof raw === 'string' ? raw : (JSON.stringify(raw) ?? 'nothing')).slice(0, 40);

/** A finite number, or undefined. Hexadecimal, NaN, Infinity and text around it are none. */
export function decimal(text: string): number | undefined {
	const trimmed = text.trim();
	const value = DECIMAL.test(trimmed) ? Number(trimmed) : NaN;
	return Number.isFinite(value) ? value : undefined;
}

/** 1 … 64 bytes, and nothing that a plain object takes for more than a name. */
export const isMetricName = (name: string): boolean =>
	name !== '' &&
	name !== '__proto__' &&
	// A character is three bytes at most.
	(name.length * 3 <= MAX_NAME_BYTES || new TextEncoder().encode(name).length <= MAX_NAME_BYTES);

interface Raw {
	readonly device: unknown;
	readonly provenance: unknown;
	readonly clock: unknown;
	readonly timeMs: number | undefined;
	readonly timeShown: unknown;
	readonly epoch: number | undefined | null;
	readonly seq: number | undefined | null;
}

/** The part that both forms share. null: there and not a number. */
function head(raw: Raw): Result<Omit<Sample, 'values' | 'states'>, LineFault> {
	const id = typeof raw.device === 'string' ? parseDeviceId(raw.device) : undefined;
	if (!id?.ok) return err({ kind: 'device', found: shown(raw.device) });
	const { provenance, clock, timeMs, epoch, seq } = raw;
	if (provenance !== 'real' && provenance !== 'simulated')
		return err({ kind: 'provenance', found: shown(provenance) });
	if (typeof clock !== 'string' || !CLOCKS.includes(clock))
		return err({ kind: 'clock', found: shown(clock) });
	if (timeMs === undefined || !isPossibleTime(timeMs))
		return err({ kind: 'time', found: shown(raw.timeShown) });
	const identity = identityOf(epoch, seq);
	if (identity === null) return err({ kind: 'identity', found: `${String(epoch)}, ${String(seq)}` });
	return ok({ device: id.value, provenance, clock: clock as ClockQuality, timeMs, identity });
}

function identityOf(epoch: Raw['epoch'], seq: Raw['seq']): SampleIdentity | undefined | null {
	if (epoch === undefined && seq === undefined) return undefined;
	const isUint32 = (n: unknown): n is number =>
		typeof n === 'number' && Number.isInteger(n) && n >= 0 && n <= MAX_UINT32;
	return isUint32(epoch) && isUint32(seq) ? { epoch, seq } : null;
}

/** One line of our NDJSON. Members it does not know are passed over. */
export function readNdjson(text: string): Result<Sample, LineFault> {
	let parsed: unknown;
	try {
		parsed = JSON.parse(text);
	} catch {
		return err({ kind: 'not-json' }); // what is wrong in it, an editor tells better
	}
	if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed))
		return err({ kind: 'not-json' });
	const f = parsed as Readonly<Record<string, unknown>>;
	const uint = (raw: unknown) =>
		raw === undefined || raw === null ? undefined : typeof raw === 'number' ? raw : null;
	const told = f['timeMs'] ?? f['time'];
	const read = head({
		device: f['device'],
		provenance: f['provenance'],
		clock: f['clock'] ?? 'synchronised',
		timeMs:
			typeof f['timeMs'] === 'number'
				? f['timeMs']
				: typeof told === 'string'
					? parseIsoTime(told, 'local')
					: undefined,
		timeShown: told,
		epoch: uint(f['epoch']),
		seq: uint(f['seq'])
	});
	if (!read.ok) return read;
	const entries = typeof f['values'] === 'object' && f['values'] !== null ? Object.entries(f['values']) : [];
	if (entries.length > MAX_METRICS) return err({ kind: 'too-many-metrics' });
	const values: Record<string, number> = {};
	for (const [name, value] of entries) {
		if (!isMetricName(name)) return err({ kind: 'metric', found: shown(name) });
		if (typeof value !== 'number' || !Number.isFinite(value))
			return err({ kind: 'number', found: shown(value), column: name });
		values[name] = value;
	}
	const states = f['states'] === undefined ? undefined : readStates(f['states']);
	if (states === null) return err({ kind: 'states', found: shown(f['states']) });
	return ok({ ...read.value, values, ...(states ? { states } : {}) });
}

/**
 * One record of our CSV. Behind a spreadsheet its exact time may be rounded; then the time in words is what is known.
 * @param metrics the names behind the fixed columns
 * @param number decimal signs are what the file's last program wrote
 */
export function readCsv(
	fields: readonly string[],
	metrics: readonly string[],
	number: (field: string) => number | undefined
): Result<Sample, LineFault> {
	const wanted = CSV_COLUMNS.length + metrics.length;
	if (fields.length !== wanted) return err({ kind: 'fields', found: fields.length, wanted });
	const [time = '', exact = '', device = '', provenance, clock, epoch = '', seq = '', told = ''] = fields;
	const uint = (field: string) => (field === '' ? undefined : (number(field) ?? null));
	const inWords = exact === '' || /e\+/iu.test(exact);
	const read = head({
		device: fieldName(device),
		provenance,
		clock,
		timeMs: inWords ? parseIsoTime(time, 'local') : number(exact),
		timeShown: inWords ? time : exact,
		epoch: uint(epoch),
		seq: uint(seq)
	});
	if (!read.ok) return read;
	const values = readValues(
		fields,
		metrics.map((metric, i) => ({ column: CSV_COLUMNS.length + i, metric })),
		number
	);
	if (!values.ok) return values;
	const states = told === '' ? undefined : readStates(jsonOf(told));
	if (states === null) return err({ kind: 'states', found: shown(told) });
	return ok({ ...read.value, values: values.value, ...(states ? { states } : {}) });
}

/** Texts by name; null where it is anything else. */
function readStates(raw: unknown): Readonly<Record<string, string>> | null {
	if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) return null;
	const entries = Object.entries(raw);
	const isText = (value: unknown) => typeof value === 'string' && value.length <= MAX_STATE_CHARS;
	const good = entries.every(([name, value]) => isMetricName(name) && isText(value));
	return good && entries.length <= MAX_METRICS ? Object.fromEntries(entries) : null;
}

function jsonOf(text: string): unknown {
	try {
		return JSON.parse(text);
	} catch {
		return undefined; // told as no states
	}
}

/** The numbers of a record; an empty field is a metric that the sample lacks. */
export function readValues(
	fields: readonly string[],
	columns: readonly { readonly column: number; readonly metric: string }[],
	parse: (field: string) => number | undefined,
	isEmpty = (field: string) => field.trim() === ''
): Result<Record<string, number>, LineFault> {
	const values: Record<string, number> = {};
	for (const { column, metric } of columns) {
		const field = fields[column] ?? '';
		if (isEmpty(field)) continue;
		const value = parse(field);
		if (value === undefined) return err({ kind: 'number', found: shown(field), column: metric });
		values[metric] = value;
	}
	return ok(values);
}
