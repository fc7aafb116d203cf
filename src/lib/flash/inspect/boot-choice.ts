import { APP_TYPE, FACTORY_SUBTYPE, OTA_0_SUBTYPE, type OtaSector, type Partition } from '$lib/formats';
import type { Holding } from './holding';
import { isOtaSlot } from './table-faults';

/** Why the bootloader looks at this partition first. */
export type BootReason =
	/** The table has no otadata: the factory app, or the first slot. */
	| { readonly kind: 'no-otadata' }
	/** Neither record counts: the factory app, or the first slot. */
	| { readonly kind: 'no-record' }
	/** The newest record that is neither invalid nor aborted and whose checksum holds. */
	| {
			readonly kind: 'record';
			/** 0 or 1. */
			readonly sector: number;
			readonly sequence: number;
			readonly state: Extract<OtaSector, { kind: 'record' }>['state'];
	  };

export interface BootChoice {
	/** What starts next; undefined where nothing can. */
	readonly starts: Partition | undefined;
	readonly reason: BootReason;
	/** Looked at before, in this order, and holding no image. */
	readonly passedOver: readonly Partition[];
}

/** A partition and what was found in it; undefined while it was not looked at. */
export interface Found {
	readonly partition: Partition;
	readonly holding: Holding | undefined;
}

/**
 * Which app the bootloader starts next. Source: ESP-IDF `bootloader_utility.c`: what cannot be started is passed over for the slots
 * before it, the factory app, and then the slots after it. Whether an image is whole is the bootloader's to find out.
 * @returns undefined while not enough is known
 */
export function bootChoice(
	found: readonly Found[],
	sectors: readonly OtaSector[] | undefined
): BootChoice | undefined {
	const apps = found.filter(({ partition }) => partition.type === APP_TYPE);
	if (apps.length === 0 || apps.some(({ holding }) => holding === undefined)) return undefined;
	const slots = apps.filter(({ partition }) => isOtaSlot(partition));
	const slot = (n: number) => slots.find(({ partition }) => partition.subtype === OTA_0_SUBTYPE + n);
	const factory = apps.find(({ partition }) => partition.subtype === FACTORY_SUBTYPE);
	const reason = reasonOf(sectors, slots.length);
	const numbers = slots.map((_, n) => n);
	const first = reason.kind === 'record' ? (reason.sequence - 1) % slots.length : factory ? -1 : 0;
	const order = [
		...(first < 0
			? []
			: [
					slot(first),
					...numbers
						.filter((n) => n < first)
						.toReversed()
						.map(slot)
				]),
		factory,
		...numbers.filter((n) => n > first).map(slot)
	].filter((candidate) => candidate !== undefined);
	const at = order.findIndex(({ holding }) => holding?.kind === 'app');
	return {
		starts: order[at]?.partition,
		reason,
		passedOver: order.slice(0, at < 0 ? order.length : at).map(({ partition }) => partition)
	};
}

function reasonOf(sectors: readonly OtaSector[] | undefined, slotCount: number): BootReason {
	if (!sectors) return { kind: 'no-otadata' };
	let best: Extract<BootReason, { kind: 'record' }> | undefined;
	sectors.forEach((record, sector) => {
		if (record.kind === 'empty' || !record.crcOk || record.sequence === 0 || slotCount === 0) return;
		if (record.state === 'invalid' || record.state === 'aborted') return;
		if (best && best.sequence >= record.sequence) return;
		best = { kind: 'record', sector, sequence: record.sequence, state: record.state };
	});
	return best ?? { kind: 'no-record' };
}
