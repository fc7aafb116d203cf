/** A component as the configuration names it (docs/protocol.md §4.1). */
export interface PlannedComponent {
	readonly id: string;
	readonly type: string;
	readonly config?: Readonly<Record<string, unknown>>;
}

/** Which components a board begins with. `as-is`: what it has, or else what the firmware brings along. */
export type ComponentChoice = 'as-is' | 'sensor' | 'inverter' | 'none';

export const COMPONENT_CHOICES = [
	'as-is',
	'sensor',
	'inverter',
	'none'
] as const satisfies readonly ComponentChoice[];

const LED = { id: 'led', type: 'led' };
const CHIP = { id: 'chip', type: 'chip-health' };
const AIR = { id: 'air', type: 'bme280' };
const LOGGER = [
	{ id: 'inverter', type: 'modbus-rtu' },
	{ id: 'flow', type: 'inverter-flow', config: { component: 'inverter' } }
];

/** Types as firmware/apps/virtual_node and firmware/apps/node have them; `as-is` is their factory default. */
const PRESETS = {
	practice: {
		'as-is': [{ id: 'climate', type: 'sim-climate' }, LED],
		sensor: [AIR, { id: 'light', type: 'adc-input', config: { metric: 'light' } }, LED],
		inverter: [...LOGGER, LED],
		none: []
	},
	chip: {
		'as-is': [{ id: 'climate', type: 'sht3x' }, CHIP, LED],
		sensor: [AIR, CHIP, LED],
		inverter: [...LOGGER, CHIP, LED],
		none: []
	}
} as const satisfies Record<string, Record<ComponentChoice, readonly PlannedComponent[]>>;

/** @param practice a board of this browser has simulated sensors, and no chip */
export const componentsOf = (choice: ComponentChoice, practice: boolean): readonly PlannedComponent[] =>
	PRESETS[practice ? 'practice' : 'chip'][choice];
