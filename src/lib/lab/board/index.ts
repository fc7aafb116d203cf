export { DownloadMode, type DownloadParts } from './download-mode';
export { ChipRegisters, PRACTICE_MARK } from './chip-registers';
export { BOARD_CHIPS, CHIP_MAKES, usbsOf, type BoardChip, type BoardUsb } from './chips';
export { FAULT_PRESETS, faultsOf, isBoardFault, type BoardFault, type BoardFaults } from './board-faults';
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
export { PracticeBoard } from './practice-board';
export { boardDeviceId } from './practice-chip';
export type { BoardState, BoardWorld, Cable, PracticeBoardParts } from './practice-board';
export type { BootFault } from './boot';
export { PracticeBus, PracticePort, type CableDoor } from './practice-port';
export { doorTo } from './board-door';
export type { Dial } from './sim-broker-session';
export { PRACTICE_AIR, PRACTICE_NETWORK, RADIO_TIMES, type AccessPoint } from './sim-network';
