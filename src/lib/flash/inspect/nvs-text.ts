import { err, ok, toHex, type Result } from '$lib/base';
import { bytesOfHex, wholeOf, type NvsType, type NvsValue } from '$lib/formats';

/** All types, in the order in which they are offered. */
export const NVS_TYPES: readonly NvsType[] = [
	...(['string', 'u8', 'i8', 'u16', 'i16', 'u32', 'i32', 'u64', 'i64', 'blob'] as const)
];

export type NvsTextFault =
	| { readonly kind: 'not-a-number' }
	/** Both inclusive. */
	| { readonly kind: 'out-of-range'; readonly least: bigint; readonly most: bigint }
	| { readonly kind: 'not-hex' };

/** Of a number's type, both inclusive. */
export function rangeOf(type: Exclude<NvsType, 'string' | 'blob'>): { least: bigint; most: bigint } {
	const bits = BigInt(type.slice(1));
	return type.startsWith('i')
		? { least: -(2n ** (bits - 1n)), most: 2n ** (bits - 1n) - 1n }
		: { least: 0n, most: 2n ** bits - 1n };
}

/** A value as a person types it: numbers decimal or `0x…`, blobs in hexadecimal, strings as they are. */
export function readNvsText(type: NvsType, text: string): Result<NvsValue, NvsTextFault> {
	if (type === 'string') return ok({ type, value: text });
	if (type === 'blob') {
		const bytes = bytesOfHex(text);
		return bytes ? ok({ type, value: bytes }) : err({ kind: 'not-hex' });
	}
	const value = wholeOf(text);
	if (value === undefined) return err({ kind: 'not-a-number' });
	const { least, most } = rangeOf(type);
	if (value < least || value > most) return err({ kind: 'out-of-range', least, most });
	return ok(type === 'u64' || type === 'i64' ? { type, value } : { type, value: Number(value) });
}

/** What `readNvsText` reads back. */
export const nvsText = (value: NvsValue): string =>
	value.type === 'blob' ? toHex(value.value) : String(value.value);

/** "0x75b", "-0x28": numbers only. */
export function nvsHex(value: NvsValue): string | undefined {
	if (value.type === 'string' || value.type === 'blob') return undefined;
	const whole = BigInt(value.value);
	return whole < 0n ? `-0x${(-whole).toString(16)}` : `0x${whole.toString(16)}`;
}

const SECRET = /pass|pswd|pwd|psk|pmk|secret|token|cred|priv|(^|[^a-z])keys?($|[^a-z])|key$/iu;
/** Records of our own firmware that hold a password or a key (docs/firmware.md). */
const OWN_NAMESPACE = 'fieldbench';
const OWN_SECRET = /^(wifi|mqtt|key)/u;

/** Whether a value looks as if it should not be read over somebody's shoulder. */
export const looksSecret = ({ namespace, key }: { namespace: string; key: string }): boolean =>
	SECRET.test(key) || (namespace === OWN_NAMESPACE && OWN_SECRET.test(key));
