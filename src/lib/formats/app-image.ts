import type { Result } from '$lib/base';
import type { AppDescriptor } from './app-descriptor';
import type { ChipFamily } from './chips';

export interface ImageSegment {
	/** Where the chip loads or maps it. */
	readonly address: number;
	/** Bytes of data, a multiple of 4. */
	readonly length: number;
	/** Of the data's first byte, counted from the image's. */
	readonly fileOffset: number;
}

/** An application or bootloader image in Espressif's format, taken apart. */
export interface AppImage {
	readonly chipId: number;
	/** Absent where `chipId` is none that we know. */
	readonly family?: ChipFamily;
	readonly entry: number;
	/** 0 QIO, 1 QOUT, 2 DIO, 3 DOUT, 4 fast read, 5 slow read. */
	readonly spiMode: number;
	/** The header's code; its meaning in MHz differs between chips. */
	readonly spiSpeed: number;
	/** What the header says of the flash, absent where its code is none. */
	readonly flashSizeBytes?: number;
	/** Chip revisions it runs on, major × 100 + minor, both inclusive; 0xFFFF as the greatest: any. */
	readonly minRevFull: number;
	readonly maxRevFull: number;
	readonly segments: readonly ImageSegment[];
	readonly checksumOk: boolean;
	/** Of the appended SHA-256. */
	readonly hash: { readonly kind: 'none' | 'ok' | 'wrong' };
	/** Only applications have one. */
	readonly descriptor?: AppDescriptor;
	/** Bytes of the image with checksum and digest; what follows in the file is not its own. */
	readonly sizeBytes: number;
}

export type ImageFault =
	| { readonly kind: 'too-short'; readonly neededBytes: number; readonly lengthBytes: number }
	| { readonly kind: 'not-an-image'; readonly magic: number }
	| { readonly kind: 'bad-segment-count'; readonly count: number }
	| { readonly kind: 'unaligned-segment'; readonly segment: number; readonly lengthBytes: number };

/** Total: any bytes give an image or what is wrong with them. Bytes after the image are left alone. */
export declare function parseAppImage(bytes: Uint8Array): Result<AppImage, ImageFault>;

export interface ImageParts {
	readonly chipId: number;
	readonly entry: number;
	/** 1 … 16; data is filled with zeros to a multiple of 4. */
	readonly segments: readonly { readonly address: number; readonly bytes: Uint8Array }[];
	/** Default 2, DIO. */
	readonly spiMode?: number;
	/** Default 0. */
	readonly spiSpeed?: number;
	/** A power of two from 1 MiB to 128 MiB. Default 4 MiB. */
	readonly flashSizeBytes?: number;
	readonly minRevFull?: number;
	readonly maxRevFull?: number;
	/** Default true: a SHA-256 of all before it at the end. */
	readonly hashAppended?: boolean;
}

export declare function buildAppImage(parts: ImageParts): Uint8Array<ArrayBuffer>;
