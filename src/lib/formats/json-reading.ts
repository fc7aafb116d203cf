import { err, ok, type Result } from '$lib/base';

/** A document of people's own making that does not say what it should; `field` like `builds[1].parts[0].offset`. */
export interface FieldFault {
	readonly kind: 'not-json' | 'missing' | 'wrong-type' | 'bad-value';
	/** Empty for the whole. */
	readonly field: string;
}

/** JSON text to what its top object has; every other value stays `unknown` until its field is read. */
export function readJsonObject(text: string): Result<Readonly<Record<string, unknown>>, FieldFault> {
	let value: unknown;
	try {
		value = JSON.parse(text.replace(/^\uFEFF/u, ''));
	} catch {
		return err({ kind: 'not-json', field: '' }); // where it broke says nothing to whoever only chose the file
	}
	return asObject(value, '');
}

export function asObject(
	value: unknown,
	field: string
): Result<Readonly<Record<string, unknown>>, FieldFault> {
	if (value === undefined) return err({ kind: 'missing', field });
	return typeof value === 'object' && value !== null && !Array.isArray(value)
		? ok(value as Readonly<Record<string, unknown>>)
		: err({ kind: 'wrong-type', field });
}

/** A list with something in it, at most `most` long. */
export function asList(value: unknown, field: string, most: number): Result<readonly unknown[], FieldFault> {
	if (value === undefined) return err({ kind: 'missing', field });
	if (!Array.isArray(value)) return err({ kind: 'wrong-type', field });
	return value.length > 0 && value.length <= most ? ok(value) : err({ kind: 'bad-value', field });
}

/** Text with something in it. */
export function asText(value: unknown, field: string): Result<string, FieldFault> {
	if (value === undefined) return err({ kind: 'missing', field });
	if (typeof value !== 'string') return err({ kind: 'wrong-type', field });
	return value.trim() === '' ? err({ kind: 'bad-value', field }) : ok(value);
}

/** An address resolved against `base`; only what can be fetched. */
export function asUrl(path: string, base: string, field: string): Result<string, FieldFault> {
	try {
		const url = new URL(path, base);
		if (url.protocol === 'http:' || url.protocol === 'https:') return ok(url.href);
	} catch {
		// told below: no address at all is as little use as one of another scheme
	}
	return err({ kind: 'bad-value', field });
}
