import { err, ok, type Result } from '$lib/base';
import { NVS_PAGE_BYTES } from './nvs-layout';
import { memoryMedium } from './nvs-medium';
import { areEncrypted, loadPages, nameOf, namespacesOf, readEntries, survey } from './nvs-store';
import type { NvsContents, NvsFault } from './nvs-types';

/**
 * Total: what can be read of a partition's bytes, whatever state it was left in, as ESP-IDF would find it after its own mending.
 * Erased and corrupt pages are told and passed over.
 */
export function parseNvs(bytes: Uint8Array): Result<NvsContents, NvsFault> {
	if (bytes.length === 0 || bytes.length % NVS_PAGE_BYTES !== 0) {
		return err({ kind: 'bad-size', lengthBytes: bytes.length });
	}
	const pages = loadPages(memoryMedium(Uint8Array.from(bytes)));
	if (pages.every((page) => page.state === 'corrupt' || page.state === 'invalid'))
		return err({ kind: 'not-nvs' });
	if (areEncrypted(pages)) return err({ kind: 'encrypted' });
	const { live, incomplete } = survey(pages);
	const { entries, damage } = readEntries(live);
	const names = namespacesOf(live);
	return ok({
		entries,
		namespaces: [...names.values()],
		pages: pages.map((page) => ({
			state: page.state,
			...(page.holdsItems && { sequence: page.sequence, version: page.version }),
			...page.counts
		})),
		damage: [
			...pages.flatMap((page) => page.damage),
			...incomplete.map((item) => ({
				kind: 'blob-incomplete' as const,
				offset: item.page.offsetOf(item),
				...nameOf(item, names)
			})),
			...damage
		]
	});
}
