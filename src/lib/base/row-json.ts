import { fromBase64, toBase64 } from './bytes';

/**
 * Rows as JSON that gives back what structured cloning would: −0, NaN and infinities, byte columns and undefined members included. What
 * plain JSON has no word for is an object with one member that begins with `$`; objects of ours that have such members are wrapped.
 */
export const rowJson = (row: unknown): string => JSON.stringify(plain(row));

/** Total: undefined where the text is not of `rowJson`. */
export function parseRowJson(text: string): { readonly row: unknown } | undefined {
	try {
		return { row: rich(JSON.parse(text)) };
	} catch {
		return undefined; // not JSON, or a byte column that is not base64: the caller says so
	}
}

function plain(value: unknown): unknown {
	if (value === undefined) return { $undefined: 1 };
	if (typeof value === 'number' && (!Number.isFinite(value) || Object.is(value, -0)))
		return { $number: Object.is(value, -0) ? '-0' : String(value) };
	if (value instanceof Uint8Array) return { $bytes: toBase64(value) };
	if (Array.isArray(value)) return value.map(plain);
	if (typeof value !== 'object' || value === null) return value;
	const entries = Object.entries(value).map(([key, member]) => [key, plain(member)] as const);
	const inner = Object.fromEntries(entries);
	return entries.some(([key]) => key.startsWith('$')) ? { $object: inner } : inner;
}

function rich(value: unknown): unknown {
	if (Array.isArray(value)) return value.map(rich);
	if (typeof value !== 'object' || value === null) return value;
	const [[key, inner] = ['', undefined]] = Object.entries(value) as [string, unknown][];
	if (key === '$undefined') return undefined;
	if (key === '$number') return Number(inner);
	if (key === '$bytes') {
		const bytes = fromBase64(String(inner));
		if (!bytes) throw new SyntaxError('not base64');
		return bytes;
	}
	if (key === '$object') return members(inner as object);
	return members(value);
}

const members = (value: object): object =>
	Object.fromEntries(Object.entries(value).map(([key, member]) => [key, rich(member)]));
