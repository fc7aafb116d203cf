import { u16At, u32At } from './little-endian';

/** The head of a core dump, as the panic handler left it in its partition. */
export interface CoreDumpHead {
	/** Bytes of the whole, this head and the digest included. */
	readonly lengthBytes: number;
	/** As in images. */
	readonly chipId: number;
}

/** Bytes of the head. */
export const CORE_DUMP_HEAD_BYTES = 12;

/** Low half of the version word of dumps in ELF form with a SHA-256 or a CRC: 0x0100 … 0x01FF. */
const ELF_MAJOR = 1;

/**
 * Source: ESP-IDF `esp_core_dump_types.h`, `core_dump_header_t`: length, version (chip in the high half), chip revision.
 * @param sizeBytes of the partition
 * @returns undefined where none is kept
 */
export function parseCoreDumpHead(bytes: Uint8Array, sizeBytes: number): CoreDumpHead | undefined {
	if (bytes.length < CORE_DUMP_HEAD_BYTES) return undefined;
	const lengthBytes = u32At(bytes, 0);
	if (lengthBytes <= CORE_DUMP_HEAD_BYTES || lengthBytes > sizeBytes) return undefined;
	return u16At(bytes, 4) >> 8 > ELF_MAJOR ? undefined : { lengthBytes, chipId: u16At(bytes, 6) };
}
