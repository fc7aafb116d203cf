import { IMAGE_MAGIC, parseAppImage, recogniseBin, type ChipFamily } from '$lib/formats';
import { looksLikeAPage } from './plan-problems';

/** What keeps a file from being firmware, whatever the board. */
export type PartFault =
	| { readonly kind: 'empty' }
	/** A page was saved or served in the file's place. */
	| { readonly kind: 'html-instead' }
	/** It begins like an image and ends before its segments do. */
	| { readonly kind: 'cut-short'; readonly wantedBytes: number; readonly gotBytes: number }
	/** Its checksum or its SHA-256 is not that of its bytes. */
	| { readonly kind: 'hash-wrong' }
	/** It begins like an image, and its header is none. */
	| { readonly kind: 'not-an-image' }
	/** For a debugger, a drag-and-drop bootloader or an older programmer. */
	| { readonly kind: 'other-format'; readonly format: 'elf' | 'uf2' | 'intel-hex' };

/** @param family whose image it is to be: an ESP8266's header is another, and is left to the chip */
export function partFault(bytes: Uint8Array, family: ChipFamily | undefined): PartFault | undefined {
	if (bytes.length === 0) return { kind: 'empty' };
	if (looksLikeAPage(bytes)) return { kind: 'html-instead' };
	const format = otherFormat(bytes);
	if (format) return { kind: 'other-format', format };
	if (bytes[0] !== IMAGE_MAGIC || family === 'ESP8266') return undefined;
	const bin = recogniseBin(bytes);
	if (bin.kind === 'app' || bin.kind === 'bootloader')
		return bin.image.checksumOk && bin.image.hash.kind !== 'wrong' ? undefined : { kind: 'hash-wrong' };
	if (bin.kind !== 'unknown') return undefined;
	const image = parseAppImage(bytes);
	return !image.ok && image.error.kind === 'too-short'
		? { kind: 'cut-short', wantedBytes: image.error.neededBytes, gotBytes: bytes.length }
		: { kind: 'not-an-image' };
}

function otherFormat(bytes: Uint8Array): 'elf' | 'uf2' | 'intel-hex' | undefined {
	const start = String.fromCharCode(...bytes.subarray(0, 9));
	if (start.startsWith('\x7fELF')) return 'elf';
	if (start.startsWith('UF2\n')) return 'uf2';
	return /^:[0-9a-f]{8}$/iu.test(start) ? 'intel-hex' : undefined;
}
