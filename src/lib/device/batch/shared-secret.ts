import { concatBytes, err, fromBase64, ok, type Result } from '$lib/base';

/**
 * The envelope of devices that are not ours, docs/profiles.md: a number that rises, and an HMAC under a secret that the device and
 * this browser share.
 */
export interface SharedSecretEnvelope {
	readonly scheme: 'shared-secret';
	/** As it says itself; undefined where it does not. */
	readonly deviceId: string | undefined;
	readonly payload: Uint8Array<ArrayBuffer>;
	readonly compression: Compression;
	/** Undefined: it came without. */
	readonly seal: { readonly nonce: number; readonly mac: Uint8Array<ArrayBuffer> } | undefined;
}

export type Compression = 'none' | 'dictionary' | 'delta' | 'rle' | 'bitpack' | 'best';
export type SharedSecretError =
	{ kind: 'bad-envelope'; member: string } | { kind: 'unknown-compression'; said: string };

const NAMES: Readonly<Record<string, Compression>> = {
	...{ none: 'none', raw: 'none', dictionary: 'dictionary', delta: 'delta', temporal_delta: 'delta' },
	...{ rle: 'rle', semantic_rle: 'rle', bitpack: 'bitpack', bitpacked: 'bitpack', bit_packed: 'bitpack' },
	...{ bit_packing: 'bitpack', best: 'best' }
};
const MAC = /^[0-9a-f]{64}$/iu;
const MAX_NONCE = 2 ** 32 - 1;

/** Whether a message is such an envelope rather than a plain one. */
export const isSharedSecretEnvelope = (body: Readonly<Record<string, unknown>>): boolean =>
	typeof body['payload'] === 'string' && ('mac' in body || 'nonce' in body || 'compressed' in body);

/** Total. @param body a JSON object. Members that it does not know are passed over */
export function parseSharedSecretEnvelope(
	body: Readonly<Record<string, unknown>>
): Result<SharedSecretEnvelope, SharedSecretError> {
	const bad = (member: string) => err({ kind: 'bad-envelope', member } as const);
	const { device_id: deviceId, nonce, mac, payload: text, compressed, compression_type: type } = body;
	if (deviceId !== undefined && typeof deviceId !== 'string') return bad('device_id');
	const compression = compressionOf(compressed, type);
	if (compression === undefined) {
		const known = type === undefined || typeof type === 'string';
		return known
			? err({ kind: 'unknown-compression', said: String(type).slice(0, 40) })
			: bad('compression_type');
	}
	if (compressed !== undefined && typeof compressed !== 'boolean') return bad('compressed');
	const payload = typeof text === 'string' && text.length % 4 === 0 ? fromBase64(text) : undefined;
	if (payload === undefined || payload.length === 0) return bad('payload');
	const open = { scheme: 'shared-secret', deviceId, payload, compression } as const;
	if (nonce === undefined && mac === undefined) return ok({ ...open, seal: undefined });
	if (!Number.isSafeInteger(nonce) || (nonce as number) < 0 || (nonce as number) > MAX_NONCE)
		return bad('nonce');
	if (typeof mac !== 'string' || !MAC.test(mac)) return bad('mac');
	const bytes = Uint8Array.from(mac.match(/../gu) ?? [], (pair) => parseInt(pair, 16));
	return ok({ ...open, seal: { nonce: nonce as number, mac: bytes } });
}

/** Undefined where it says that the payload is compressed, and not in a way we know. */
function compressionOf(compressed: unknown, type: unknown): Compression | undefined {
	if (compressed !== true) return type === undefined || compressed === false ? 'none' : named(type);
	const known = named(type);
	return known === 'none' ? undefined : known;
}

function named(type: unknown): Compression | undefined {
	const name = typeof type === 'string' ? type.toLowerCase().replaceAll('-', '_') : '';
	return Object.hasOwn(NAMES, name) ? NAMES[name] : undefined;
}

/**
 * Whether the envelope is from whoever has the secret: HMAC-SHA256 of the nonce, 4 bytes with the highest first, and the payload as it
 * was before base64. Nothing else in the envelope is covered: so the device id and the rest decide only where they are checked
 * otherwise. WebCrypto compares in constant time.
 */
export async function sharedSecretHolds(
	key: CryptoKey,
	{ payload, seal }: Pick<SharedSecretEnvelope, 'payload' | 'seal'>
): Promise<boolean> {
	if (!seal) return false;
	const nonce = new Uint8Array(4);
	new DataView(nonce.buffer).setUint32(0, seal.nonce);
	return crypto.subtle.verify('HMAC', key, seal.mac, concatBytes([nonce, payload]));
}
