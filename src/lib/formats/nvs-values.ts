import { utf8Length } from './little-endian';
import { MOST_KEY_BYTES, MOST_STRING_BYTES, sizeBits } from './nvs-layout';
import type { NvsValue, NvsValueFault } from './nvs-types';

/** Why this cannot be written under this name, if it cannot. Source: ESP-IDF `nvs.h`, limits of keys and strings. */
export function valueFault(namespace: string, key: string, value: NvsValue): NvsValueFault | undefined {
	if (!isNvsName(namespace)) return { kind: 'bad-namespace', namespace };
	if (!isNvsName(key)) return { kind: 'bad-key', key };
	switch (value.type) {
		case 'blob':
			return undefined;
		case 'string': {
			// A lone surrogate would come back as another character.
			if (value.value.includes('\0') || !isWellFormed(value.value))
				return { kind: 'bad-value', key, type: value.type };
			const lengthBytes = utf8Length(value.value) + 1;
			return lengthBytes > MOST_STRING_BYTES
				? { kind: 'too-long', key, lengthBytes, mostBytes: MOST_STRING_BYTES }
				: undefined;
		}
		default:
			return fits(value) ? undefined : { kind: 'bad-value', key, type: value.type };
	}
}

function fits(value: Exclude<NvsValue, { type: 'blob' | 'string' }>): boolean {
	if (typeof value.value === 'number' && !Number.isInteger(value.value)) return false;
	const whole = BigInt(value.value);
	const bits = sizeBits(value.type);
	return whole === (value.type.startsWith('i') ? BigInt.asIntN(bits, whole) : BigInt.asUintN(bits, whole));
}

/** A namespace's or key's name: 1 … 15 bytes. */
export function isNvsName(name: string): boolean {
	const length = utf8Length(name);
	return length > 0 && length <= MOST_KEY_BYTES && !name.includes('\0') && isWellFormed(name);
}

const isWellFormed = (text: string): boolean => !/\p{Surrogate}/u.test(text);
