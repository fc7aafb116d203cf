/** Boards as they are drawn: where their buttons are, what these are called, and what is done in which order. */
export type BoardKind = 'two-buttons' | 'cam' | 'mini' | 'bare';

/** What is held down, joined or plugged in one step. */
export type Touch = 'boot' | 'reset' | 'jumper' | 'cable';

export interface BootStep {
	readonly words: string;
	readonly touching: readonly Touch[];
}

export interface BootBoard {
	readonly kind: BoardKind;
	readonly name: string;
	/** Which boards these are, so that a person finds the own one. */
	readonly such: string;
	readonly steps: readonly BootStep[];
}

export const BOOT_BOARDS: readonly BootBoard[] = [
	{
		kind: 'two-buttons',
		name: 'BOOT, EN',
		such: 'DevKitC, DevKitM, NodeMCU-32S and most others: BOOT (or IO0, FLASH) and EN (or RST).',
		steps: [
			{ words: 'Hold BOOT down', touching: ['boot'] },
			{ words: 'Tap EN, BOOT still down', touching: ['boot', 'reset'] },
			{ words: 'Let go of BOOT', touching: [] }
		]
	},
	{
		kind: 'cam',
		name: 'CAM',
		such: 'ESP32-CAM on its programmer (MB), or wired to a USB adapter: IO0 is joined to GND by a jumper.',
		steps: [
			{ words: 'Join IO0 and GND', touching: ['jumper'] },
			{ words: 'Tap RST, still joined', touching: ['jumper', 'reset'] },
			{ words: 'When all is written: take the jumper off, tap RST', touching: ['reset'] }
		]
	},
	{
		kind: 'mini',
		name: 'B, R',
		such: 'XIAO, C3 mini, S3 Zero and other small boards with the chip’s own USB: B (boot) and R (reset).',
		steps: [
			{ words: 'Pull the cable, hold B down', touching: ['boot'] },
			{ words: 'Plug it in, B still down', touching: ['boot', 'cable'] },
			{ words: 'Let go of B, choose the port anew', touching: ['cable'] }
		]
	},
	{
		kind: 'bare',
		name: 'None',
		such: 'Modules and bare boards: the pad IO0 (IO9 on C3, C6 and H2) is joined to GND with a wire.',
		steps: [
			{ words: 'Join IO0 (or IO9) and GND', touching: ['jumper'] },
			{ words: 'Plug the power in, still joined', touching: ['jumper', 'cable'] },
			{ words: 'Take the wire off', touching: ['cable'] }
		]
	}
];
