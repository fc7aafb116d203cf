/** How often each went wrong, by kind. */
export interface ErrorCounts {
	/** Messages that were not taken, by cause. */
	readonly messages: Readonly<Record<string, number>>;
	/** Troubles of the store, by kind. */
	readonly store: Readonly<Record<string, number>>;
}

/** Of all workers since `sinceMs`, when a person began anew, else when the first of them counted. */
export interface ErrorReport extends ErrorCounts {
	readonly sinceMs: number;
	/** Why they do not outlive this worker; absent where they do. */
	readonly notKept?: string;
}

/** More kinds than there are: what a damaged row may bring. */
const MAX_KINDS = 200;

/** As they lie in the keep; what is no count is passed over. */
export function parseErrorCounts(raw: unknown): ErrorCounts {
	const { messages, store } = (typeof raw === 'object' && raw !== null ? raw : {}) as Record<string, unknown>;
	return { messages: countsOf(messages), store: countsOf(store) };
}

function countsOf(raw: unknown): Record<string, number> {
	if (typeof raw !== 'object' || raw === null) return {};
	const counts = Object.entries(raw).filter(
		(entry): entry is [string, number] => Number.isSafeInteger(entry[1]) && (entry[1] as number) > 0
	);
	return Object.fromEntries(counts.slice(0, MAX_KINDS));
}
