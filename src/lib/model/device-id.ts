import { err, ok, type Result } from '$lib/base';

declare const brand: unique symbol;
/** A device's stable id: the topic segment, made from its MAC unless its owner chose another. See docs/protocol.md §1. */
export type DeviceId = string & { readonly [brand]: 'DeviceId' };

export type DeviceIdError =
	| { kind: 'empty' }
	| { kind: 'too-long'; lengthBytes: number }
	| { kind: 'forbidden-character'; character: string };

export const MAX_DEVICE_ID_BYTES = 64;

/** Total: any text gives an id or an error. MQTT's own separators and control characters cannot be in an id. */
export function parseDeviceId(text: string): Result<DeviceId, DeviceIdError> {
	if (text === '') return err({ kind: 'empty' });
	const lengthBytes = new TextEncoder().encode(text).length;
	if (lengthBytes > MAX_DEVICE_ID_BYTES) return err({ kind: 'too-long', lengthBytes });
	// eslint-disable-next-line no-control-regex -- control characters are what we look for
	const bad = /[/+#$\u0000-\u001f\u007f]/u.exec(text);
	if (bad) return err({ kind: 'forbidden-character', character: bad[0] });
	return ok(text as DeviceId);
}
