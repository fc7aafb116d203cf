import { toHex } from '$lib/base';
import { fieldText, setFieldText, u32At, viewOf } from './little-endian';

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

const MAGIC = 0xabcd5432;

/** Source: ESP-IDF `esp_app_desc.h`. Texts end with a NUL, so one byte less is theirs. */
const AT = {
	secureVersion: 4,
	version: 16,
	project: 48,
	time: 80,
	date: 96,
	idfVersion: 112,
	elfSha256: 144
};
const TEXT_BYTES = { version: 32, project: 32, time: 16, date: 16, idfVersion: 32 };
const DIGEST_BYTES = 32;

const TEXTS = ['version', 'project', 'time', 'date', 'idfVersion'] as const;

/** @returns undefined where the magic word is missing or the bytes end early */
export function parseAppDescriptor(bytes: Uint8Array): AppDescriptor | undefined {
	if (bytes.length < APP_DESCRIPTOR_BYTES || u32At(bytes, 0) !== MAGIC) return undefined;
	const text = (name: (typeof TEXTS)[number]) => fieldText(bytes, AT[name], TEXT_BYTES[name]);
	return {
		project: text('project'),
		version: text('version'),
		secureVersion: u32At(bytes, AT.secureVersion),
		time: text('time'),
		date: text('date'),
		idfVersion: text('idfVersion'),
		elfSha256: toHex(bytes.subarray(AT.elfSha256, AT.elfSha256 + DIGEST_BYTES))
	};
}

/** Texts that are too long are cut at a whole character, as the build of an application cuts them. */
export function buildAppDescriptor(descriptor: AppDescriptor): Uint8Array<ArrayBuffer> {
	const bytes = new Uint8Array(APP_DESCRIPTOR_BYTES);
	const view = viewOf(bytes);
	view.setUint32(0, MAGIC, true);
	view.setUint32(AT.secureVersion, descriptor.secureVersion, true);
	for (const name of TEXTS) setFieldText(bytes, AT[name], TEXT_BYTES[name] - 1, descriptor[name]);
	for (let i = 0; i < DIGEST_BYTES; i++) {
		bytes[AT.elfSha256 + i] = Number.parseInt(descriptor.elfSha256.slice(2 * i, 2 * i + 2), 16) || 0;
	}
	return bytes;
}
