/** Longer names are cut: no screen has room for more, and whoever may publish may send 64 KiB of it. */
const LONGEST = 80;

/**
 * A name that a device gave itself, made safe to put beside other text: without control characters and without the
 * invisible ones that change the direction of what follows (Unicode Bidirectional Algorithm, UAX #9, explicit formatting), on
 * one line, and cut at 80 characters.
 * @returns undefined where nothing is left
 */
export function displayName(text: string): string | undefined {
	const visible = text
		// \p{Cc} controls; the rest: marks, embeddings, overrides and isolates of UAX #9.
		.replace(/[\p{Cc}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\u2028\u2029]+/gu, ' ')
		.replace(/\s+/gu, ' ')
		.trim();
	if (visible === '') return undefined;
	if (visible.length <= LONGEST) return visible;
	let kept = '';
	let count = 0;
	for (const { segment } of new Intl.Segmenter().segment(visible)) {
		// A "character" may be a tower of marks: UTF-16 bounds it too.
		if (count === LONGEST - 1 || kept.length + segment.length > 4 * LONGEST) return `${kept}…`;
		kept += segment;
		count++;
	}
	return kept;
}
