import type { Partition, PartitionTable } from '$lib/formats';
import type { BoardFacts } from './facts';
import { placesPresent, sectorsOf, staysBeside, touch } from './plan-erase';
import type { EraseChoice, PlanRange, PresentFlash, WritePlan } from './plan-facts';

/** Which stretches of what is there now die and which stay. */
export function fates(
	board: BoardFacts,
	regions: readonly { readonly offset: number; readonly length: number }[],
	choice: EraseChoice,
	present: PresentFlash | undefined,
	after: PartitionTable | undefined
): Pick<WritePlan, 'erased' | 'kept'> {
	const written = regions.map(sectorsOf);
	if (!present) {
		const end = Math.max(0, ...written.map(({ offset, length }) => offset + length));
		const all = { offset: 0, length: board.flashSizeBytes ?? end };
		const stretches = choice === 'all' ? [all] : written;
		return { erased: stretches.map((stretch) => ({ ...stretch, label: 'what is there' })), kept: [] };
	}
	const erased: PlanRange[] = [];
	const kept: PlanRange[] = [];
	for (const place of placesPresent(board, present)) {
		const row = present.table.partitions.find(({ offset }) => offset === place.offset);
		const dies =
			choice === 'all' ||
			written.some((stretch) => touch(stretch, place)) ||
			(choice === 'all-but-settings' && !staysBeside(place, regions, present)) ||
			// What the new table does not name where it was is there still, and lost to the program.
			(row !== undefined && !isIn(after, row));
		(dies ? erased : kept).push(place);
	}
	return { erased, kept };
}

const isIn = (table: PartitionTable | undefined, row: Partition): boolean =>
	table?.partitions.some(
		({ label, type, subtype, offset, size }) =>
			label === row.label &&
			type === row.type &&
			subtype === row.subtype &&
			offset === row.offset &&
			size === row.size
	) ?? false;
