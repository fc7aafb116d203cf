import { ok, type Result } from '$lib/base';
import {
	PARTITION_TABLE_BYTES,
	PARTITION_TABLE_OFFSETS,
	parsePartitionTable,
	surveyPartitionTable,
	type PlacedTable
} from '$lib/formats';
import type { FlashError } from './facts';
import type { ReadRange } from './read-loop';

/** Enough to tell whether a table may begin there. */
const FIRST_ROW_BYTES = 32;

/**
 * The board's partition table: at its usual place, else where larger bootloaders leave room for it. Of places where no table begins
 * only the first row is read. @param first where it is looked for before all
 */
export async function findTable(
	read: ReadRange,
	first?: number
): Promise<Result<PlacedTable | undefined, FlashError>> {
	const places = new Set([...(first === undefined ? [] : [first]), ...PARTITION_TABLE_OFFSETS]);
	for (const offset of places) {
		const head = await read({ offset, length: FIRST_ROW_BYTES });
		if (!head.ok) return head;
		if (surveyPartitionTable(head.value).fault?.kind === 'not-a-table') continue;
		const whole = await read({ offset, length: PARTITION_TABLE_BYTES });
		if (!whole.ok) return whole;
		const parsed = parsePartitionTable(whole.value);
		if (parsed.ok) return ok({ table: parsed.value, offset });
	}
	return ok(undefined);
}
