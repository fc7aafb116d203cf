import { APP_TYPE, type OtaSector, type Partition } from '$lib/formats';
import { bootOrder, type BootOrder } from '../boot-order';
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

/** What starts next, and why. */
export interface BootChoice extends BootOrder {
	readonly reason: BootReason;
}

/** A partition and what was found in it; undefined while it was not looked at. */
export interface Found {
	readonly partition: Partition;
	readonly holding: Holding | undefined;
}

/**
 * Which app the bootloader starts next: see `bootOrder`. Whether an image is whole is the bootloader's to find out.
 * @returns undefined while not enough is known
 */
export function bootChoice(
	found: readonly Found[],
	sectors: readonly OtaSector[] | undefined
): BootChoice | undefined {
	const apps = found.filter(({ partition }) => partition.type === APP_TYPE);
	if (apps.length === 0 || apps.some(({ holding }) => holding === undefined)) return undefined;
	const slotCount = apps.filter(({ partition }) => isOtaSlot(partition)).length;
	const reason = reasonOf(sectors, slotCount);
	const holdsApp = (wanted: Partition) =>
		apps.some(({ partition, holding }) => partition === wanted && holding?.kind === 'app');
	const sequence = reason.kind === 'record' ? reason.sequence : undefined;
	return {
		...bootOrder(
			apps.map(({ partition }) => partition),
			sequence,
			holdsApp
		),
		reason
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
