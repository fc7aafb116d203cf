/** The stores of `fieldbench-lab`; their shapes are told in lab-store.ts. */
export const DEVICES = 'devices';
export const FLASH = 'flash';
export const BOARDS = 'boards';
export const BOARD_FLASH = 'board-flash';

/** 1: devices and their flash. 2: boards and theirs. 3: devices with `config` and `world`, which older rows do without; boards with `make` and `faults`, likewise. */
export const VERSION = 3;
