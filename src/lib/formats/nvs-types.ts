/** Whole numbers of up to 32 bits. */
export type NvsSmallType = 'u8' | 'i8' | 'u16' | 'i16' | 'u32' | 'i32';

export type NvsValue =
	| { readonly type: NvsSmallType; readonly value: number }
	| { readonly type: 'u64' | 'i64'; readonly value: bigint }
	/** Without the NUL at its end, which counts towards the 4,000 bytes. */
	| { readonly type: 'string'; readonly value: string }
	| { readonly type: 'blob'; readonly value: Uint8Array<ArrayBuffer> };

export type NvsType = NvsValue['type'];

/** Namespace and key: 1 … 15 bytes each. */
export type NvsEntry = { readonly namespace: string; readonly key: string } & NvsValue;

export type NvsPageState = 'uninitialised' | 'active' | 'full' | 'freeing' | 'corrupt' | 'invalid';

export interface NvsPageFacts {
	readonly state: NvsPageState;
	/** Rises with each page begun; absent where the page has no sound header. */
	readonly sequence?: number;
	/** Of the format: 1 before ESP-IDF 3.2, which cannot read 2. Absent with the sequence. */
	readonly version?: 1 | 2;
	/** Of the page's 126 places of 32 bytes. */
	readonly written: number;
	readonly erased: number;
	readonly free: number;
}

/** What is there and cannot be read; the rest stands. */
export interface NvsDamage {
	readonly kind:
		| 'page-header'
		| 'entry-checksum'
		| 'data-checksum'
		| 'bad-span'
		| 'blob-incomplete'
		| 'not-utf8'
		| 'unknown-type'
		| 'unknown-namespace';
	/** Bytes from the partition's start. */
	readonly offset: number;
	/** What stands where its key would be; where the entry's own checksum fails, that may be wrong too. */
	readonly key?: string;
	/** Where the name of its namespace is known. */
	readonly namespace?: string;
}

export interface NvsContents {
	/** The newest of each key, in the order of writing. */
	readonly entries: readonly NvsEntry[];
	/** Also those without an entry. */
	readonly namespaces: readonly string[];
	readonly pages: readonly NvsPageFacts[];
	readonly damage: readonly NvsDamage[];
}

export type NvsFault =
	/** Not a positive multiple of 4,096 bytes. */
	| { readonly kind: 'bad-size'; readonly lengthBytes: number }
	/** No page of it is sound or empty: something else. */
	| { readonly kind: 'not-nvs' }
	/** Its entries are in cipher: only the chip that has the keys reads them. */
	| { readonly kind: 'encrypted' }
	/** Every page is in use, so none could be moved: to be erased before it can be written. Reading does not mind. */
	| { readonly kind: 'no-spare-page' };

/** What a value or name may not be. */
export type NvsValueFault =
	| { readonly kind: 'bad-namespace'; readonly namespace: string }
	| { readonly kind: 'bad-key'; readonly key: string }
	| { readonly kind: 'bad-value'; readonly key: string; readonly type: NvsType }
	| {
			readonly kind: 'too-long';
			readonly key: string;
			readonly lengthBytes: number;
			readonly mostBytes: number;
	  };

export type NvsSetFault = NvsValueFault | { readonly kind: 'full' };

export type NvsBuildFault =
	| NvsValueFault
	| { readonly kind: 'bad-size'; readonly lengthBytes: number }
	| { readonly kind: 'full'; readonly key: string }
	| { readonly kind: 'repeated'; readonly namespace: string; readonly key: string };

/** Flash that a partition lies in; offsets count from the partition's start. */
export interface NvsMedium {
	readonly sizeBytes: number;
	read(offset: number, length: number): Uint8Array;
	/** Clears bits, never sets one. */
	program(offset: number, bytes: Uint8Array): void;
	/** Sets 4,096-byte sectors to 0xFF. */
	erase(offset: number, length: number): void;
}
