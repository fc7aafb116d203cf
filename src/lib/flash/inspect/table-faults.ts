import {
	APP_TYPE,
	DATA_SUBTYPE,
	DATA_TYPE,
	OTA_0_SUBTYPE,
	OTA_SLOTS,
	PARTITION_TABLE_OFFSET,
	partitionAlignment,
	type Partition,
	type PartitionFault,
	type PartitionSurvey
} from '$lib/formats';
import { SECTOR_BYTES } from '../plan-erase';

/** What is wrong with a table, beyond or besides what the bootloader sees. */
export type TableFault =
	| { readonly kind: 'refused'; readonly fault: PartitionFault }
	| { readonly kind: 'overlap'; readonly label: string; readonly other: string; readonly bytes: number }
	| { readonly kind: 'beyond-flash'; readonly label: string; readonly overBytes: number }
	| { readonly kind: 'misaligned'; readonly label: string; readonly alignBytes: number }
	/** It begins before the end of the table's own sector. */
	| { readonly kind: 'over-table'; readonly label: string }
	| { readonly kind: 'same-label'; readonly label: string }
	| { readonly kind: 'no-app' }
	/** Two slots or more and nothing that says which of them starts. */
	| { readonly kind: 'no-otadata'; readonly slots: number };

export const isOtaSlot = ({ type, subtype }: Partition): boolean =>
	type === APP_TYPE && subtype >= OTA_0_SUBTYPE && subtype < OTA_0_SUBTYPE + OTA_SLOTS;

/** @param sizeBytes of the flash, null where it is not known */
export function tableFaults(
	survey: PartitionSurvey,
	sizeBytes: number | null,
	tableOffset = PARTITION_TABLE_OFFSET
): readonly TableFault[] {
	const { partitions, fault } = survey;
	const faults: TableFault[] = fault ? [{ kind: 'refused', fault }] : [];
	if (partitions.length === 0) return faults;
	partitions.forEach((row, i) => {
		const { label, type, offset, size } = row;
		const alignBytes = partitionAlignment(type);
		if (offset % alignBytes !== 0) faults.push({ kind: 'misaligned', label, alignBytes });
		if (offset < tableOffset + SECTOR_BYTES) faults.push({ kind: 'over-table', label });
		if (sizeBytes !== null && offset + size > sizeBytes)
			faults.push({ kind: 'beyond-flash', label, overBytes: offset + size - sizeBytes });
		for (const other of partitions.slice(0, i)) {
			const bytes = Math.min(offset + size, other.offset + other.size) - Math.max(offset, other.offset);
			if (bytes > 0) faults.push({ kind: 'overlap', label, other: other.label, bytes });
			if (label === other.label && label !== '') faults.push({ kind: 'same-label', label });
		}
	});
	if (!partitions.some(({ type }) => type === APP_TYPE)) faults.push({ kind: 'no-app' });
	const slots = partitions.filter(isOtaSlot).length;
	const hasOtaData = partitions.some((row) => row.type === DATA_TYPE && row.subtype === DATA_SUBTYPE.ota);
	if (slots > 1 && !hasOtaData) faults.push({ kind: 'no-otadata', slots });
	return faults;
}
