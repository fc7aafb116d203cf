import { ok, type Result } from '$lib/base';
import {
	PARTITION_TABLE_BYTES,
	surveyPartitionTable,
	type OtaSector,
	type PartitionSurvey
} from '$lib/formats';
import type { BoardFacts, FlashError } from '../facts';
import { bootChoice, type BootChoice, type Found } from './boot-choice';
import type { FlashReader } from './flash-reader';
import { bytesToTell, holdingOf, isNvsKeys, isOtaData } from './holding';
import { tableFaults, type TableFault } from './table-faults';

/** What a look at a whole flash found, or has found so far. */
export interface FlashSurvey {
	readonly table: PartitionSurvey;
	readonly faults: readonly TableFault[];
	/** In the order of the table. */
	readonly found: readonly Found[];
	/** Of the first otadata partition. */
	readonly sectors: readonly [OtaSector, OtaSector] | undefined;
	readonly boot: BootChoice | undefined;
}

/**
 * Reads the table and enough of each partition to tell what lies there. A partition that cannot be read is told as such, and
 * the rest is looked at. Rejects only with the signal's reason.
 * @param tableOffset where the table lies, or would
 * @param tell each step of it
 */
export async function surveyFlash(
	reader: FlashReader,
	board: Pick<BoardFacts, 'flashSizeBytes' | 'flashEncryption'>,
	tableOffset: number,
	tell: (survey: FlashSurvey) => void,
	signal: AbortSignal
): Promise<Result<FlashSurvey, FlashError>> {
	const read = await reader.read({ offset: tableOffset, length: PARTITION_TABLE_BYTES }, signal);
	if (!read.ok) return read;
	const table = surveyPartitionTable(read.value);
	const context = {
		flashEncryption: board.flashEncryption,
		nvsKeys: table.partitions.some(isNvsKeys)
	};
	let found: readonly Found[] = table.partitions.map((partition) => ({ partition, holding: undefined }));
	const faults = tableFaults(table, board.flashSizeBytes, tableOffset);
	const now = (): FlashSurvey => {
		const sectors = sectorsOf(found);
		return { table, faults, found, sectors, boot: bootChoice(found, sectors) };
	};
	tell(now());
	for (const [i, { partition }] of found.entries()) {
		const range = { offset: partition.offset, length: bytesToTell(partition) };
		let holding: Found['holding'] = { kind: 'beyond-flash' };
		if (range.offset + range.length <= reader.sizeBytes) {
			const bytes = await reader.read(range, signal);
			if (!bytes.ok && bytes.error.kind === 'unplugged') return bytes;
			holding = bytes.ok
				? holdingOf(partition, bytes.value, context)
				: { kind: 'unreadable', error: bytes.error };
		}
		found = found.with(i, { partition, holding });
		tell(now());
	}
	return ok(now());
}

function sectorsOf(found: readonly Found[]): FlashSurvey['sectors'] {
	for (const { holding } of found) {
		if (holding?.kind === 'otadata') return holding.sectors;
	}
	const erased = found.some(({ partition, holding }) => isOtaData(partition) && holding?.kind === 'empty');
	return erased ? [{ kind: 'empty' }, { kind: 'empty' }] : undefined;
}
