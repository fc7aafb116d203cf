import { done, err, fromBase64, type Result } from '$lib/base';
import { KEY_BYTES } from '$lib/crypto';
import { conventionOf, type DeviceId } from '$lib/model';
import type { PutSecretError, SecretBox } from '$lib/vault';

/** A device's secret lies in the vault as base64: 32 bytes, as `keys.set` takes it; of another convention as many as its own have. */
export const deviceSecretName = (device: DeviceId): string => `device:${device}`;

/** `not-a-secret`: not as long as it must be, or no base64. */
export type DeviceSecretError = PutSecretError | { kind: 'not-a-secret' };

/** Of other conventions: HMAC takes any length, and what is longer than this is no secret that somebody typed. */
const MAX_FOREIGN_BYTES = 256;

/** @param secret as the vault has it; empty: the device has none any more */
export async function saveDeviceSecret(
	secrets: SecretBox,
	device: DeviceId,
	secret: string
): Promise<Result<void, DeviceSecretError>> {
	if (secret !== '') {
		const length = fromBase64(secret)?.length ?? 0;
		const foreign = conventionOf(device) !== undefined;
		const fits = foreign ? length > 0 && length <= MAX_FOREIGN_BYTES : length === KEY_BYTES;
		if (!fits) return err({ kind: 'not-a-secret' });
		return secrets.put(deviceSecretName(device), secret);
	}
	await secrets.delete(deviceSecretName(device));
	return done;
}
