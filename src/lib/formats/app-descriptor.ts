/** `esp_app_desc_t`: what an application says of itself, at the start of its first segment. */
export interface AppDescriptor {
	readonly project: string;
	readonly version: string;
	/** Anti-rollback counter. */
	readonly secureVersion: number;
	/** Of the build, as the compiler printed it: `12:34:56`. */
	readonly time: string;
	/** Of the build, as the compiler printed it: `Jan  1 2026`. */
	readonly date: string;
	readonly idfVersion: string;
	/** SHA-256 of the ELF file, 64 lower-case hex digits. */
	readonly elfSha256: string;
}

/** Bytes of the structure. */
export const APP_DESCRIPTOR_BYTES = 256;

/** @returns undefined where the magic word is missing or the bytes end early */
export declare function parseAppDescriptor(bytes: Uint8Array): AppDescriptor | undefined;

export declare function buildAppDescriptor(descriptor: AppDescriptor): Uint8Array<ArrayBuffer>;
