/**
 * A virtual device's flash: small records by key that outlive its reboots. Synchronous, as the firmware's is; what keeps
 * it for longer than memory does writes behind it (see idb-flash.ts).
 */
export interface Flash {
	/** The record, or undefined where none was written. Not the caller's to change. */
	read(key: string): Uint8Array | undefined;
	/** False: the medium refuses, and nothing was written. Takes the bytes over. */
	write(key: string, bytes: Uint8Array<ArrayBuffer>): boolean;
}

/** Forgets with its owner. */
export class MemoryFlash implements Flash {
	readonly #records = new Map<string, Uint8Array>();

	read(key: string): Uint8Array | undefined {
		return this.#records.get(key);
	}

	write(key: string, bytes: Uint8Array): boolean {
		this.#records.set(key, bytes);
		return true;
	}
}
