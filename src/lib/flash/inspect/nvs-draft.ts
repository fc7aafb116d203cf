import { err, ok, sameBytes, type Result } from '$lib/base';
import {
	buildNvs,
	NVS_PAGE_BYTES,
	PAGE_ENTRIES,
	parseNvs,
	valueFault,
	type NvsBuildFault,
	type NvsEntry,
	type NvsValue,
	type NvsValueFault
} from '$lib/formats';

/** Which entry. */
export interface NvsName {
	readonly namespace: string;
	readonly key: string;
}

/** What is to become of one entry. */
export type NvsChange =
	| { readonly kind: 'added'; readonly after: NvsEntry }
	| { readonly kind: 'removed'; readonly before: NvsEntry }
	| { readonly kind: 'changed'; readonly before: NvsEntry; readonly after: NvsEntry };

/** Settings being edited. Every act makes a new one; nothing of it is on the board. */
export interface NvsDraft {
	/** As they are on the board. */
	readonly before: readonly NvsEntry[];
	readonly now: readonly NvsEntry[];
	/** What `now` was before each act, the last one last. */
	readonly past: readonly (readonly NvsEntry[])[];
}

export type NvsEditFault = NvsValueFault | ({ readonly kind: 'repeated' } & NvsName);

const sameName = (a: NvsName, b: NvsName): boolean => a.namespace === b.namespace && a.key === b.key;

export function sameValue(a: NvsValue, b: NvsValue): boolean {
	if (a.type === 'blob') return b.type === 'blob' && sameBytes(a.value, b.value);
	return a.type === b.type && a.value === b.value;
}

export const beginDraft = (entries: readonly NvsEntry[]): NvsDraft => ({
	before: entries,
	now: entries,
	past: []
});

const step = (draft: NvsDraft, now: readonly NvsEntry[]): NvsDraft => ({
	...draft,
	now,
	past: [...draft.past, draft.now]
});

/** Adds an entry, or puts it in the place of `replaced`. */
export function putEntry(
	draft: NvsDraft,
	entry: NvsEntry,
	replaced?: NvsName
): Result<NvsDraft, NvsEditFault> {
	const { namespace, key } = entry;
	const fault = valueFault(namespace, key, entry);
	if (fault) return err(fault);
	const taken = draft.now.some((e) => sameName(e, entry) && !(replaced && sameName(e, replaced)));
	if (taken) return err({ kind: 'repeated', namespace, key });
	const at = replaced ? draft.now.findIndex((e) => sameName(e, replaced)) : -1;
	const old = draft.now[at];
	if (old && sameName(old, entry) && sameValue(old, entry)) return ok(draft);
	return ok(step(draft, at < 0 ? [...draft.now, entry] : draft.now.with(at, entry)));
}

export const removeEntry = (draft: NvsDraft, name: NvsName): NvsDraft =>
	step(
		draft,
		draft.now.filter((e) => !sameName(e, name))
	);

/** Takes entries from elsewhere in one act: new ones are added, others get the value; what is only here stays. */
export function mergeEntries(draft: NvsDraft, entries: readonly NvsEntry[]): NvsDraft {
	let now = draft.now;
	for (const entry of entries) {
		const at = now.findIndex((e) => sameName(e, entry));
		now = at < 0 ? [...now, entry] : now.with(at, entry);
	}
	return step(draft, now);
}

/** Back by one act. */
export function undo(draft: NvsDraft): NvsDraft {
	const last = draft.past.at(-1);
	return last ? { ...draft, now: last, past: draft.past.slice(0, -1) } : draft;
}

/** What becomes of which entry: removed and changed ones in the order of `before`, then the new ones. */
export function diffNvs(before: readonly NvsEntry[], after: readonly NvsEntry[]): readonly NvsChange[] {
	const find = (list: readonly NvsEntry[], name: NvsName) => list.find((e) => sameName(e, name));
	return [
		...before.flatMap((was): NvsChange[] => {
			const is = find(after, was);
			if (!is) return [{ kind: 'removed', before: was }];
			return sameValue(was, is) ? [] : [{ kind: 'changed', before: was, after: is }];
		}),
		...after.flatMap((is): NvsChange[] => (find(before, is) ? [] : [{ kind: 'added', after: is }]))
	];
}

/** A partition's image, and how much of it is used. */
export interface NvsFit {
	readonly bytes: Uint8Array<ArrayBuffer>;
	/** Of 32 bytes each. */
	readonly usedEntries: number;
	/** One page stays free, so that the chip can move another into it. */
	readonly totalEntries: number;
}

/** The whole partition made anew from these entries; or why they do not fit. */
export function fitNvs(entries: readonly NvsEntry[], sizeBytes: number): Result<NvsFit, NvsBuildFault> {
	const built = buildNvs(entries, sizeBytes);
	if (!built.ok) return built;
	const read = parseNvs(built.value);
	const usedEntries = read.ok ? read.value.pages.reduce((sum, { written }) => sum + written, 0) : 0;
	const totalEntries = (sizeBytes / NVS_PAGE_BYTES - 1) * PAGE_ENTRIES;
	return ok({ bytes: built.value, usedEntries, totalEntries });
}
