import { snapshotSource, type FirmwareSource, type SettingsSnapshot } from '$lib/flash';
import { leftOutWords, settingsFaultWords, snapshotErrorWords } from '$lib/flash/view';
import type { BoardAtWork, SettingsShelf } from './works';

/** The settings that this browser keeps of boards, and putting them back on the one that is connected. */
export class KeptSettings {
	#all = $state.raw<readonly SettingsSnapshot[]>([]);
	#fault = $state<string>();
	#note = $state<string>();

	/** @param onChosen told what is to be planned */
	constructor(
		private readonly shelf: SettingsShelf,
		private readonly mac: string,
		private readonly at: Pick<BoardAtWork, 'table'>,
		private readonly onChosen: (source: FirmwareSource) => void
	) {}

	/** Of this board, the newest first. */
	get own(): readonly SettingsSnapshot[] {
		return this.#all.filter(({ mac }) => mac === this.mac);
	}

	get others(): readonly SettingsSnapshot[] {
		return this.#all.filter(({ mac }) => mac !== this.mac);
	}

	/** What went wrong, in words. */
	get fault(): string | undefined {
		return this.#fault;
	}

	/** What does not come back, in words. */
	get note(): string | undefined {
		return this.#note;
	}

	async load(): Promise<void> {
		const found = await this.shelf.list();
		if (found.ok) this.#all = found.value;
		else this.#fault = snapshotErrorWords(found.error);
	}

	async putBack(snapshot: SettingsSnapshot): Promise<void> {
		this.#fault = this.#note = undefined;
		const partitions = await this.shelf.open(snapshot.id);
		if (!partitions.ok) {
			this.#fault = snapshotErrorWords(partitions.error);
			return;
		}
		const made = snapshotSource(snapshot, partitions.value, this.at.table);
		if (!made.ok) {
			this.#fault = settingsFaultWords(made.error);
			return;
		}
		this.#note = leftOutWords(made.value.leftOut) || undefined;
		this.onChosen(made.value.source);
	}

	async remove(id: string): Promise<void> {
		const removed = await this.shelf.remove(id);
		this.#fault = removed.ok ? undefined : snapshotErrorWords(removed.error);
		await this.load();
	}
}
