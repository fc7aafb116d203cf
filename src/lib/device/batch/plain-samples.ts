import { err, ok, type Result } from '$lib/base';

/** Samples by row: the names once, and a value for each of them. */
export interface PlainRows {
	readonly names: readonly string[];
	readonly rows: readonly (readonly number[])[];
	/** Between two rows; 0 where it is not said. */
	readonly intervalMs: number;
}

const MAX_REGISTERS = 16;
const MAX_NAME_CHARS = 64;
const MAX_INTERVAL_S = 86_400;

/**
 * The values of a plain list as rows, by the names that the envelope gives them in `registers` and, where there are several rows, the
 * `sampling_interval` (s) between them.
 */
export function rowsOf(
	values: Float64Array,
	envelope: Readonly<Record<string, unknown>>
): Result<PlainRows, { kind: 'unnamed-values' | 'corrupt' }> {
	const names = envelope['registers'] ?? envelope['register_layout'];
	if (!Array.isArray(names) || names.length === 0 || names.length > MAX_REGISTERS || !names.every(isName))
		return err({ kind: 'unnamed-values' });
	if (new Set(names).size < names.length) return err({ kind: 'unnamed-values' });
	if (values.length === 0 || values.length % names.length !== 0) return err({ kind: 'corrupt' });
	const rows = Array.from({ length: values.length / names.length }, (_, i) => [
		...values.subarray(i * names.length, (i + 1) * names.length)
	]);
	const interval = envelope['sampling_interval'];
	const said = typeof interval === 'number' && interval > 0 && interval <= MAX_INTERVAL_S;
	if (rows.length > 1 && !said) return err({ kind: 'corrupt' });
	return ok({ names, rows, intervalMs: said ? interval * 1000 : 0 });
}

const isName = (name: unknown): name is string =>
	typeof name === 'string' && name !== '' && name !== '__proto__' && name.length <= MAX_NAME_CHARS;
