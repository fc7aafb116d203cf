import { concatBytes, err, fromBase64, ok, toBase64, utf8, type Result } from '$lib/base';
import { parseJsonObject, type JsonRefusal } from '../profiles/json';

const CODECS = ['raw', 'dictionary', 'delta', 'rle', 'bitpack', 'best'] as const;
/** What a sender was set to; how a payload is to be read, it says itself. */
export type BatchCodec = (typeof CODECS)[number];

/** A message on `…/batch`, docs/protocol.md §3.5. */
export interface BatchEnvelope {
	readonly scheme: 'native';
	/** As it says itself; one that is not the topic's is refused by whoever knows the topic. */
	readonly deviceId: string;
	readonly codec: BatchCodec;
	readonly payload: Uint8Array<ArrayBuffer>;
	/** Undefined: the device has no keys. */
	readonly seal: BatchSeal | undefined;
}

export interface BatchSeal {
	readonly nonce: string;
	/** 32 bytes */
	readonly mac: Uint8Array<ArrayBuffer>;
}

export type EnvelopeError = { kind: JsonRefusal } | { kind: 'bad-envelope'; member: string };

const NONCE = /^[0-9a-z.-]{1,40}$/u;
const MAC = /^[0-9a-f]{64}$/u;
/** So that it is no MAC of anything else. */
const DOMAIN = utf8('fieldbench/1/batch\0');
const MAX_ID_BYTES = 64;

/** Total: any bytes give an envelope or an error. Members it does not know are passed over. */
export function parseBatchEnvelope(message: Uint8Array): Result<BatchEnvelope, EnvelopeError> {
	const json = parseJsonObject(message);
	if (!json.ok) return err({ kind: json.error });
	const { device_id: deviceId, nonce, mac, compressed, compression_type: type, payload: text } = json.value;
	const bad = (member: string) => err({ kind: 'bad-envelope', member } as const);
	if (typeof deviceId !== 'string' || !isIdLength(utf8(deviceId).length)) return bad('device_id');
	const codec = CODECS.find((name) => name === type);
	if (codec === undefined) return bad('compression_type');
	if (compressed !== (codec !== 'raw')) return bad('compressed');
	const payload = typeof text === 'string' ? strictBase64(text) : undefined;
	if (payload === undefined) return bad('payload');
	const open = { scheme: 'native', deviceId, codec, payload } as const;
	if (nonce === undefined && mac === undefined) return ok({ ...open, seal: undefined });
	if (typeof nonce !== 'string' || !NONCE.test(nonce)) return bad('nonce');
	if (typeof mac !== 'string' || !MAC.test(mac)) return bad('mac');
	const bytes = Uint8Array.from(mac.match(/../gu) ?? [], (pair) => parseInt(pair, 16));
	return ok({ ...open, seal: { nonce, mac: bytes } });
}

/**
 * Whether the batch is the device's own.
 * @param key `telemetry`/`up` of §5, for HMAC-SHA256
 */
export async function batchMacHolds(key: CryptoKey, envelope: BatchEnvelope): Promise<boolean> {
	const { deviceId, payload, seal } = envelope;
	if (!seal) return false;
	// Lengths before texts: no other nonce and id give the same bytes.
	const texts = [seal.nonce, deviceId].map(utf8).flatMap((text) => [Uint8Array.of(text.length), text]);
	return crypto.subtle.verify('HMAC', key, seal.mac, concatBytes([DOMAIN, ...texts, payload]));
}

const isIdLength = (bytes: number) => bytes > 0 && bytes <= MAX_ID_BYTES;

/** As RFC 4648 §4 has it: padded, unused bits zero, nothing between. */
function strictBase64(text: string): Uint8Array<ArrayBuffer> | undefined {
	const bytes = fromBase64(text);
	return bytes && toBase64(bytes) === text ? bytes : undefined;
}
