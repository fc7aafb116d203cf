import { err, fromBase64, ok, toHex, utf8, type Result } from '$lib/base';
import { csvRecords } from './csv-records';
import type { NvsEntry, NvsValue, NvsValueFault } from './nvs-types';
import { isNvsName, valueFault } from './nvs-values';

/** A row that cannot be taken. `line` counts from 1. */
export type NvsCsvFault = { readonly line: number } & (
	| { readonly kind: 'no-header' }
	| { readonly kind: 'open-quote' }
	/** An entry before any namespace. */
	| { readonly kind: 'no-namespace'; readonly key: string }
	/** Its value lies in a file on somebody's disk. */
	| { readonly kind: 'needs-file'; readonly key: string; readonly path: string }
	| { readonly kind: 'bad-type'; readonly text: string }
	| { readonly kind: 'bad-encoding'; readonly key: string; readonly text: string }
	| { readonly kind: 'not-encoded'; readonly key: string; readonly encoding: string }
	| { readonly kind: 'bad-namespace'; readonly namespace: string }
	| { readonly kind: 'not-valid'; readonly fault: NvsValueFault }
	| { readonly kind: 'repeated'; readonly namespace: string; readonly key: string }
);

export interface NvsCsv {
	readonly entries: readonly NvsEntry[];
	/** Rows that were left out, each with why. */
	readonly faults: readonly NvsCsvFault[];
}

const COLUMNS = ['key', 'type', 'encoding', 'value'];
const NUMBERS = ['u8', 'i8', 'u16', 'i16', 'u32', 'i32'] as const;
type NumberName = (typeof NUMBERS)[number];
const isNumber = (text: string): text is NumberName => (NUMBERS as readonly string[]).includes(text);

/**
 * The CSV that Espressif's `nvs_partition_gen.py` takes: `key,type,encoding,value`, a `namespace` row before its entries, lines
 * that begin with `#` left out. Rows that cannot be taken are told, and the rest stands; without the first line it is no such file.
 */
export function parseNvsCsv(text: string): Result<NvsCsv, NvsCsvFault> {
	const read = csvRecords(text.replace(/^\uFEFF/u, ''));
	if (!read.ok) return err({ kind: 'open-quote', line: read.error.line });
	const [head, ...rest] = read.value;
	const names = head?.fields.map((field) => field.trim());
	const places = COLUMNS.map((column) => names?.indexOf(column) ?? -1);
	if (places.includes(-1)) return err({ kind: 'no-header', line: head?.line ?? 1 });
	const entries = new Map<string, NvsEntry>();
	const faults: NvsCsvFault[] = [];
	let namespace: string | undefined;
	for (const { line, fields } of rest) {
		const [key = '', type = '', encoding = '', value = ''] = places.map((place) => fields[place] ?? '');
		const row = { key: key.trim(), type: type.trim(), encoding: encoding.trim().toLowerCase(), value };
		if (row.type === 'namespace') {
			namespace = isNvsName(row.key) ? row.key : undefined;
			if (namespace === undefined) faults.push({ kind: 'bad-namespace', line, namespace: row.key });
			continue;
		}
		const taken = entryOf(row, namespace, line);
		if (!taken.ok) {
			faults.push(taken.error);
			continue;
		}
		const name = `${taken.value.namespace}\0${taken.value.key}`;
		if (entries.has(name)) faults.push({ kind: 'repeated', line, ...nameOf(taken.value) });
		else entries.set(name, taken.value);
	}
	return ok({ entries: [...entries.values()], faults });
}

const nameOf = ({ namespace, key }: NvsEntry) => ({ namespace, key });

interface Row {
	readonly key: string;
	readonly type: string;
	readonly encoding: string;
	readonly value: string;
}

function entryOf(
	{ key, type, encoding, value }: Row,
	namespace: string | undefined,
	line: number
): Result<NvsEntry, NvsCsvFault> {
	if (namespace === undefined) return err({ kind: 'no-namespace', line, key });
	if (type === 'file') return err({ kind: 'needs-file', line, key, path: value });
	if (type !== 'data') return err({ kind: 'bad-type', line, text: type });
	const decoded = decode(encoding, value);
	if (decoded === 'no-encoding') return err({ kind: 'bad-encoding', line, key, text: encoding });
	if (!decoded) return err({ kind: 'not-encoded', line, key, encoding });
	const fault = valueFault(namespace, key, decoded);
	return fault ? err({ kind: 'not-valid', line, fault }) : ok({ namespace, key, ...decoded });
}

function decode(encoding: string, text: string): NvsValue | 'no-encoding' | undefined {
	if (isNumber(encoding)) {
		const whole = wholeOf(text);
		return whole === undefined ? undefined : { type: encoding, value: Number(whole) };
	}
	switch (encoding) {
		case 'u64':
		case 'i64': {
			const value = wholeOf(text);
			return value === undefined ? undefined : { type: encoding, value };
		}
		case 'string':
			return { type: 'string', value: text };
		case 'binary':
			return { type: 'blob', value: utf8(text) };
		case 'hex2bin':
			return blobOf(bytesOfHex(text.trim()));
		case 'base64':
			return blobOf(fromBase64(text.trim()));
		default:
			return 'no-encoding';
	}
}

const blobOf = (value: Uint8Array<ArrayBuffer> | undefined): NvsValue | undefined =>
	value && { type: 'blob', value };

/** Decimal or `0x…`, with a sign; undefined where it is no whole number. */
export function wholeOf(text: string): bigint | undefined {
	const parts = /^([+-]?)(0x[0-9a-f]+|[0-9]+)$/iu.exec(text.trim());
	if (!parts) return undefined;
	const size = BigInt(parts[2]!);
	return parts[1] === '-' ? -size : size;
}

/** Undefined where it is not whole bytes of hexadecimal digits. Spaces, colons and line ends between bytes are passed over. */
export function bytesOfHex(text: string): Uint8Array<ArrayBuffer> | undefined {
	const digits = text.replaceAll(/[\s:]/gu, '');
	if (!/^([0-9a-f]{2})*$/iu.test(digits)) return undefined;
	return Uint8Array.from({ length: digits.length / 2 }, (_, i) =>
		Number.parseInt(digits.slice(2 * i, 2 * i + 2), 16)
	);
}

/** Entries as `nvs_partition_gen.py` reads them; blobs as `hex2bin`. Namespaces where they first come up, their entries together. */
export function writeNvsCsv(entries: readonly NvsEntry[]): string {
	const lines = [COLUMNS.join(',')];
	for (const namespace of new Set(entries.map((entry) => entry.namespace))) {
		lines.push([quoted(namespace), 'namespace', '', ''].join(','));
		for (const entry of entries) {
			if (entry.namespace !== namespace) continue;
			const [encoding, value] = encode(entry);
			lines.push([quoted(entry.key), 'data', encoding, quoted(value)].join(','));
		}
	}
	return `${lines.join('\n')}\n`;
}

function encode(entry: NvsEntry): readonly [string, string] {
	if (entry.type === 'blob') return ['hex2bin', toHex(entry.value)];
	return [entry.type, String(entry.value)];
}

const quoted = (text: string): string =>
	/[",\r\n#]|^\s|\s$/u.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
