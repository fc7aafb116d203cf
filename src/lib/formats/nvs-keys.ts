import { nvsCrc } from './nvs-layout';
import { isErased, u32At } from './little-endian';

/** Two keys of AES-256, as XTS takes them, and the CRC of both; the rest of the sector is erased. Source: ESP-IDF `nvs_sec_provider`. */
const KEYS_BYTES = 64;
const CRC_BYTES = 4;
const SECTOR_BYTES = 4096;

/** Whether a partition (data, nvs_keys) holds the keys of encrypted NVS, in the clear. */
export const isNvsKeys = (bytes: Uint8Array): boolean =>
	bytes.length > 0 &&
	bytes.length % SECTOR_BYTES === 0 &&
	!isErased(bytes.subarray(0, KEYS_BYTES)) &&
	u32At(bytes, KEYS_BYTES) === nvsCrc(bytes.subarray(0, KEYS_BYTES)) &&
	isErased(bytes.subarray(KEYS_BYTES + CRC_BYTES));
