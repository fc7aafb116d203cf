export { DownloadMode, type DownloadParts } from './download-mode';
export { PRACTICE_MARK, PracticeRegisters } from './practice-chip';
export { SlipDecoder, slipEncode } from './slip';
export { MemorySparseFlash, SECTOR_BYTES, type SparseFlash } from './sparse-flash';
export {
	eraseMs,
	INSTANT_TIMING,
	limitMs,
	lineMs,
	programMs,
	TYPICAL_TIMING,
	type BoardTiming
} from './timing';
export { UartLine, type UartParts } from './uart-line';
