import { parseDeviceId, type DeviceId } from './device-id';

/**
 * Devices that speak another convention than ours are named by it, so that none is ever taken for another: `iot/node/x` and
 * `ecowatt/devices/x` are two devices. No native id may begin so (docs/profiles.md).
 */
const CONVENTIONS = ['ecowatt', 'ecowatt-system', 'sensor'] as const;
export type ForeignConvention = (typeof CONVENTIONS)[number];

/** @param segment as it stands in the topic. Undefined where it can be no id. */
export function foreignDeviceId(convention: ForeignConvention, segment: string): DeviceId | undefined {
	if (!parseDeviceId(segment).ok) return undefined;
	const id = parseDeviceId(`${convention}:${segment}`);
	return id.ok ? id.value : undefined;
}

/** Whose device it is; undefined: one of our own protocol. */
export const conventionOf = (id: string): ForeignConvention | undefined =>
	CONVENTIONS.find((convention) => id.startsWith(`${convention}:`));

/** The name that a device has in its own convention. */
export const ownName = (id: DeviceId): string =>
	conventionOf(id) === undefined ? id : id.slice(id.indexOf(':') + 1);
