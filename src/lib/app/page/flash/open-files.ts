import { openPicked, partFault, type BoardFacts, type FoundPart, type PickedFile } from '$lib/flash';
import { placeOf, recogniseBin } from '$lib/formats';
import { buildErrorWords, otherChipWords, partFaultWords, recognisedWords } from './source-words';
import type { OpenedFile, OpenedFiles } from './works';

/** Folders, zips and files as a person chose them, each file known by its bytes and judged for this board. */
export async function openFiles(picked: readonly PickedFile[], board: BoardFacts): Promise<OpenedFiles> {
	const builds: OpenedFiles['builds'][number][] = [];
	const faults: string[] = [];
	for (const found of await openPicked(picked)) {
		if (!found.ok) {
			faults.push(buildErrorWords(found.error));
			continue;
		}
		const { args, parts } = found.value;
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
	return { builds, faults };
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
