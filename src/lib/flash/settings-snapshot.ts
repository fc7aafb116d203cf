import { err, ok, type Result } from '$lib/base';
import { DATA_TYPE, type ChipFamily, type Partition, type PartitionTable } from '$lib/formats';
import type { Restorable } from './backup-source';
import type { FirmwarePart } from './facts';
import { isSettings } from './plan-erase';
import type { WritePlan } from './plan-facts';
import { fitSettings, placeOfSettings, type SettingsFault } from './settings-fit';

/** One partition of settings, as it was. */
export interface KeptPartition {
	readonly label: string;
	/** Of ESP-IDF's type `data`. */
	readonly subtype: number;
	/** Where it lay, bytes from the flash's start. */
	readonly offset: number;
	readonly bytes: Uint8Array<ArrayBuffer>;
}

/** The settings of a board as they were before a write, without their bytes. */
export interface SettingsSnapshot {
	readonly id: string;
	/** Lower case, with colons. */
	readonly mac: string;
	readonly chip: ChipFamily;
	readonly practice: boolean;
	readonly takenMs: number;
	/** What was about to be written, in words: a firmware and its version. */
	readonly before: string;
	/** Names of the partitions. */
	readonly labels: readonly string[];
	readonly sizeBytes: number;
}

/** The settings of the table that this write erases, overwrites or leaves without a name. */
export function settingsAtStake(
	plan: Pick<WritePlan, 'erased'>,
	table: PartitionTable | undefined
): readonly Partition[] {
	const rows = table?.partitions.filter(isSettings) ?? [];
	return rows.filter(({ offset, size }) =>
		plan.erased.some((range) => range.offset < offset + size && offset < range.offset + range.length)
	);
}

/** What puts kept settings back, where the board has places for them now. */
export function snapshotSource(
	snapshot: SettingsSnapshot,
	partitions: readonly KeptPartition[],
	table: PartitionTable | undefined
): Result<Restorable, SettingsFault> {
	const parts: FirmwarePart[] = [];
	let leftOut = 0;
	for (const { label, subtype, bytes } of partitions) {
		const place = placeOfSettings({ label, type: DATA_TYPE, subtype }, table);
		if (!place) return err({ kind: 'no-place', label });
		const fitted = fitSettings(label, bytes, place.size);
		if (!fitted.ok) return fitted;
		leftOut += fitted.value.leftOut;
		parts.push({ name: place.label, offset: place.offset, bytes: fitted.value.bytes, from: 'kept here' });
	}
	const { mac, chip, practice, takenMs, before } = snapshot;
	return ok({
		source: {
			name: `Settings of before ${before}`,
			version: '',
			parts,
			eraseFirst: 'never',
			copyOf: { mac, chip, practice, takenMs }
		},
		leftOut
	});
}

export const isErased = (bytes: Uint8Array): boolean => bytes.every((byte) => byte === 0xff);
