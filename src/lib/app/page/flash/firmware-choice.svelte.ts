import { type CatalogueEntry, PRACTICE_FAMILY } from '$lib/formats';
import {
	holdsSettings,
	type BoardFacts,
	type FirmwareSource,
	type PickedFile,
	type RecentFirmware
} from '$lib/flash';
import { parseAddress } from '$lib/flash/view';
import type { BoardAtWork, FirmwareShelf, OpenedBackup, OpenedFile } from './works';

/** A file of an own build, as it is shown and edited. */
export interface ChosenFile {
	readonly id: string;
	readonly name: string;
	readonly sizeBytes: number;
	readonly recognised: string;
	/** As typed. */
	readonly offset: string;
	readonly fault?: string | undefined;
	/** Why its bytes cannot be flashed anywhere. */
	readonly bytesFault?: string | undefined;
	/** Who said where it goes: what nobody said follows the table. */
	readonly placedBy: 'build' | 'person' | 'table';
	/** Passwords may be among them: it is not kept in this browser. */
	readonly holdsSettings: boolean;
	readonly opened: OpenedFile;
}

export type FirmwareWay = 'catalogue' | 'manifest' | 'recent';

/** Which firmware a person wants on this board, and how far fetching it is. */
export class FirmwareChoice {
	#entries = $state.raw<readonly CatalogueEntry[] | undefined>(undefined);
	#loading = $state<string>();
	#fault = $state.raw<{ readonly way: FirmwareWay; readonly words: string } | undefined>(undefined);
	#files = $state.raw<readonly ChosenFile[]>([]);
	#backups = $state.raw<readonly OpenedBackup[]>([]);
	#fileFaults = $state.raw<readonly string[]>([]);
	#opening = $state(0);
	#recent = $state.raw<readonly RecentFirmware[]>([]);
	/** What the chosen build says that it was made for. */
	#builtFor: FirmwareSource['builtFor'];
	#fetching: AbortController | undefined;
	#made = 0;

	/** What suits the board first; what cannot be taken says why. undefined: not yet known. */
	readonly cards = $derived.by(() => this.#entries?.map((entry) => cardOf(entry, this.board)));

	constructor(
		private readonly shelf: FirmwareShelf,
		readonly board: BoardFacts,
		private readonly at: Pick<BoardAtWork, 'info' | 'table'>,
		/** Told what was chosen, ready to be planned. */
		private readonly onChosen: (firmware: FirmwareSource) => void
	) {}

	/** What is being fetched, in words. */
	get loading(): string | undefined {
		return this.#loading;
	}

	get files(): readonly ChosenFile[] {
		return this.#files;
	}

	/** Kept in this browser, the last used first. */
	get recent(): readonly RecentFirmware[] {
		return this.#recent;
	}

	/** Opened, and not yet planned. */
	get backups(): readonly OpenedBackup[] {
		return this.#backups;
	}

	/** Plans to write it back. */
	useBackup({ source }: OpenedBackup): void {
		if (source.ok) this.onChosen(source.value);
	}

	dropBackup(backup: OpenedBackup): void {
		this.#backups = this.#backups.filter((one) => one !== backup);
	}

	/** What was chosen and not taken, and why. */
	get fileFaults(): readonly string[] {
		return this.#fileFaults;
	}

	/** Folders and zips are being read. */
	get opening(): boolean {
		return this.#opening > 0;
	}

	faultOf(way: FirmwareWay): string | undefined {
		return this.#fault?.way === way ? this.#fault.words : undefined;
	}

	async load(signal: AbortSignal): Promise<void> {
		void this.#listRecent();
		const found = await this.shelf.catalogue(signal);
		this.#entries = found.ok ? found.value : [];
		if (!found.ok) this.#fault = { way: 'catalogue', words: found.error };
	}

	async pickCatalogue(id: string): Promise<void> {
		const entry = this.#entries?.find((one) => one.id === id);
		if (entry) await this.#fetch('catalogue', entry.manifestUrl, `Fetching ${entry.name}…`);
	}

	async pickManifest(text: string): Promise<void> {
		const url = text.trim();
		if (!URL.canParse(url)) {
			this.#fault = {
				way: 'manifest',
				words: 'This is no address. It begins with https:// and ends in .json.'
			};
			return;
		}
		await this.#fetch('manifest', url, 'Fetching the manifest and its parts…');
	}

	async pickRecent(id: string): Promise<void> {
		this.#fault = undefined;
		const kept = await this.shelf.recent.take(id);
		if (!kept.ok) {
			this.#fault = { way: 'recent', words: kept.error };
			return;
		}
		const from = this.#recent.find((one) => one.id === id)?.from ?? '';
		this.#take(kept.value, from);
	}

	async dropRecent(id: string): Promise<void> {
		const removed = await this.shelf.recent.remove(id);
		if (!removed.ok) this.#fault = { way: 'recent', words: removed.error };
		await this.#listRecent();
	}

