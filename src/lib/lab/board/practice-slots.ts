import {
	buildOtaData,
	OTA_DATA_BYTES,
	parseOtaData,
	type OtaRecord,
	type OtaState,
	type Partition
} from '$lib/formats';
import type { SlotsBody } from '../flash-imports';
import { checkApp } from './boot-app';
import { flashWindow, SECTOR_BYTES, type SparseFlash } from './sparse-flash';

const APP = 0;
const DATA = 1;
const OTA_DATA = 0x00;
const FIRST_OTA = 0x10;
const LAST_OTA = 0x1f;

type Records = readonly [OtaRecord | undefined, OtaRecord | undefined];

/** The records of a board's otadata, as ESP-IDF's bootloader and `esp_ota_ops.c` change them: one sector at a time. */
class OtaRecords {
	private constructor(
		private readonly flash: SparseFlash,
		private readonly offset: number
	) {}

	static find(flash: SparseFlash, partitions: readonly Partition[]): OtaRecords | undefined {
		const found = partitions.find((row) => row.type === DATA && row.subtype === OTA_DATA);
		return found && new OtaRecords(flash, found.offset);
	}

	read(): Records {
		const data = parseOtaData(this.flash.read(this.offset, OTA_DATA_BYTES));
		return data.ok ? data.value.records : [undefined, undefined];
	}

	/** The sector of the record that is followed. */
	selected(): 0 | 1 | undefined {
		const data = parseOtaData(this.flash.read(this.offset, OTA_DATA_BYTES));
		if (!data.ok || !data.value.selected) return undefined;
		return data.value.records[0] === data.value.selected ? 0 : 1;
	}

	write(sector: 0 | 1, record: OtaRecord): void {
		const bytes = buildOtaData(sector === 0 ? [record, undefined] : [undefined, record]);
		const at = this.offset + sector * SECTOR_BYTES;
		this.flash.erase(at, SECTOR_BYTES);
		this.flash.program(at, bytes.subarray(sector * SECTOR_BYTES, sector * SECTOR_BYTES + 32));
	}

	/** False where nothing is selected. */
	setState(state: OtaState): boolean {
		const sector = this.selected();
		const record = sector === undefined ? undefined : this.read()[sector];
		if (sector === undefined || !record) return false;
		this.write(sector, { ...record, state });
		return true;
	}
}

/**
 * What the bootloader does with the record it follows before it looks for the image (ESP-IDF `update_anti_rollback` aside): a new image
 * is on trial from now on; one that was on trial and never said that it works is given up.
 */
export function advanceTrial(flash: SparseFlash, partitions: readonly Partition[]): void {
	const records = OtaRecords.find(flash, partitions);
	const sector = records?.selected();
	const state = sector === undefined ? undefined : records?.read()[sector]?.state;
	if (state === 'pending-verify') records?.setState('aborted');
	// What is followed now may itself be new.
	const next = records?.selected();
	if (next !== undefined && records?.read()[next]?.state === 'new') records.setState('pending-verify');
}

/** The two slots of the program that runs; undefined where the table has not two, or no otadata. */
export function practiceSlots(
	flash: SparseFlash,
	partitions: readonly Partition[],
	running: Partition
): SlotsBody | undefined {
	const slots = partitions
		.filter((row) => row.type === APP && row.subtype >= FIRST_OTA && row.subtype <= LAST_OTA)
		.sort((a, b) => a.subtype - b.subtype);
	const records = OtaRecords.find(flash, partitions);
	const other = slots.find((row) => row.offset !== running.offset);
	if (!records || !other || slots.length < 2) return undefined;
	const numberOf = (slot: Partition) => slots.indexOf(slot);
	return {
		other: flashWindow(flash, other.offset, other.size),
		onTrial() {
			const sector = records.selected();
			return sector !== undefined && records.read()[sector]?.state === 'pending-verify';
		},
		bootOther() {
			if (checkApp(flash, other).kind !== 'app') return 'no-image';
			const now = records.read();
			const highest = Math.max(0, ...now.map((record) => record?.sequence ?? 0));
			let sequence = highest + 1;
			while ((sequence - 1) % slots.length !== numberOf(other)) sequence++;
			const kept = records.selected() ?? 1;
			records.write(kept === 0 ? 1 : 0, { sequence, state: 'new' });
			return 'done';
		},
		confirm: () => (records.setState('valid') ? 'done' : 'failed'),
		rollBack() {
			const sector = records.selected();
			const before = sector === undefined ? undefined : records.read()[sector === 0 ? 1 : 0];
			const gone = before?.state === 'invalid' || before?.state === 'aborted';
			// Without a record of its own, what came by cable lies in the first slot.
			if (gone || (!before && numberOf(other) !== 0)) return 'nothing-before';
			return records.setState('invalid') ? 'done' : 'failed';
		}
	};
}
