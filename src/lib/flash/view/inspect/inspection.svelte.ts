import { PARTITION_TABLE_OFFSET, type AppImage, type Partition } from '$lib/formats';
import type { Result } from '$lib/base';
import type { BoardFacts, FirmwareSource, FlashError } from '../../facts';
import {
	checkImage,
	FlashReader,
	isNvs,
	surveyFlash,
	type CheckFault,
	type CheckProgress,
	type FlashSurvey,
	type ReadFlash
} from '../../inspect';
import { ByteDesk } from './byte-desk.svelte';
import { deskFor, type SettingsDesk } from './settings-desk.svelte';

export type InspectorPlace = 'partitions' | 'settings' | 'bytes';

/** A whole image that is being checked, or what came of it. */
export type ImageCheck =
	| ({ readonly kind: 'reading' } & CheckProgress)
	| { readonly kind: 'done'; readonly outcome: Result<AppImage, CheckFault> };

/** Where the chip does not say how much flash it has. */
const LEAST_FLASH_BYTES = 4 * 1024 * 1024;

/** One look into a board that waits in download mode. It ends when the board's program starts again. */
export class Inspection {
	readonly bytes: ByteDesk;
	#place = $state<InspectorPlace>('partitions');
	#survey = $state.raw<FlashSurvey | undefined>(undefined);
	#looking = $state(false);
	#error = $state.raw<FlashError | undefined>(undefined);
	#desks = $state.raw<readonly SettingsDesk[]>([]);
	#desk = $state<string>();
	#checks = $state.raw<Readonly<Record<number, ImageCheck>>>({});
	readonly #reader: FlashReader;
	#life = new AbortController();

	constructor(
		read: ReadFlash,
		readonly board: BoardFacts,
		/** Where the table lies, or would, bytes from the flash's start. */
		private readonly tableOffset: number = PARTITION_TABLE_OFFSET
	) {
		this.#reader = new FlashReader(read, board.flashSizeBytes ?? LEAST_FLASH_BYTES);
		this.bytes = new ByteDesk(this.#reader, () => this.#life.signal);
	}

	get sizeBytes(): number {
		return this.#reader.sizeBytes;
	}

	get place(): InspectorPlace {
		return this.#place;
	}

	get survey(): FlashSurvey | undefined {
		return this.#survey;
	}

	get looking(): boolean {
		return this.#looking;
	}

	/** Why the look ended early. */
	get error(): FlashError | undefined {
		return this.#error;
	}

	/** Settings that can be read, in the order of the table. */
	get desks(): readonly SettingsDesk[] {
		return this.#desks;
	}

	/** The one in view. */
	get desk(): SettingsDesk | undefined {
		return this.#desks.find(({ partition }) => partition.label === this.#desk) ?? this.#desks[0];
	}

	/** Something is edited that this plan has not taken. @param planned what the plan writes */
	isEdited(planned: FirmwareSource | undefined): boolean {
		return this.#desks.some((desk) => desk.isEdited(planned));
	}

	/** By the partition's offset. */
	get checks(): Readonly<Record<number, ImageCheck>> {
		return this.#checks;
	}

	go(place: InspectorPlace): void {
		this.#place = place;
	}

	openSettings(label: string): void {
		this.#desk = label;
		this.#place = 'settings';
	}

	openBytes({ label, offset, size }: Pick<Partition, 'label' | 'offset' | 'size'>): void {
		this.bytes.show(label, { offset, length: size });
		this.#place = 'bytes';
	}

	/** Reads what is not known yet. Does nothing while it is under way or done. */
	async look(): Promise<void> {
		if (this.#life.signal.aborted) this.#life = new AbortController();
		if (this.#looking || (this.#survey && !this.#error && this.#complete)) return;
		const { signal } = this.#life;
		this.#looking = true;
		this.#error = undefined;
		try {
			const told = (survey: FlashSurvey) => (this.#survey = survey);
			const found = await surveyFlash(this.#reader, this.board, this.tableOffset, told, signal);
			if (found.ok) this.#openDesks(found.value);
			else this.#error = found.error;
		} catch (cause) {
			if (!signal.aborted) throw cause;
		} finally {
			this.#looking = false;
		}
	}

	/** Nothing is read any more until the next look; what was read and edited stays. */
	stop(): void {
		this.#life.abort();
		this.#checks = Object.fromEntries(
			Object.entries(this.#checks).filter(([, check]) => check.kind === 'done')
		);
	}

	/** Reads a whole app and tells whether it is as it was built. */
	async check(partition: Partition): Promise<void> {
		const { signal } = this.#life;
		const tell = (check: ImageCheck) => {
			if (!signal.aborted) this.#checks = { ...this.#checks, [partition.offset]: check };
		};
		tell({ kind: 'reading', readBytes: 0, totalBytes: partition.size });
		try {
			const progress = (now: CheckProgress) => tell({ kind: 'reading', ...now });
			tell({ kind: 'done', outcome: await checkImage(this.#reader, partition, progress, signal) });
		} catch (cause) {
			if (!signal.aborted) throw cause;
		}
	}

	get #complete(): boolean {
		return this.#survey?.found.every(({ holding }) => holding && holding.kind !== 'unreadable') ?? false;
	}

	/** Erased settings too: they can be begun. A desk that is there keeps what was edited. */
	#openDesks({ found }: FlashSurvey): void {
		this.#desks = found.flatMap(({ partition, holding }) => {
			const known = this.#desks.find((desk) => desk.partition.offset === partition.offset);
			if (known) return [known];
			if (!isNvs(partition) || (holding?.kind !== 'nvs' && holding?.kind !== 'empty')) return [];
			const bytes = this.#reader.peek({ offset: partition.offset, length: partition.size });
			return (bytes && deskFor(partition, bytes)) ?? [];
		});
	}
}
