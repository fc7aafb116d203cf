import type { ChipFamily, FlasherArgs } from '$lib/formats';
import type { PortError, UsbKind } from '$lib/link';
import type { FlashId } from './flash-id';
import type { Heard } from './heard';

/** What a chip says of itself, once its ROM answers. */
export interface BoardFacts {
	/** As on the wire: a practice board is an ESP32-C3, and `practice` tells it apart. */
	readonly chip: ChipFamily;
	/** The part: `ESP32-C3 (QFN32)`. */
	readonly description: string;
	/** Lower case, with colons. */
	readonly mac: string;
	/** null where no flash answers: it is missing, or something pulls at its pins. */
	readonly flashId: FlashId | null;
	/** null where the flash's id is none that we know. */
	readonly flashSizeBytes: number | null;
	/** The mark of a virtual board is in its eFuses (docs/flashing.md). */
	readonly practice: boolean;
	readonly features: readonly string[];
	/** Major and minor: `v0.4`; empty where the chip has none. */
	readonly revision: string;
	readonly crystalMhz: number;
	readonly secureBoot: boolean;
	readonly flashEncryption: boolean;
	readonly usb: UsbKind;
}

/** Bytes and the place they are meant for. */
export interface FirmwarePart {
	readonly name: string;
	/** Bytes from the flash's start. */
	readonly offset: number;
	readonly bytes: Uint8Array<ArrayBuffer>;
	/** Where the bytes came from: an address or a file's name. */
	readonly from: string;
	/** Settings that were made from the board's: what lay at this offset when they were read. */
	readonly madeFrom?: Uint8Array;
}

/** A firmware that is here whole and can be planned for a board. */
export interface FirmwareSource {
	readonly name: string;
	/** Empty where nothing says. */
	readonly version: string;
	readonly parts: readonly FirmwarePart[];
	/** What its maker wants done with what is there: ask the person, erase, or leave it. */
	readonly eraseFirst: 'ask' | 'always' | 'never';
	/** Seconds that Improv may take to answer after a new install; 0: it has none; absent: its maker does not say. */
	readonly improvWaitS?: number;
	/** Home Assistant's integration for a board that runs it: `esphome`. */
	readonly homeAssistantDomain?: string;
	/** Where its makers may be supported. */
	readonly fundingUrl?: string;
	/** What the build wants its bootloader's header to say, as written: `dio`, `80m`, `4MB`, `detect`, `keep`. */
	readonly builtFor?: FlasherArgs['settings'];
	/** It is what a flash held, and is written back as it is, whatever it is. */
	readonly copyOf?: CopyFacts;
}

/** Whose flash a copy was taken from, and when. */
export interface CopyFacts {
	readonly chip: ChipFamily;
	readonly practice: boolean;
	/** Lower case, with colons. */
	readonly mac: string;
	readonly takenMs: number;
}

export type FlashError =
	| PortError
	/** No ROM answers: what came instead tells a dead line, a wrong speed and a running program apart. */
	| { readonly kind: 'no-answer'; readonly heard: Heard }
	/** A chip's own USB went away, with a reset or its cable, and did not come back in time; or as a device that this page may not use. */
	| { readonly kind: 'not-back' }
	/** What the flash holds is not what was sent: the MD5 of the region at this offset. */
	| { readonly kind: 'verify-failed'; readonly offsetBytes: number }
	| { readonly kind: 'block-failed'; readonly offsetBytes: number; readonly attempts: number }
	/** No stretch from this offset on came whole, in so many attempts. */
	| { readonly kind: 'read-failed'; readonly offsetBytes: number; readonly attempts: number }
	/** The flash gave other bytes when the chip read it again: the piece at this offset. */
	| { readonly kind: 'read-unsteady'; readonly offsetBytes: number }
	/** Another board answers than the one that was meant: nothing was written to it. */
	| { readonly kind: 'other-board'; readonly expected: string; readonly found: string }
	/** Its owner allows it to be written and nothing else: what is in its flash could not be checked. */
	| {
			readonly kind: 'secure-download';
			readonly chip: string;
			readonly secureBoot: boolean;
			readonly flashEncryption: boolean;
	  }
	/** A chip so new that no flashing program for it is published. */
	| { readonly kind: 'no-stub'; readonly chip: string; readonly mac: string; readonly revision: string }
	| { readonly kind: 'unsupported-chip'; readonly cause: string }
	| { readonly kind: 'stub-failed'; readonly cause: string };

/** What came of a write. */
export interface FlashReport {
	readonly durationMs: number;
	/** Of all regions, as they lie in the flash. */
	readonly totalBytes: number;
	/** Of them, what the flash held already: it was neither erased nor written. */
	readonly unchangedBytes: number;
	/** Blocks and stretches that had to be sent again. */
	readonly retries: number;
	/** Bits per second that the line was used at, at the end. */
	readonly baud: number;
	/** The rate that it was wished to have and did not keep; absent where it did. */
	readonly slowedFrom?: number;
	/** What the chip told of each region at the end, in the plan's order: MD5, lower-case hex. */
	readonly digests: readonly string[];
}

export type FlashState =
	| { readonly kind: 'idle' }
	/** @property attempt from 1 */
	| { readonly kind: 'connecting'; readonly attempt: number }
	| { readonly kind: 'connected'; readonly board: BoardFacts }
	/** Of the whole chip, which does it in one go and is silent meanwhile; or of so many bytes. */
	| { readonly kind: 'erasing'; readonly doneBytes?: number; readonly totalBytes?: number }
	/** Settings that the write would cost are read and kept first. */
	| { readonly kind: 'keeping-settings'; readonly readBytes: number; readonly totalBytes: number }
	/** The chip tells digests of what it holds, before anything is written. */
	| { readonly kind: 'comparing'; readonly region: number }
	| {
			readonly kind: 'writing';
			/** Place in the plan's regions. */
			readonly region: number;
			/** So far, of all regions one after another, the flash is as it should be: written, or found unchanged. */
			readonly reachedBytes: number;
			/** As they lie in the flash, in blocks that the chip acknowledged. */
			readonly writtenBytes: number;
			/** What is left as it is, of all regions: `totalBytes - unchangedBytes` are to be written. */
			readonly unchangedBytes: number;
			readonly totalBytes: number;
			readonly bytesPerSecond?: number;
			readonly secondsLeft?: number;
			readonly retries: number;
	  }
	| { readonly kind: 'verifying'; readonly region: number }
	| { readonly kind: 'resetting' }
	| ({ readonly kind: 'done' } & FlashReport & { readonly board: BoardFacts })
	| { readonly kind: 'cancelled'; readonly wroteAnything: boolean }
	| { readonly kind: 'failed'; readonly error: FlashError; readonly wroteAnything: boolean };
