import type { AppDescriptor, AppImage } from '$lib/formats';
import { revision } from './problem-words';
import { flashSize } from './strip';

/** What an image says of itself. */
export interface ImageFacts {
	/** "fieldbench-node 0.2.0"; of an image without a name, what it is. */
	readonly name: string;
	readonly facts: readonly { readonly term: string; readonly value: string; readonly wrong?: boolean }[];
}

const ANY_REVISION = 0xffff;

export function imageFacts(image: AppImage): ImageFacts {
	const { descriptor, family, sizeBytes } = image;
	const name = descriptor ? [descriptor.project, descriptor.version].filter(Boolean).join(' ') : '';
	const built = descriptor ? builtWords(descriptor) : '';
	return {
		name: name || (descriptor ? 'An app without a name' : 'A bootloader, or an app without a description'),
		facts: [
			{ term: 'Chip', value: [family ?? 'unknown', revisions(image)].filter(Boolean).join(', ') },
			...(built ? [{ term: 'Built', value: built }] : []),
			...(descriptor?.idfVersion ? [{ term: 'ESP-IDF', value: descriptor.idfVersion }] : []),
			{ term: 'Image', value: flashSize(sizeBytes) },
			digest(image)
		]
	};
}

/** When it was built; empty where nothing says: builds that are the same for everybody name the clock's first moment. */
export const builtWords = ({ date, time }: Pick<AppDescriptor, 'date' | 'time'>): string =>
	/^Jan +1 1970$/u.test(date) ? '' : [date, time].filter(Boolean).join(' ');

function revisions({ minRevFull, maxRevFull }: AppImage): string {
	const least = minRevFull > 0 ? revision(minRevFull) : '';
	const greatest = maxRevFull === ANY_REVISION ? '' : revision(maxRevFull);
	if (least && greatest) return `revisions ${least} to ${greatest}`;
	if (greatest) return `revisions up to ${greatest}`;
	return least ? `revision ${least} or later` : 'any revision';
}

function digest({ checksumOk, hash }: AppImage): ImageFacts['facts'][number] {
	const term = 'Digest';
	if (!checksumOk) return { term, value: 'checksum is wrong', wrong: true };
	if (hash.kind === 'wrong') return { term, value: 'SHA-256 is wrong', wrong: true };
	return { term, value: hash.kind === 'ok' ? 'SHA-256 is right' : 'checksum is right, no SHA-256' };
}
