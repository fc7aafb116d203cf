import { err, ok } from '$lib/base';
import {
	backupSource,
	openPicked,
	partFault,
	type Backup,
	type BoardFacts,
	type FoundPart,
	type PickedFile
} from '$lib/flash';
import { leftOutWords, settingsFaultWords } from '$lib/flash/view';
import { placeOf, recogniseBin, type PartitionTable } from '$lib/formats';
import { buildErrorWords, otherChipWords, partFaultWords, recognisedWords } from './source-words';
import type { OpenedBackup, OpenedFile, OpenedFiles } from './works';

/** Folders, zips and files as a person chose them, each file known by its bytes and judged for this board. */
export async function openFiles(
	picked: readonly PickedFile[],
	board: BoardFacts,
	table?: PartitionTable
): Promise<OpenedFiles> {
	const builds: OpenedFiles['builds'][number][] = [];
	const backups: OpenedBackup[] = [];
	const faults: string[] = [];
	for (const found of await openPicked(picked)) {
		if (!found.ok) {
			faults.push(buildErrorWords(found.error));
			continue;
		}
		const { args, parts, backup } = found.value;
		if (backup) {
			backups.push(openedBackup(backup, table));
			continue;
		}
		if (args && args.family !== board.chip) {
			faults.push(otherChipWords(args, board));
			continue;
		}
		builds.push({
			placed: args !== undefined,
			...(args && { builtFor: args.settings }),
			files: parts.map((part) => openedFile(part, board))
		});
	}
	return { builds, backups, faults };
}

function openedBackup(backup: Backup, table: PartitionTable | undefined): OpenedBackup {
	const made = backupSource(backup, table);
	if (!made.ok) return { backup, source: err(settingsFaultWords(made.error)) };
	const note = leftOutWords(made.value.leftOut);
	return { backup, source: ok(made.value.source), ...(note && { note }) };
}

function openedFile(part: FoundPart, board: BoardFacts): OpenedFile {
	const bin = recogniseBin(part.bytes);
	const fault = partFault(part.bytes, board.chip);
	return {
		name: part.name,
		bytes: part.bytes,
		words: fault ? 'No firmware' : recognisedWords(bin),
		...(fault && { fault: partFaultWords(fault) }),
		...(part.offset !== undefined && { offset: part.offset }),
		...(bin.kind === 'partition-table' && { table: bin.table }),
		placeOn: (table) => placeOf(bin, board.chip, table)
	};
}
