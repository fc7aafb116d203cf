import type { ConsoleLine, LogLevel } from './console-line';

export interface LineFilter {
	/** What is left out. */
	readonly withoutLevels: ReadonlySet<LogLevel>;
	/** Only these tags; empty means all. Lines without a tag are then left out, but for what the page and a person said. */
	readonly onlyTags: ReadonlySet<string>;
}

export const EVERYTHING: LineFilter = { withoutLevels: new Set(), onlyTags: new Set() };

/** @returns undefined where nothing is left out */
export function passes(filter: LineFilter): ((line: ConsoleLine) => boolean) | undefined {
	const { withoutLevels, onlyTags } = filter;
	if (withoutLevels.size === 0 && onlyTags.size === 0) return undefined;
	return ({ level, tag, from }) =>
		from !== 'board' ||
		((level === undefined || !withoutLevels.has(level)) &&
			(onlyTags.size === 0 || (tag !== undefined && onlyTags.has(tag))));
}
