import { err, ok, type Result } from '$lib/base';
import {
	FIRST_SEGMENT_AT,
	imageEnd,
	nextSegmentAt,
	parseAppImage,
	parseAppImageHead,
	IMAGE_HEAD_BYTES,
	type AppImage,
	type ImageFault,
	type Partition
} from '$lib/formats';
import type { FlashError } from '../facts';
import type { FlashReader } from './flash-reader';

const SEGMENT_HEADER_BYTES = 8;

export type CheckFault =
	| { readonly kind: 'flash'; readonly error: FlashError }
	| { readonly kind: 'image'; readonly fault: ImageFault }
	/** Its segments lead beyond the partition: what stands there is no whole image. */
	| { readonly kind: 'beyond-partition'; readonly segment: number };

export interface CheckProgress {
	readonly readBytes: number;
	readonly totalBytes: number;
}

/**
 * Reads a whole app and holds its checksum and digest against its bytes. How long it is, its segments say one after another.
 * Rejects only with the signal's reason.
 */
export async function checkImage(
	reader: FlashReader,
	{ offset, size: named }: Pick<Partition, 'offset' | 'size'>,
	tell: (progress: CheckProgress) => void,
	signal: AbortSignal
): Promise<Result<AppImage, CheckFault>> {
	// A table may name more than the flash has.
	const size = Math.min(named, reader.sizeBytes - offset);
	const start = await reader.read({ offset, length: Math.min(size, IMAGE_HEAD_BYTES) }, signal);
	if (!start.ok) return err({ kind: 'flash', error: start.error });
	const head = parseAppImageHead(start.value);
	if (!head) return err({ kind: 'image', fault: { kind: 'not-an-image', magic: start.value[0] ?? 0 } });
	let at = FIRST_SEGMENT_AT;
	for (let segment = 0; segment < head.segmentCount; segment++) {
		if (at + SEGMENT_HEADER_BYTES > size) return err({ kind: 'beyond-partition', segment });
		const header = await reader.read({ offset: offset + at, length: SEGMENT_HEADER_BYTES }, signal);
		if (!header.ok) return err({ kind: 'flash', error: header.error });
		at = nextSegmentAt(header.value, at);
	}
	const totalBytes = imageEnd(at, head.hashAppended);
	if (totalBytes > size) return err({ kind: 'beyond-partition', segment: head.segmentCount - 1 });
	const whole = await reader.read({ offset, length: totalBytes }, signal, (readBytes) =>
		tell({ readBytes: Math.min(readBytes, totalBytes), totalBytes })
	);
	if (!whole.ok) return err({ kind: 'flash', error: whole.error });
	const image = parseAppImage(whole.value);
	return image.ok ? ok(image.value) : err({ kind: 'image', fault: image.error });
}
