import { utf8 } from '$lib/base';
import { hkdfSha256 } from './hkdf';

/** What a key is for, docs/protocol.md §5. No two uses share a key. */
export type KeyRole = 'viewer' | 'operator' | 'admin' | 'telemetry' | 'ota';
/** Up: from the device. */
export type KeyDirection = 'up' | 'down';

export const KEY_BYTES = 32;

/**
 * One key of a device, 32 bytes.
 * @param secret the device's, 32 bytes
 */
export const deviceKey = (
	secret: Uint8Array<ArrayBuffer>,
	deviceId: string,
	role: KeyRole,
	direction: KeyDirection
): Promise<Uint8Array<ArrayBuffer>> =>
	hkdfSha256(secret, utf8(deviceId), utf8(`fieldbench/1/${role}/${direction}`), KEY_BYTES);

/** The roles that may send messages, each allowed what those before it are. */
export const MESSAGE_ROLES = ['viewer', 'operator', 'admin'] as const;
export type MessageRole = (typeof MESSAGE_ROLES)[number];

/** What a holder of one role needs: the secret itself opens every role, and stays with the owner. */
export interface MessageKeys {
	readonly role: MessageRole;
	readonly up: CryptoKey;
	readonly down: CryptoKey;
}

/** Keys that scripts can use but not read. */
export async function messageKeys(
	secret: Uint8Array<ArrayBuffer>,
	deviceId: string,
	role: MessageRole
): Promise<MessageKeys> {
	const [up, down] = await Promise.all([
		deviceKey(secret, deviceId, role, 'up').then(hmacKey),
		deviceKey(secret, deviceId, role, 'down').then(hmacKey)
	]);
	return { role, up, down };
}

/** @param bytes 32 */
export const hmacKey = (bytes: Uint8Array<ArrayBuffer>): Promise<CryptoKey> =>
	crypto.subtle.importKey('raw', bytes, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign', 'verify']);
