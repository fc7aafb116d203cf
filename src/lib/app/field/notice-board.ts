import type { Rows } from '$lib/vault';
import type { Notice } from './messages';
import { Watchers } from './watchers';

/** Notices not dismissed; a newer one of the same id takes the older one's place. */
const MAX_NOTICES = 50;

/** What a person must know, kept until dismissed. A notice that cannot be stored is shown all the same. */
export class NoticeBoard {
	readonly #notices = new Map<string, Notice>();
	readonly #watchers = new Watchers<readonly Notice[]>();

	constructor(private readonly rows: Rows<Notice>) {}

	async restore(): Promise<void> {
		for (const notice of await this.rows.all()) this.#notices.set(notice.id, notice);
	}

	watch(emit: (notices: readonly Notice[]) => void, signal: AbortSignal): void {
		this.#watchers.add(emit, signal, this.#list());
	}

	async post(notice: Notice): Promise<void> {
		if (!this.#notices.has(notice.id) && this.#notices.size >= MAX_NOTICES) {
			const [oldest] = this.#notices.keys();
			if (oldest !== undefined) await this.dismiss(oldest);
		}
		this.#notices.set(notice.id, notice);
		this.#watchers.tell(this.#list());
		try {
			await this.rows.put(notice.id, notice);
		} catch {
			// The storage that fails may be what the notice is about: it stays on the board of this worker.
		}
	}

	async dismiss(id: string): Promise<void> {
		if (!this.#notices.delete(id)) return;
		this.#watchers.tell(this.#list());
		await this.rows.delete(id);
	}

	#list(): readonly Notice[] {
		return [...this.#notices.values()];
	}
}
