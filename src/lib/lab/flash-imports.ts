import type { SparseFlash } from './board/sparse-flash';

/** What the bootloader of a device's two firmware slots can be asked, docs/firmware.md §3. */
export interface SlotsBody {
	/** The slot that does not run. */
	readonly other: SparseFlash;
	/** The running image was started on trial, and is not confirmed yet. */
	onTrial(): boolean;
	/** Starts the other slot at the next restart. */
	bootOther(): 'done' | 'no-image' | 'failed';
	confirm(): 'done' | 'failed';
	/** Gives the image before back at the next restart. */
	rollBack(): 'done' | 'nothing-before' | 'failed';
}

/** The flash of a device besides its records. What is missing has the size 0. */
export interface FlashBody {
	/** Where its telemetry log lies. */
	readonly telemetry?: SparseFlash | undefined;
	readonly slots?: SlotsBody | undefined;
}

interface FlashHost {
	readonly flash: (handle: number) => FlashBody | undefined;
	readonly bytes: (at: number, size: number) => Uint8Array<ArrayBuffer>;
}

const SECTOR_BYTES = 4096;
const DONE = 0;
const FAILED = -3;
const OUTCOMES = { done: DONE, 'nothing-before': -1, 'no-image': -2, failed: FAILED } as const;
const ON_TRIAL = 1;

/** The imports by which a device reaches its flash and its slots; docs/firmware.md §3. */
export function flashImports({ flash, bytes }: FlashHost) {
	const regionOf = (handle: number, region: number): SparseFlash | undefined =>
		region === 0 ? flash(handle)?.telemetry : region === 1 ? flash(handle)?.slots?.other : undefined;
	/** The region, where it has all of what is asked. */
	const within = (handle: number, region: number, at: number, size: number) => {
		const found = regionOf(handle, region);
		return found && at + size <= found.sizeBytes ? found : undefined;
	};
	return {
		flash_size: (handle: number, region: number) => regionOf(handle, region)?.sizeBytes ?? 0,
		flash_read(handle: number, region: number, at: number, out: number, size: number) {
			const found = within(handle, region, at >>> 0, size >>> 0);
			if (!found) return FAILED;
			bytes(out, size).set(found.read(at >>> 0, size >>> 0));
			return DONE;
		},
		flash_write(handle: number, region: number, at: number, from: number, size: number) {
			const found = within(handle, region, at >>> 0, size >>> 0);
			if (!found) return FAILED;
			found.program(at >>> 0, bytes(from, size));
			return DONE;
		},
		flash_erase(handle: number, region: number, at: number) {
			const found = at % SECTOR_BYTES === 0 ? within(handle, region, at >>> 0, SECTOR_BYTES) : undefined;
			if (!found) return FAILED;
			found.erase(at >>> 0, SECTOR_BYTES);
			return DONE;
		},
		slot(handle: number, act: number) {
			const slots = flash(handle)?.slots;
			if (act === 0) return slots?.onTrial() ? ON_TRIAL : DONE;
			if (!slots) return OUTCOMES['nothing-before'];
			if (act === 1) return OUTCOMES[slots.bootOther()];
			if (act === 2) return OUTCOMES[slots.confirm()];
			return act === 3 ? OUTCOMES[slots.rollBack()] : FAILED;
		}
	};
}
