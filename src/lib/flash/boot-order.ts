import { APP_TYPE, FACTORY_SUBTYPE, OTA_0_SUBTYPE, type Partition } from '$lib/formats';
import { isOtaSlot } from './inspect/table-faults';

export interface BootOrder {
	/** undefined where nothing can start. */
	readonly starts: Partition | undefined;
	/** Looked at before, in this order, and holding no image. */
	readonly passedOver: readonly Partition[];
}

/**
 * Which app the bootloader starts. Source: ESP-IDF `bootloader_utility.c`: what cannot be started is passed over for the slots before
 * it, the factory app, and then the slots after it.
 * @param sequence of otadata's newest record that counts; undefined: none does, so the factory app is first, else the first slot
 * @param holdsImage whether an image lies there, as far as that is known
 */
export function bootOrder(
	partitions: readonly Partition[],
	sequence: number | undefined,
	holdsImage: (partition: Partition) => boolean
): BootOrder {
	const apps = partitions.filter(({ type }) => type === APP_TYPE);
	const slots = apps.filter(isOtaSlot);
	const slot = (n: number) => slots.find(({ subtype }) => subtype === OTA_0_SUBTYPE + n);
	const factory = apps.find(({ subtype }) => subtype === FACTORY_SUBTYPE);
	const numbers = slots.map((_, n) => n);
	const chosen = sequence === undefined || slots.length === 0 ? undefined : (sequence - 1) % slots.length;
	const first = chosen ?? (factory ? -1 : 0);
	const before = numbers.filter((n) => n < first).toReversed();
	const after = numbers.filter((n) => n > first);
	const order = [...(first < 0 ? [] : [first, ...before]).map(slot), factory, ...after.map(slot)].filter(
		(candidate) => candidate !== undefined
	);
	const at = order.findIndex(holdsImage);
	return { starts: order[at], passedOver: order.slice(0, at < 0 ? order.length : at) };
}
