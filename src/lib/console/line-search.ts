import { err, ok, type Result } from '$lib/base';

export interface SearchWish {
	readonly text: string;
	/** A regular expression as JavaScript has them. */
	readonly regex: boolean;
	/** Upper and lower case differ. */
	readonly exactCase: boolean;
}

/** From `at` to before `to`, in UTF-16 units. */
export interface Range {
	readonly at: number;
	readonly to: number;
}

export interface LineSearch {
	test(text: string): boolean;
	/** In order, without overlap. */
	ranges(text: string): readonly Range[];
}

export type SearchError =
	| { readonly kind: 'no-regex'; readonly said: string }
	/** On some line it could run for hours. */
	| { readonly kind: 'nested-repeat' };

const MAX_RANGES = 100;
/** A repeat around what itself repeats is what makes a search explode; good searches can do without. */
const NESTED_REPEAT = /\((?:[^()\\]|\\.)*(?:[+*]|\{\d*,\d*\})(?:[^()\\]|\\.)*\)(?:[+*]|\{\d*,\d*\})/u;

/** @returns undefined where there is nothing to search for */
export function searchFor({
	text,
	regex,
	exactCase
}: SearchWish): Result<LineSearch, SearchError> | undefined {
	if (text === '') return undefined;
	if (regex && NESTED_REPEAT.test(text)) return err({ kind: 'nested-repeat' });
	try {
		const source = regex ? text : text.replace(/[.*+?^${}()|[\]\\/]/gu, '\\$&');
		const flags = exactCase ? 'u' : 'iu';
		const once = new RegExp(source, flags);
		const all = new RegExp(source, `g${flags}`);
		return ok({ test: (line) => once.test(line), ranges: (line) => rangesOf(all, line) });
	} catch (cause) {
		return err({ kind: 'no-regex', said: cause instanceof Error ? cause.message : String(cause) });
	}
}

function rangesOf(all: RegExp, line: string): readonly Range[] {
	const ranges: Range[] = [];
	for (const match of line.matchAll(all)) {
		if (match[0] !== '') ranges.push({ at: match.index, to: match.index + match[0].length });
		if (ranges.length >= MAX_RANGES) break;
	}
	return ranges;
}
