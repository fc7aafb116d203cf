/** The stores of `fieldbench-lab`; their shapes are told in lab-store.ts. */
export const DEVICES = 'devices';
export const FLASH = 'flash';
export const BOARDS = 'boards';
export const BOARD_FLASH = 'board-flash';
