import { err, ok } from '$lib/base';
import { RecentFirmwares, type RecentError } from '$lib/flash';
import { formatBytes } from '$lib/ui';
import type { RecentShelf } from './works';

/** What this browser keeps of the firmware that was used here, with its failures in words. */
export function recentShelf(recents = new RecentFirmwares(indexedDB)): RecentShelf {
	return {
		async list() {
			const found = await recents.list();
			return found.ok ? found : err(recentErrorWords(found.error));
		},
		async keep(firmware, from) {
			const kept = await recents.keep(firmware, from, Date.now());
			return kept.ok ? ok(undefined) : err(recentErrorWords(kept.error));
		},
		async take(id) {
			const source = await recents.open(id);
			return source.ok ? source : err(recentErrorWords(source.error));
		},
		async remove(id) {
			const removed = await recents.remove(id);
			return removed.ok ? removed : err(recentErrorWords(removed.error));
		}
	};
}

function recentErrorWords(error: RecentError): string {
	switch (error.kind) {
		case 'too-large':
			return `It was not kept here: it has ${formatBytes(error.sizeBytes)}, and ${formatBytes(error.mostBytes)} are the most.`;
		case 'not-stored':
			return `This browser keeps no firmware now (${error.cause}). Make room, or leave private browsing.`;
		case 'gone':
			return 'It is no longer kept here: another tab removed it, or newer ones took its place. Fetch it again.';
		case 'damaged':
			return 'What is kept is damaged, and was not taken. Remove it and fetch it again.';
	}
}
