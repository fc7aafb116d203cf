import { err, ok, textOf, type Result } from '$lib/base';

/** Bounds of docs/protocol.md §7. */
export const MAX_PAYLOAD_BYTES = 64 * 1024;
export const MAX_DEPTH = 16;

export type JsonRefusal = 'not-json' | 'not-object' | 'too-large' | 'too-deep';

/** A JSON object within the bounds, or why it is none. */
export function parseJsonObject(
	payload: Uint8Array,
	maxBytes = MAX_PAYLOAD_BYTES
): Result<Record<string, unknown>, JsonRefusal> {
	const json = parseJson(payload, maxBytes);
	if (!json.ok) return json;
	return isRecord(json.value) ? ok(json.value) : err('not-object');
}

/** Any JSON value within the bounds. A payload that is too large is not even read. */
export function parseJson(
	payload: Uint8Array,
	maxBytes = MAX_PAYLOAD_BYTES
): Result<unknown, Exclude<JsonRefusal, 'not-object'>> {
	if (payload.length > maxBytes) return err('too-large');
	const text = textOf(payload);
	if (text === undefined) return err('not-json');
	let value: unknown;
	try {
		value = JSON.parse(text);
	} catch {
		return err('not-json'); // the parser's prose is for people who write JSON by hand
	}
	return deeperThan(value, MAX_DEPTH) ? err('too-deep') : ok(value);
}

export function isRecord(value: unknown): value is Record<string, unknown> {
	return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Recurses at most `levels` deep, whatever came. */
function deeperThan(value: unknown, levels: number): boolean {
	if (typeof value !== 'object' || value === null) return false;
	if (levels === 0) return true;
	for (const key in value) if (deeperThan((value as Record<string, unknown>)[key], levels - 1)) return true;
	return false;
}
