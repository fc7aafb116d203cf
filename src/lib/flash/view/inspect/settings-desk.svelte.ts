import {
	parseNvs,
	parseNvsCsv,
	writeNvsCsv,
	type NvsContents,
	type NvsEntry,
	type Partition
} from '$lib/formats';
import type { FirmwareSource } from '../../facts';
import {
	beginDraft,
	diffNvs,
	fitNvs,
	mergeEntries,
	nvsFromFile,
	putEntry,
	removeEntry,
	undo,
	type NvsChange,
	type NvsDraft,
	type NvsEditFault,
	type NvsName
} from '../../inspect';
import { csvFaultWords, fileFaultWords } from './nvs-words';

/** Far more than any partition of settings; a file beyond is something else. */
const MOST_CSV_CHARACTERS = 2_000_000;

/** A file that the settings are held against. */
export interface Comparison {
	readonly name: string;
	/** What would become of the settings if they were the file's. */
	readonly changes: readonly NvsChange[];
	readonly entries: readonly NvsEntry[];
	readonly damaged: number;
}

/** One partition of settings being read and edited. Nothing here touches the board. */
export class SettingsDesk {
	#draft = $state.raw<NvsDraft>(beginDraft([]));
	#comparison = $state.raw<Comparison | undefined>(undefined);
	#told = $state.raw<readonly string[]>([]);
	/** What the last plan took. */
	#planned = $state.raw<{ readonly firmware: FirmwareSource; readonly now: readonly NvsEntry[] }>();

	readonly changes = $derived.by(() => diffNvs(this.#draft.before, this.#draft.now));
	readonly fit = $derived.by(() => fitNvs(this.#draft.now, this.partition.size));

	constructor(
		readonly partition: Partition,
		readonly contents: NvsContents,
		private readonly bytes: Uint8Array
	) {
		this.#draft = beginDraft(contents.entries);
	}

	get entries(): readonly NvsEntry[] {
		return this.#draft.now;
	}

	get canUndo(): boolean {
		return this.#draft.past.length > 0;
	}

	/** Format 1 is of firmware that cannot read what is written here. */
	get oldFormat(): boolean {
		return this.contents.pages.some(({ version }) => version === 1);
	}

	get comparison(): Comparison | undefined {
		return this.#comparison;
	}

	/** What came of the last file: rows that were left out, or why none was taken. */
	get told(): readonly string[] {
		return this.#told;
	}

	/** @returns why it was not taken */
	put(entry: NvsEntry, replaced?: NvsName): NvsEditFault | undefined {
		const done = putEntry(this.#draft, entry, replaced);
		if (!done.ok) return done.error;
		this.#draft = done.value;
		return undefined;
	}

	remove(name: NvsName): void {
		this.#draft = removeEntry(this.#draft, name);
	}

	undo(): void {
		this.#draft = undo(this.#draft);
	}

	/** Undoes one change and leaves the others. */
	revert(change: NvsChange): void {
		if (change.kind === 'added') this.remove(change.after);
		else this.#draft = mergeEntries(this.#draft, [change.before]);
	}

	exportCsv(): string {
		return writeNvsCsv(this.#draft.now);
	}

	importCsv(text: string): void {
		if (text.length > MOST_CSV_CHARACTERS) {
			this.#told = ['This file is far too large for settings. Nothing was taken.'];
			return;
		}
		const read = parseNvsCsv(text);
		if (!read.ok) {
			this.#told = [csvFaultWords(read.error), 'Nothing was taken.'];
			return;
		}
		const { entries, faults } = read.value;
		const before = diffNvs(this.#draft.before, this.#draft.now).length;
		if (entries.length > 0) this.#draft = mergeEntries(this.#draft, entries);
		const now = this.changes.length;
		this.#told = [
			`${entries.length} ${entries.length === 1 ? 'row was' : 'rows were'} taken; ${now} ${now === 1 ? 'change' : 'changes'} now, ${before} before.`,
			...faults.map(csvFaultWords)
		];
	}

	/** Holds the settings against those in a file; nothing is taken over. */
	compare(name: string, bytes: Uint8Array): void {
		const read = nvsFromFile(bytes, this.partition.label);
		this.#comparison = read.ok
			? {
					name,
					entries: read.value.entries,
					changes: diffNvs(this.#draft.now, read.value.entries),
					damaged: read.value.damage.length
				}
			: undefined;
		this.#told = read.ok ? [] : [`${name}: ${fileFaultWords(read.error)}`];
	}

	/** Adds what only the file has, and takes its values; what is only here stays. */
	takeComparison(): void {
		const compared = this.#comparison;
		if (!compared) return;
		this.#draft = mergeEntries(this.#draft, compared.entries);
		this.endComparison();
	}

	endComparison(): void {
		this.#comparison = undefined;
	}

	/** Something is changed that is not in this plan. @param planned what the plan writes */
	isEdited(planned: FirmwareSource | undefined): boolean {
		const taken = this.#planned;
		if (taken && taken.firmware === planned && taken.now === this.#draft.now) return false;
		return this.changes.length > 0;
	}

	/** What the usual plan writes; undefined where it does not fit or nothing is changed. */
	plan(): FirmwareSource | undefined {
		if (!this.fit.ok || this.changes.length === 0) return undefined;
		const { bytes } = this.fit.value;
		const { label, offset } = this.partition;
		const firmware: FirmwareSource = {
			name: `Edited settings (${label})`,
			version: '',
			parts: [{ name: `${label}.bin`, offset, bytes, from: 'edited here', madeFrom: this.bytes }],
			eraseFirst: 'never'
		};
		this.#planned = { firmware, now: this.#draft.now };
		return firmware;
	}
}

/** undefined where the bytes hold no settings that can be edited. */
export function deskFor(partition: Partition, bytes: Uint8Array): SettingsDesk | undefined {
	const read = parseNvs(bytes);
	return read.ok ? new SettingsDesk(partition, read.value, bytes) : undefined;
}
