import type { SparseFlash } from './sparse-flash';

/** What is wrong with a board and its cable. Nothing: all is well. Counts are at least 1. */
export interface BoardFaults {
	/** One byte in so many is lost, or has one bit turned, in either direction. */
	readonly dropOneIn?: number;
	readonly flipOneIn?: number;
	/** Of what the chip sends, one chunk in so many comes late, and all after it with it. */
	readonly lateOneIn?: number;
	/** At this block of a write the supply gives in; and some time into every program's start. */
	readonly brownOutAtBlock?: number;
	/** At this block since it was plugged in the cable slips out. */
	readonly slipsOutAtBlock?: number;
	readonly stub?: 'not-taken' | 'does-not-run';
	/** Where in the flash a row of cells reads as zeros, whatever was written; bytes from its start. */
	readonly wornAt?: number;
	/** A cable without its data wires. */
	readonly chargeOnly?: boolean;
	/** DTR and RTS lead nowhere. */
	readonly noAutoReset?: boolean;
	/** Its program writes without a pause. */
	readonly floods?: boolean;
}

/** The ways a person can make a board misbehave, and how badly it then does. */
export const FAULT_PRESETS = {
	drops: { dropOneIn: 30_000 },
	flips: { flipOneIn: 30_000 },
	late: { lateOneIn: 40 },
	'brown-out': { brownOutAtBlock: 3 },
	'slips-out': { slipsOutAtBlock: 4 },
	'stub-not-taken': { stub: 'not-taken' },
	'stub-does-not-run': { stub: 'does-not-run' },
	'worn-flash': { wornAt: 0x1_8000 },
	'charge-only': { chargeOnly: true },
	'no-auto-reset': { noAutoReset: true },
	floods: { floods: true }
} as const satisfies Record<string, BoardFaults>;
export type BoardFault = keyof typeof FAULT_PRESETS;

export const isBoardFault = (name: unknown): name is BoardFault =>
	typeof name === 'string' && Object.hasOwn(FAULT_PRESETS, name);

/** All of them at once; of two that exclude each other the last. */
export const faultsOf = (names: readonly BoardFault[]): BoardFaults =>
	Object.assign({}, ...names.map((name) => FAULT_PRESETS[name])) as BoardFaults;

/** Cells that a worn row has. One byte alone may be meant to be zero. */
const WORN_BYTES = 32;

/** A flash of which a row may be worn out; everything else of it is as good as `flash` is. */
export function wearing(flash: SparseFlash, faults: () => BoardFaults): SparseFlash {
	return {
		sizeBytes: flash.sizeBytes,
		read(offset, length) {
			const bytes = flash.read(offset, length);
			const { wornAt } = faults();
			if (wornAt === undefined) return bytes;
			const from = Math.max(0, wornAt - offset);
			const to = Math.min(length, wornAt + WORN_BYTES - offset);
			if (from < to) bytes.fill(0, from, to);
			return bytes;
		},
		program: (offset, bytes) => flash.program(offset, bytes),
		erase: (offset, length) => flash.erase(offset, length),
		flush: () => flash.flush()
	};
}
