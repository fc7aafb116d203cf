import { done, err, fromBase64, type Result } from '$lib/base';
import { batchMacHolds, type BatchEnvelope } from '$lib/device';
import { deviceKey, hmacKey, KEY_BYTES } from '$lib/crypto';
import type { DeviceId } from '$lib/model';
import type { PutSecretError, SecretBox } from '$lib/vault';

export type BatchDoubt =
	/** The device has a key, and this came without a seal. */
	| 'unsealed-batch'
	/** The seal is another. */
	| 'forged-batch'
	/** There is a key for this device, and it cannot be used: so nothing can be believed. */
	| 'key-unusable';

/** A device's secret lies in the vault as base64 of 32 bytes, as `keys.set` takes it. */
export const deviceSecretName = (device: DeviceId): string => `device:${device}`;

export type DeviceSecretError = PutSecretError | { kind: 'not-a-secret' };

/** @param secret as the vault has it; empty: the device has none any more */
export async function saveDeviceSecret(
	secrets: SecretBox,
	device: DeviceId,
	secret: string
): Promise<Result<void, DeviceSecretError>> {
	if (secret !== '') {
		if (fromBase64(secret)?.length !== KEY_BYTES) return err({ kind: 'not-a-secret' });
		return secrets.put(deviceSecretName(device), secret);
	}
	await secrets.delete(deviceSecretName(device));
	return done;
}

/**
 * Whether a batch is its device's own, docs/protocol.md §3.5. Of a device whose secret this browser does not have, the broker is
 * the fence, as for every other message: its batches are taken, sealed or not.
 */
export async function doubtOf(
	secrets: SecretBox,
	device: DeviceId,
	envelope: BatchEnvelope
): Promise<BatchDoubt | undefined> {
	const opened = await secrets.open(deviceSecretName(device));
	if (!opened.ok) {
		const none = opened.error.kind === 'absent' || opened.error.kind === 'no-vault';
		return none ? undefined : 'key-unusable';
	}
	const secret = fromBase64(opened.value);
	if (secret?.length !== KEY_BYTES) return 'key-unusable';
	if (!envelope.seal) return 'unsealed-batch';
	const key = await hmacKey(await deviceKey(secret, device, 'telemetry', 'up'));
	return (await batchMacHolds(key, envelope)) ? undefined : 'forged-batch';
}
