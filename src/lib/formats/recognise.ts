import type { AppImage } from './app-image';
import type { NvsContents } from './nvs-types';
import type { OtaData } from './ota-data';
import type { PartitionTable } from './partition-table';

/** What a file of unknown name holds. */
export type RecognisedBin =
	| { readonly kind: 'app'; readonly image: AppImage }
	| { readonly kind: 'bootloader'; readonly image: AppImage }
	| { readonly kind: 'partition-table'; readonly table: PartitionTable }
	/** A whole flash from its first byte: the table at its place, and images before and after. */
	| {
			readonly kind: 'merged';
			readonly table: PartitionTable;
			readonly bootloader?: { readonly offset: number; readonly image: AppImage };
			readonly app?: { readonly offset: number; readonly image: AppImage };
	  }
	| { readonly kind: 'otadata'; readonly data: OtaData }
	| { readonly kind: 'nvs'; readonly contents: NvsContents }
	| { readonly kind: 'unknown' };

export declare function recogniseBin(bytes: Uint8Array): RecognisedBin;
