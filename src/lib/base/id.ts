const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';

/** A random id of 128 bits in 26 characters of Crockford's base 32, lower case. Works on plain http too. */
export function randomId(): string {
	const bytes = crypto.getRandomValues(new Uint8Array(26));
	let out = '';
	for (const b of bytes) out += ALPHABET[b & 31]!;
	return out;
}
