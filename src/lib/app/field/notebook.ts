import { done, err, type Result } from '$lib/base';
import type { DeviceId } from '$lib/model';
import { parseAnnotation, parseSavedView, type Annotation, type SavedView } from '$lib/telemetry';
import type { Rows } from '$lib/vault';
import type { CoreHandlers, NotebookError } from './messages';
import { Watchers } from './watchers';

const MOST_ANNOTATIONS = 5000;
const MOST_VIEWS = 500;

/** What people write about history: annotations beside it, and views of it by name. */
export class Notebook {
	readonly #annotations: KeptList<Annotation>;
	readonly #views: KeptList<SavedView>;

	constructor({ annotations, views }: { annotations: Rows<Annotation>; views: Rows<SavedView> }) {
		this.#annotations = new KeptList(annotations, parseAnnotation, MOST_ANNOTATIONS);
		this.#views = new KeptList(views, parseSavedView, MOST_VIEWS);
	}

	async restore(): Promise<void> {
		await Promise.all([this.#annotations.restore(), this.#views.restore()]);
	}

	/** Everything of one device. */
	async forget(device: DeviceId): Promise<void> {
		await this.#annotations.removeAll((one) => one.device === device);
		await this.#views.removeAll((one) => one.device === device);
	}

	readonly calls: Pick<
		CoreHandlers['calls'],
		'saveAnnotation' | 'removeAnnotation' | 'saveView' | 'removeView'
	> = {
		saveAnnotation: (row) => this.#annotations.save(row),
		removeAnnotation: ({ id }) => this.#annotations.remove(id),
		saveView: (row) => this.#views.save(row),
		removeView: ({ id }) => this.#views.remove(id)
	};

	readonly feeds: Pick<CoreHandlers['feeds'], 'annotations' | 'views'> = {
		annotations: (_, emit, signal) => this.#annotations.watch(emit, signal),
		views: (_, emit, signal) => this.#views.watch(emit, signal)
	};
}

/** Rows that everybody sees whole, oldest first. What cannot be stored is not shown either. */
class KeptList<T extends { readonly id: string; readonly createdMs: number }> {
	readonly #all = new Map<string, T>();
	readonly #watchers = new Watchers<readonly T[]>();

	constructor(
		private readonly rows: Rows<T>,
		private readonly parse: (row: unknown) => T | undefined,
		private readonly most: number
	) {}

	async restore(): Promise<void> {
		for (const row of await this.rows.all()) this.#all.set(row.id, row);
	}

	watch(emit: (all: readonly T[]) => void, signal: AbortSignal): void {
		this.#watchers.add(emit, signal, this.#list());
	}

	async save(row: unknown): Promise<Result<void, NotebookError>> {
		const parsed = this.parse(row);
		if (!parsed) return err({ kind: 'not-valid' });
		if (!this.#all.has(parsed.id) && this.#all.size >= this.most)
			return err({ kind: 'too-many', most: this.most });
		return this.#change(
			() => this.rows.put(parsed.id, parsed, { strict: true }),
			() => void this.#all.set(parsed.id, parsed)
		);
	}

	remove(id: string): Promise<Result<void, NotebookError>> {
		return this.#change(
			() => this.rows.delete(id),
			() => void this.#all.delete(id)
		);
	}

	async removeAll(which: (row: T) => boolean): Promise<void> {
		for (const row of [...this.#all.values()].filter(which)) await this.remove(row.id);
	}

	async #change(write: () => Promise<void>, adopt: () => void): Promise<Result<void, NotebookError>> {
		try {
			await write();
		} catch (cause) {
			return err({ kind: 'not-stored', cause: String(cause) });
		}
		adopt();
		this.#watchers.tell(this.#list());
		return done;
	}

	#list(): readonly T[] {
		return [...this.#all.values()].sort((a, b) => a.createdMs - b.createdMs);
	}
}
