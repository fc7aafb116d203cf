import { DAY_MS } from './block-span';
import type { LetGo, LetGoRows, StoreError } from './store';

const MOST_ENTRIES = 400;

/** What was deleted to keep to bounds: an entry a day, device and cause, the newest four hundred. */
export class LetGoLog {
	readonly #entries: Map<string, LetGo>;

	/** @param known what `rows` tell; without rows it lives as long as the store */
	constructor(
		known: readonly LetGo[],
		private readonly rows: LetGoRows | undefined,
		private readonly onFailed: (error: StoreError) => void
	) {
		const byTime = known.toSorted((a, b) => a.atMs - b.atMs);
		this.#entries = new Map(byTime.map((entry) => [keyOf(entry), entry]));
	}

	/** The one that grew last at the end. */
	get entries(): readonly LetGo[] {
		return [...this.#entries.values()];
	}

	add(gone: LetGo): void {
		const key = keyOf(gone);
		const before = this.#entries.get(key);
		const entry = before ? together(before, gone) : gone;
		this.#entries.delete(key);
		this.#entries.set(key, entry);
		this.#write((rows) => rows.put(key, entry));
		if (this.#entries.size > MOST_ENTRIES) this.#drop([...this.#entries.keys()][0]!);
	}

	/** Nothing tells of a device that is forgotten. */
	forget(device: string): void {
		for (const [key, entry] of this.#entries) if (entry.device === device) this.#drop(key);
	}

	#drop(key: string): void {
		this.#entries.delete(key);
		this.#write((rows) => rows.delete(key));
	}

	#write(change: (rows: LetGoRows) => Promise<void>): void {
		if (!this.rows) return;
		change(this.rows).catch((cause: unknown) =>
			this.onFailed({ kind: 'unavailable', cause: `what was let go of is not logged: ${String(cause)}` })
		);
	}
}

const keyOf = ({ atMs, device, provenance, what, why }: LetGo): string =>
	[Math.floor(atMs / DAY_MS), device, provenance, what, why].join('/');

const together = (before: LetGo, gone: LetGo): LetGo => ({
	...gone,
	fromMs: Math.min(before.fromMs, gone.fromMs),
	toMs: Math.max(before.toMs, gone.toMs),
	samples: before.samples + gone.samples,
	bytes: before.bytes + gone.bytes
});
