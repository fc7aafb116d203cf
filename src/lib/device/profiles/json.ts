import { err, ok, textOf, type Result } from '$lib/base';

/** Bounds of docs/protocol.md §7. */
export const MAX_PAYLOAD_BYTES = 64 * 1024;
export const MAX_DEPTH = 16;

export type JsonRefusal = 'not-json' | 'not-object' | 'too-large' | 'too-deep';

/** A JSON object within the bounds, or why it is none. A payload that is too large is not even read. */
export function parseJsonObject(payload: Uint8Array): Result<Record<string, unknown>, JsonRefusal> {
	if (payload.length > MAX_PAYLOAD_BYTES) return err('too-large');
	const text = textOf(payload);
	if (text === undefined) return err('not-json');
	let value: unknown;
	try {
		value = JSON.parse(text);
	} catch {
		return err('not-json'); // the parser's prose is for people who write JSON by hand
	}
	if (deeperThan(value, MAX_DEPTH)) return err('too-deep');
	return isRecord(value) ? ok(value) : err('not-object');
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
