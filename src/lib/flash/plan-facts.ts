import type {
	AppDescriptor,
	ChipFamily,
	FlashHeader,
	HeaderFault,
	OtaData,
	PartitionTable,
	PlacedImage,
	RecognisedBin,
	SpiMode
} from '$lib/formats';
import type { FirmwarePart } from './facts';

/** What the board's flash held when it was connected, as far as it was read. */
export interface PresentFlash {
	readonly table: PartitionTable;
	/** Where the table lies, bytes from the flash's start. */
	readonly tableOffset: number;
	/** Absent where the table has no place for it, or it could not be read. */
	readonly otaData?: OtaData;
	/** Of the app partitions that hold one, by offset in the flash. */
	readonly apps: ReadonlyMap<number, AppDescriptor>;
	/** App partitions, by offset, that were looked into and hold no image. */
	readonly empty?: ReadonlySet<number>;
}

/**
 * What becomes of what no part is written over. `all-but-settings` leaves alone: NVS and its keys, the partition table by which
 * they are found, and a bootloader that no part replaces.
 */
export type EraseChoice = 'nothing' | 'all-but-settings' | 'all';

/**
 * Who chose: the person; the firmware's maker, for a first install or for good; or nobody, since the same program is there, or nothing
 * known. `beside`: a copy or settings alone are put beside what is there, and there is no choice.
 */
export type EraseReason =
	| 'chosen'
	| 'first-install'
	| 'maker-keeps'
	| 'same-project'
	| 'nothing-known'
	| 'asks'
	| 'beside'
	/** What is there could not be read: whether it is a first install is the person's to say. */
	| 'unread';

/** What the bootloader's header shall say of the flash. Absent: as the build says, else as it was built. */
export interface HeaderWishes {
	readonly mode?: SpiMode | 'as-built';
	/** `80m`: one of those that the chip has. */
	readonly frequency?: string;
	/** Bytes; `detected`: as large as the chip says it is. */
	readonly size?: number | 'detected' | 'as-built';
}

/** What a person wants of a write. */
export interface PlanWishes {
	/** Absent: what the firmware's maker wants. */
	readonly erase?: EraseChoice;
	/** Written with the firmware, in the place of what it has there: an image of NVS made from a form. */
	readonly settings?: FirmwarePart;
	readonly header?: HeaderWishes;
	/** Another slot keeps its turn although an app is written beside it. Default false. */
	readonly leaveBootChoice?: boolean;
	/** Builds for these chips are written although the board is another: said in so many words, for this plan only. */
	readonly overridden?: readonly ChipFamily[];
}

/** A stretch of the flash with a name; bytes. */
export interface PlanRange {
	readonly offset: number;
	readonly length: number;
	readonly label: string;
	/** Of a partition, where its label says more than its name in the table. */
	readonly row?: string;
	/** NVS and its keys: Wi-Fi, broker, and whatever else a board was told. */
	readonly holds?: 'settings';
}

/** What is written in one go, and verified by one digest. */
export interface PlanRegion extends PlanRange {
	readonly kind: RecognisedBin['kind'];
	readonly bytes: Uint8Array<ArrayBuffer>;
	/** Of settings that were made from the board's: what lay there when they were read. */
	readonly madeFrom?: Uint8Array;
	/** The images in it, by offset in the flash. */
	readonly images: readonly PlacedImage[];
	/** What is there now and dies of it, by name. */
	readonly overwrites: readonly string[];
}

/** The flash header of the image that the ROM starts. */
export interface HeaderPlan {
	/** The part that it lies in. */
	readonly label: string;
	readonly built: FlashHeader;
	readonly becomes: FlashHeader;
	/** As wished, the build's own wishes taken in. */
	readonly wishes: Required<HeaderWishes>;
	/** Why it stays as it was built, whatever is wished. */
	readonly locked?: HeaderFault['kind'] | 'secure-boot';
}

/** Which app the bootloader would start, and which is made to start. */
export interface BootPlan {
	/** Partitions, by label. */
	readonly would: string;
	readonly written: string;
	/** The choice is written with the rest, so that what is written starts. */
	readonly changed: boolean;
}

