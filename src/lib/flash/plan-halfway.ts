import { DATA_TYPE } from '$lib/formats';
import { bootOrder } from './boot-order';
import { SECTOR_BYTES, sectorsOf, touch } from './plan-erase';
import type { Halfway, PresentFlash, WritePlan } from './plan-facts';

const OTA_DATA_SUBTYPE = 0;

/** What a write that ends half way leaves behind. @param regions without the boot choice, which is written last */
export function halfwayOf(
	regions: WritePlan['regions'],
	cleared: WritePlan['cleared'],
	eraseAll: boolean,
	present: PresentFlash | undefined
): Halfway {
	const touched = [...regions.map(sectorsOf), ...cleared];
	const reaches = (offset: number, length: number) => touched.some((one) => touch(one, { offset, length }));
	return {
		starts: !eraseAll && present !== undefined && starts(present, reaches),
		allErased: eraseAll,
		settings: regions.some(({ holds }) => holds === 'settings')
	};
}

/** Whether what starts now does so as long as the write is not over. */
function starts(present: PresentFlash, reaches: (offset: number, length: number) => boolean): boolean {
	const { table, tableOffset, otaData, apps, empty } = present;
	if (reaches(0, tableOffset + SECTOR_BYTES)) return false;
	const choice = table.partitions.find((row) => row.type === DATA_TYPE && row.subtype === OTA_DATA_SUBTYPE);
	if (choice && reaches(choice.offset, choice.size)) return false;
	if (choice && !otaData)
		return !table.partitions.some(({ offset, size }) => apps.has(offset) && reaches(offset, size));
	const first = bootOrder(table.partitions, otaData?.selected?.sequence, ({ offset }) => !empty?.has(offset));
	return first.starts !== undefined && !reaches(first.starts.offset, first.starts.size);
}