	async #listRecent(): Promise<void> {
		const found = await this.shelf.recent.list();
		if (found.ok) this.#recent = found.value;
		else this.#fault = { way: 'recent', words: found.error };
	}

	/** Plans it, and keeps it for another time: with no network too. */
	#take(firmware: FirmwareSource, from: string): void {
		this.onChosen(firmware);
		void this.shelf.recent.keep(firmware, from).then(async (kept) => {
			await this.#listRecent();
			if (!kept.ok) this.#fault = { way: 'recent', words: kept.error };
		});
	}

	cancel(): void {
		this.#fetching?.abort();
	}

	/** A build that says where its files go takes the place of what was chosen before; others join it. */
	async addFiles(picked: readonly PickedFile[]): Promise<void> {
		this.#opening++;
		this.#fileFaults = [];
		try {
			const { builds, backups, faults } = await this.shelf.open(picked, this.board, this.at.table);
			this.#backups = [...this.#backups, ...backups];
			for (const { placed, builtFor, files } of builds) {
				if (placed) {
					this.#files = [];
					this.#builtFor = builtFor;
				}
				this.#files = [...this.#files, ...files.map((opened) => this.#chosen(opened))];
			}
			this.placeAnew();
			this.#fileFaults = faults;
		} finally {
			this.#opening--;
		}
	}

	#chosen(opened: OpenedFile): ChosenFile {
		const { name, bytes, words, fault, offset } = opened;
		return {
			id: `file-${++this.#made}`,
			name,
			sizeBytes: bytes.length,
			recognised: words,
			bytesFault: fault,
			...typedOffset(offset, fault),
			placedBy: offset === undefined ? 'table' : 'build',
			holdsSettings: holdsSettings(bytes),
			opened
		};
	}

	/** Places of partitions follow the table that is chosen, else the board's. */
	placeAnew(): void {
		const table = this.#files.find(({ opened }) => opened.table)?.opened.table ?? this.at.table;
		this.#files = this.#files.map((file) =>
			file.placedBy === 'table'
				? { ...file, ...typedOffset(file.opened.placeOn(table), file.bytesFault) }
				: file
		);
	}

	moveFile(id: string, offset: string): void {
		this.#files = this.#files.map((file) =>
			file.id === id
				? { ...file, offset, fault: file.bytesFault ?? offsetFault(offset), placedBy: 'person' }
				: file
		);
	}

	dropFile(id: string): void {
		this.#files = this.#files.filter((file) => file.id !== id);
		if (this.#files.length === 0) this.#builtFor = undefined;
		this.placeAnew();
	}

	useFiles(): void {
		const placed = this.#files.flatMap(({ name, opened, offset: typed }) => {
			const offset = parseAddress(typed);
			return offset === undefined ? [] : [{ name, bytes: opened.bytes, offset }];
		});
		const names = placed.map(({ name }) => name).join(', ');
		const firmware = this.shelf.fromFiles(placed, this.#builtFor);
		if (this.#files.some((file) => file.holdsSettings)) this.onChosen(firmware);
		else this.#take(firmware, names);
	}

	async #fetch(way: FirmwareWay, url: string, words: string): Promise<void> {
		const fetching = new AbortController();
		this.#fetching = fetching;
		this.#fault = undefined;
		this.#loading = words;
		try {
			const loaded = await this.shelf.fetchManifest(url, this.board, this.at.info, fetching.signal);
			// What comes with the page is kept with it.
			if (loaded.ok && way === 'catalogue') this.onChosen(loaded.value);
			else if (loaded.ok) this.#take(loaded.value, url);
			else this.#fault = { way, words: loaded.error };
		} catch (cause) {
			if (!fetching.signal.aborted) throw cause;
		} finally {
			this.#loading = undefined;
		}
	}
}

function cardOf(entry: CatalogueEntry, board: BoardFacts) {
	const practice = entry.family === PRACTICE_FAMILY;
	const suits = board.practice ? practice : entry.family === board.chip;
	const elsewhere = practice
		? 'It runs only on a practice board.'
		: board.practice
			? 'It is real machine code; this is a practice board.'
			: `This board has an ${board.chip}.`;
	const blocked = !suits
		? elsewhere
		: !entry.available
			? 'It is not built yet: it comes with a release.'
			: undefined;
	return {
		id: entry.id,
		name: entry.name,
		chip: practice ? 'practice boards' : entry.family,
		practice,
		blocked
	};
}

function typedOffset(
	offset: number | undefined,
	bytesFault: string | undefined
): Pick<ChosenFile, 'offset' | 'fault'> {
	const typed = offset === undefined ? '' : `0x${offset.toString(16)}`;
	return { offset: typed, fault: bytesFault ?? offsetFault(typed) };
}

function offsetFault(typed: string): string | undefined {
	if (typed.trim() === '')
		return 'Say where it goes: the build’s flasher_args.json or flash command names the offset.';
	return parseAddress(typed) === undefined ? 'Write it like 0x10000.' : undefined;
}