/** `blocking`: this plan must not be written; else the person is told and may go on. */
export type PlanProblem = { readonly blocking: boolean } & (
	| {
			readonly kind: 'wrong-chip';
			readonly labels: readonly string[];
			readonly found: ChipFamily;
			readonly wanted: ChipFamily;
			/** A person may say that they know better; practice images never meet silicon. */
			readonly overridable: boolean;
	  }
	/** Its place asks for an image or a table, and it is none; or it is for a chip that nobody knows. */
	| { readonly kind: 'not-an-image'; readonly label: string }
	| { readonly kind: 'overlap'; readonly label: string; readonly other: string }
	| { readonly kind: 'too-big'; readonly label: string; readonly overBytes: number; readonly place?: string }
	| { readonly kind: 'misaligned'; readonly label: string; readonly offset: number }
	| { readonly kind: 'will-not-run'; readonly label: string }
	/** The checksum or the digest of the image is not that of its bytes. */
	| { readonly kind: 'hash-wrong'; readonly label: string }
	/** It begins like an image, and ends before its segments do. */
	| { readonly kind: 'cut-short'; readonly label: string }
	/** A table of the new parts names a place beyond the end of this flash. */
	| { readonly kind: 'table-beyond-flash'; readonly label: string; readonly overBytes: number }
	/** Its header wants a chip of a later revision, major × 100 + minor. */
	| { readonly kind: 'chip-too-old'; readonly label: string; readonly wants: number }
	/** Its header stops at an earlier revision of the chip. */
	| { readonly kind: 'chip-too-new'; readonly label: string; readonly allows: number }
	/** The bootloader's header says that the flash is larger than it is. */
	| { readonly kind: 'header-flash-size'; readonly label: string; readonly saysBytes: number }
	/** What the build says of the flash is no mode, clock or size that this chip's headers have. */
	| { readonly kind: 'header-setting'; readonly setting: string }
	/** Another header was wished, and this image must stay as it was built. */
	| {
			readonly kind: 'header-locked';
			readonly label: string;
			readonly by: NonNullable<HeaderPlan['locked']>;
	  }
	/** An app goes where neither the board nor the new parts have a bootloader and a table: nothing would start it. */
	| { readonly kind: 'nothing-starts-it'; readonly missing: 'bootloader' | 'partition-table' }
	/** Every program that the board has, or may have, dies, and none is written. */
	| { readonly kind: 'no-app-left' }
	/** No flash answers the chip. */
	| { readonly kind: 'no-flash' }
	/** The bootloader starts another app than the one that is written. Partitions, by label. */
	| { readonly kind: 'starts-other'; readonly written: string; readonly starts: string }
	/** Bytes that are no image go where an app usually lies, on a board without a table. */
	| { readonly kind: 'not-recognised'; readonly label: string }
	/** A copy of another board's flash: its settings and what is bound to its MAC come with it. */
	| { readonly kind: 'copy-of-other-board'; readonly mac: string; readonly takenMs: number }
	/** The chip starts only what is signed or encrypted with its owner's key. */
	| { readonly kind: 'locked-chip'; readonly by: 'secure-boot' | 'flash-encryption' }
	/** The settings that were made do not lie in a place for settings of the table that will be there. */
	| { readonly kind: 'settings-nowhere'; readonly offset: number }
	/** Settings shall stay, and the board has no table that says where they are. */
	| { readonly kind: 'settings-unknown' }
	/** The firmware's maker leaves it to the person whether what is there is erased, and the person has not said. */
	| { readonly kind: 'erase-undecided' }
);

/** What a board is left with where a write ends half way. */
export interface Halfway {
	/** What starts now is not touched before all else is written. */
	readonly starts: boolean;
	/** The whole flash is erased before anything is written. */
	readonly allErased: boolean;
	/** Settings are among what is written. */
	readonly settings: boolean;
}

/** What will be written where, what dies and what stays. */
export interface WritePlan {
	/** The MAC of the board that it was made for. */
	readonly mac: string;
	/** By offset; the boot choice last, so that what is there starts until all else is written. */
	readonly regions: readonly PlanRegion[];
	readonly erase: { readonly choice: EraseChoice; readonly because: EraseReason };
	/** The whole chip is erased before the first region. */
	readonly eraseAll: boolean;
	/** Erased beside what is written, by offset, whole sectors; nothing where the whole chip is. */
	readonly cleared: readonly { readonly offset: number; readonly length: number }[];
	/** Stretches of what is there now that are lost, whole sectors of 4 KiB. */
	readonly erased: readonly PlanRange[];
	readonly kept: readonly PlanRange[];
	/** No table was found on the board, so nobody knows what it holds and loses. */
	readonly unseen: boolean;
	/** Places of the table that will be there; none where nobody knows one. */
	readonly places: readonly PlanRange[];
	/** Absent where no part has the image that the ROM starts. */
	readonly header?: HeaderPlan;
	/** Absent where what is written starts anyway, or nothing tells. */
	readonly boot?: BootPlan;
	readonly halfway: Halfway;
	readonly overridden: readonly ChipFamily[];
	readonly problems: readonly PlanProblem[];
}
