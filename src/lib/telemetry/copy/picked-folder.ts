import type { CopyMemory } from './copy-memory';
import { filesOf, FOLDER, type CopyFolder, type PickedDirectory } from './folder';

/**
 * In a folder that a person picked, so apart from all that the browser may delete of this site. The copy has a folder of its own in it,
 * but where the very folder of an earlier copy was picked. It is wanted while its handle is remembered.
 */
export function pickedFolder(picked: PickedDirectory, memory: Pick<CopyMemory, 'keepPicked'>): CopyFolder {
	return {
		place: { kind: 'folder', name: picked.name },
		...filesOf(async () =>
			picked.name === FOLDER ? picked : picked.getDirectoryHandle(FOLDER, { create: true })
		),
		standing: async () =>
			(await picked.queryPermission({ mode: 'readwrite' })) === 'granted' ? 'open' : 'closed',
		create: () => memory.keepPicked(picked),
		leave: () => memory.keepPicked(undefined)
	};
}
