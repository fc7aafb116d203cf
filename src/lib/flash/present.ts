import { ok, type Result } from '$lib/base';
import {
	APP_TYPE,
	DATA_TYPE,
	IMAGE_MAGIC,
	APP_DESCRIPTOR_BYTES,
	OTA_DATA_BYTES,
	parseAppDescriptor,
	parseOtaData,
	type AppDescriptor,
	type OtaData,
	type Partition,
	type PlacedTable
} from '$lib/formats';
import type { FlashError } from './facts';
import { SECTOR_BYTES, touch } from './plan-erase';
import type { PresentFlash, WritePlan } from './plan-facts';
import { writtenTable } from './plan-read';
import type { ReadRange } from './read-loop';
import { findTable } from './table-place';

const OTA_DATA_SUBTYPE = 0;
/** Of an image, before its first segment's bytes: the image's header and the segment's. */
const BEFORE_DESCRIPTOR = 24 + 8;
const OTA_SECTOR_BYTES = OTA_DATA_BYTES / 2;
const OTA_RECORD_BYTES = 32;
/** Of an ordinary table there are two or three apps; more than these are not asked about. */
const MOST_APPS = 8;

/**
 * What of a board's flash a plan speaks of: its table, which slot starts, and what the apps call themselves. A few kilobytes, so that it
 * takes little time at the ROM's rate. Beside the table, what cannot be read is left out: the plan then says less.
 * @param tableOffset where the table is looked for first
 * @returns undefined where there is no table that holds
 */
export async function readPresent(
	read: ReadRange,
	tableOffset?: number
): Promise<Result<PresentFlash | undefined, FlashError>> {
	const found = await findTable(read, tableOffset);
	if (!found.ok || !found.value) return found.ok ? ok(undefined) : found;
	const { table, offset: foundAt } = found.value;
	const apps = new Map<number, AppDescriptor>();
	const empty = new Set<number>();
	for (const { offset } of table.partitions.filter(({ type }) => type === APP_TYPE).slice(0, MOST_APPS)) {
		const head = await read({ offset, length: BEFORE_DESCRIPTOR + APP_DESCRIPTOR_BYTES });
		if (!head.ok) continue;
		if (head.value[0] !== IMAGE_MAGIC) empty.add(offset);
		if (empty.has(offset)) continue;
		const descriptor = parseAppDescriptor(head.value.subarray(BEFORE_DESCRIPTOR));
		if (descriptor) apps.set(offset, descriptor);
	}
	const place = table.partitions.find((row) => row.type === DATA_TYPE && row.subtype === OTA_DATA_SUBTYPE);
	const otaData = place && (await readOtaData(place, read));
	return ok({ table, tableOffset: foundAt, apps, empty, ...(otaData && { otaData }) });
}

/** What a flash holds after a write that ended half way: what it tells, and of what it no longer tells, what was there before. */
export const presentAfterHalf = (found: PresentFlash | undefined, before: PresentFlash): PresentFlash => ({
	...(found ?? { table: before.table, tableOffset: before.tableOffset }),
	apps: new Map([...before.apps, ...(found?.apps ?? [])])
});

/** What a flash holds once a plan was written: what was written, over what was there and was not erased. */
export function presentAfter(plan: WritePlan, before: PresentFlash | undefined): PresentFlash | undefined {
	const bytesAt = (offset: number, length: number): Uint8Array | undefined => {
		const region = plan.regions.find((one) => one.offset <= offset && offset < one.offset + one.length);
		return region?.bytes.subarray(offset - region.offset, offset - region.offset + length);
	};
	const stays = plan.erase.choice === 'nothing' ? before : undefined;
	const placed = writtenTable(plan.regions) ?? tableLeft(plan, before);
	if (!placed) return undefined;
	const { table, offset: tableOffset } = placed;
	const apps = new Map<number, AppDescriptor>();
	const empty = new Set<number>();
	for (const { offset } of table.partitions.filter(({ type }) => type === APP_TYPE)) {
		const image = bytesAt(offset, BEFORE_DESCRIPTOR + APP_DESCRIPTOR_BYTES);
		const found = image ? parseAppDescriptor(image.subarray(BEFORE_DESCRIPTOR)) : stays?.apps.get(offset);
		if (found) apps.set(offset, found);
		if (!image && (!stays ? plan.erase.choice !== 'nothing' : stays.empty?.has(offset))) empty.add(offset);
	}
	return { table, tableOffset, apps, empty }; // which slot starts is the running program's to change from now on
}

/** The table that a write leaves as it was. */
function tableLeft(plan: WritePlan, before: PresentFlash | undefined): PlacedTable | undefined {
	if (plan.eraseAll || !before) return undefined;
	const sector = { offset: before.tableOffset, length: SECTOR_BYTES };
	if (plan.regions.some((region) => touch(region, sector))) return undefined;
	return { table: before.table, offset: before.tableOffset };
}

async function readOtaData({ offset }: Partition, read: ReadRange): Promise<OtaData | undefined> {
	const bytes = new Uint8Array(OTA_DATA_BYTES).fill(0xff);
	for (const at of [0, OTA_SECTOR_BYTES]) {
		const record = await read({ offset: offset + at, length: OTA_RECORD_BYTES });
		if (!record.ok) return undefined;
		bytes.set(record.value, at);
	}
	const data = parseOtaData(bytes);
	return data.ok ? data.value : undefined;
}
