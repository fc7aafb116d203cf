/**
 * What a virtual device can be made of: the parts the firmware drives, each a real driver over a simulated part, and the world
 * they stand in (firmware/components/README files, firmware/sim/world.h).
 */

/** More would make the worker they share the bottleneck; docs/protocol.md §7 has the bound for real fleets. */
export const MAX_VIRTUAL_DEVICES = 100;
/** So many are made in one go. */
export const MAX_AT_ONCE = 20;
/** The firmware's own bound of a name, in UTF-8 (firmware/core/identity.h). */
export const MAX_NAME_BYTES = 64;

/** `Scenario` of firmware/sim/world.h, with its names. */
export interface VirtualWorld {
	/** Degrees, north is positive. */
	readonly latitude: number;
	/** Part of the sky that is covered, in the mean. */
	readonly cloudiness: number;
	/** The room's mean over a day when nobody is in it, °C. */
	readonly base_c: number;
	/** Half of what a clear day swings by, °C. */
	readonly swing_c: number;
	/** Most in the room at once. */
	readonly people: number;
	/** Sensors' errors, as a multiple of a good sensor's. */
	readonly noise: number;
	/** It is always that day's season; 0: the calendar's. */
	readonly day_of_year: number;
}

export const WORLD_BOUNDS: {
	readonly [K in keyof VirtualWorld]: { readonly min: number; readonly max: number; readonly step: number };
} = {
	latitude: { min: -90, max: 90, step: 1 },
	cloudiness: { min: 0, max: 1, step: 0.05 },
	base_c: { min: -40, max: 85, step: 1 },
	swing_c: { min: 0, max: 30, step: 1 },
	people: { min: 0, max: 30, step: 1 },
	noise: { min: 0, max: 2, step: 0.1 },
	day_of_year: { min: 0, max: 366, step: 1 }
};

/** What the firmware takes where nothing is said. */
export const DEFAULT_WORLD: VirtualWorld = {
	latitude: 48,
	cloudiness: 0.3,
	base_c: 21,
	swing_c: 4,
	people: 3,
	noise: 1,
	day_of_year: 0
};

export interface VirtualComponent {
	readonly id: string;
	readonly type: string;
	readonly config?: Readonly<Record<string, unknown>>;
}

/** How a device differs from the one that a single press makes; what is missing is the firmware's default. */
export interface VirtualMake {
	/** Of its first boot. `complete`: nothing else is added. */
	readonly config?: {
		readonly complete: true;
		readonly components: readonly VirtualComponent[];
		/** Live where nothing is said. */
		readonly telemetry?: { readonly live: boolean };
	};
	readonly world?: VirtualWorld;
}

export type PartId =
	'climate' | 'bme280' | 'dht22' | 'sun' | 'inverter' | 'led' | 'relay' | 'rules' | 'model' | 'flow';

export interface VirtualPart {
	readonly id: PartId;
	readonly type: string;
	/** What it puts into telemetry. */
	readonly metrics: readonly string[];
	/** @param parts what else it has */
	readonly config?: (world: VirtualWorld, parts: ReadonlySet<PartId>) => Readonly<Record<string, unknown>>;
	/** It sends what is measured, so that nobody else does. */
	readonly uploads?: true;
}

/**
 * The default map of firmware/components/modbus_rtu, but for the heat sink: beside a thermometer its `temperature` would be a
 * second one of that name.
 */
const INVERTER_REGISTERS = [
	{ name: 'voltage', scale: 0.1 },
	{ name: 'current', address: 1, scale: 0.01 },
	{ name: 'power', address: 2, type: 'u32', scale: 0.1 },
	{ name: 'frequency', address: 4, scale: 0.01 },
	{ name: 'heat_sink', address: 5, type: 'i16', scale: 0.1 },
	{ name: 'energy', address: 6, type: 'u32', scale: 0.01 }
];

export const VIRTUAL_PARTS: readonly VirtualPart[] = [
	{
		id: 'climate',
		type: 'sim-climate',
		metrics: ['temperature', 'humidity', 'pressure'],
		config: ({ base_c, swing_c }) => ({ base_c, swing_c })
	},
	{ id: 'bme280', type: 'bme280', metrics: ['temperature', 'humidity', 'pressure'] },
	{ id: 'dht22', type: 'dht22', metrics: ['temperature', 'humidity'] },
	{
		id: 'sun',
		type: 'adc-input',
		metrics: ['irradiance'],
		// The pyranometer of firmware/sim/sim_adc.h: 2 mV a W/m².
		config: () => ({ period_ms: 2000, metric: 'irradiance', unit: 'W/m²', scale: 500 })
	},
	{
		id: 'inverter',
		type: 'modbus-rtu',
		metrics: INVERTER_REGISTERS.map(({ name }) => name),
		config: () => ({ registers: INVERTER_REGISTERS })
	},
	{ id: 'led', type: 'led', metrics: [] },
	{ id: 'relay', type: 'relay', metrics: [] },
	{ id: 'rules', type: 'rules', metrics: [] },
	{ id: 'model', type: 'model', metrics: [] },
	{
		id: 'flow',
		type: 'inverter-flow',
		metrics: [],
		uploads: true,
		// Every 2 s the inverter, where there is one, else whatever measures; docs/inverter-flow.md.
		config: (_, parts) => (parts.has('inverter') ? { component: 'inverter' } : {})
	}
];

export type PresetId = 'climate' | 'inverter' | 'room' | 'everything';

export interface VirtualPreset {
	readonly id: PresetId;
	readonly parts: readonly PartId[];
	readonly world: VirtualWorld;
}

export const VIRTUAL_PRESETS: readonly VirtualPreset[] = [
	{ id: 'climate', parts: ['bme280', 'led'], world: { ...DEFAULT_WORLD, people: 0 } },
	{
		id: 'inverter',
		parts: ['sun', 'inverter', 'flow'],
		world: { ...DEFAULT_WORLD, latitude: 38, cloudiness: 0.15, people: 0, day_of_year: 172 }
	},
	{
		id: 'room',
		parts: ['dht22', 'led', 'relay'],
		world: { ...DEFAULT_WORLD, swing_c: 2, people: 12 }
	},
	{ id: 'everything', parts: ['bme280', 'sun', 'inverter', 'led', 'relay'], world: DEFAULT_WORLD }
];

/** What a person asks for. */
export interface VirtualWish {
	readonly name: string;
	readonly count: number;
	readonly parts: ReadonlySet<PartId>;
	readonly world: VirtualWorld;
}

export type WishProblem =
	| { kind: 'no-name' }
	| { kind: 'name-too-long'; mostBytes: number }
	| { kind: 'no-parts' }
	/** Telemetry has one value of a name: two parts would take turns in it. */
	| { kind: 'same-metric'; metric: string; parts: readonly [PartId, PartId] }
	| { kind: 'bad-count'; most: number }
	| { kind: 'no-room'; room: number };

/** @param taken the names of the virtual devices there are */
export function wishProblems(wish: VirtualWish, taken: readonly string[]): readonly WishProblem[] {
	const problems: WishProblem[] = [];
	const { count } = wish;
	if (!Number.isInteger(count) || count < 1 || count > MAX_AT_ONCE)
		problems.push({ kind: 'bad-count', most: MAX_AT_ONCE });
	else if (taken.length + count > MAX_VIRTUAL_DEVICES)
		problems.push({ kind: 'no-room', room: Math.max(0, MAX_VIRTUAL_DEVICES - taken.length) });
	if (wish.name.trim() === '') problems.push({ kind: 'no-name' });
	else if (namesOf(wish, taken).some((name) => new TextEncoder().encode(name).length > MAX_NAME_BYTES))
		problems.push({ kind: 'name-too-long', mostBytes: MAX_NAME_BYTES });
	if (wish.parts.size === 0) problems.push({ kind: 'no-parts' });
	const owners = new Map<string, PartId>();
	for (const { id, metrics } of VIRTUAL_PARTS) {
		if (!wish.parts.has(id)) continue;
		const metric = metrics.find((each) => owners.has(each));
		if (metric !== undefined)
			problems.push({ kind: 'same-metric', metric, parts: [owners.get(metric)!, id] });
		else for (const each of metrics) owners.set(each, id);
	}
	return problems;
}

/** One keeps the name where it is free; more are numbered, past the names that are taken. */
export function namesOf({ name, count }: VirtualWish, taken: readonly string[]): readonly string[] {
	const base = name.trim();
	const there = new Set(taken);
	if (count === 1 && !there.has(base)) return [base];
	const names: string[] = [];
	const wanted = Number.isInteger(count) ? Math.min(count, MAX_AT_ONCE) : 0;
	// One more of a kind that is there is the second, not the first.
	for (let n = count === 1 ? 2 : 1; names.length < wanted; n++)
		if (!there.has(`${base} ${n}`)) names.push(`${base} ${n}`);
	return names;
}

/** In the catalogue's order, whatever was picked first. */
export function makeOf({ parts, world }: Pick<VirtualWish, 'parts' | 'world'>): Required<VirtualMake> {
	const components = VIRTUAL_PARTS.filter(({ id }) => parts.has(id)).map(({ id, type, config }) =>
		config ? { id, type, config: config(world, parts) } : { id, type }
	);
	const isUploaded = VIRTUAL_PARTS.some(({ id, uploads }) => uploads && parts.has(id));
	const telemetry = isUploaded ? { telemetry: { live: false } } : {};
	return { config: { complete: true, components, ...telemetry }, world };
}

/** Total. Members that are missing or out of their bounds have their default. @returns undefined where it is no world at all */
export function parseWorld(value: unknown): VirtualWorld | undefined {
	if (typeof value !== 'object' || value === null) return undefined;
	const row = value as Record<string, unknown>;
	const world = { ...DEFAULT_WORLD } as Record<keyof VirtualWorld, number>;
	for (const key of Object.keys(WORLD_BOUNDS) as (keyof VirtualWorld)[]) {
		const given = row[key];
		const { min, max } = WORLD_BOUNDS[key];
		if (typeof given === 'number' && given >= min && given <= max) world[key] = given;
	}
	return world;
}

/** Total. The firmware judges each component's own configuration. */
export function parseMakeConfig(value: unknown): VirtualMake['config'] {
	if (typeof value !== 'object' || value === null) return undefined;
	const { complete, components, telemetry } = value as Record<string, unknown>;
	if (complete !== true || !Array.isArray(components)) return undefined;
	return {
		complete,
		components: components.flatMap((each: unknown) => parseComponent(each) ?? []),
		...parseTelemetry(telemetry)
	};
}

function parseTelemetry(value: unknown): { telemetry?: { live: boolean } } {
	if (typeof value !== 'object' || value === null) return {};
	const { live } = value as Record<string, unknown>;
	return typeof live === 'boolean' ? { telemetry: { live } } : {};
}

function parseComponent(value: unknown): VirtualComponent | undefined {
	if (typeof value !== 'object' || value === null) return undefined;
	const { id, type, config } = value as Record<string, unknown>;
	if (typeof id !== 'string' || typeof type !== 'string') return undefined;
	if (typeof config !== 'object' || config === null) return { id, type };
	return { id, type, config: config as Record<string, unknown> };
}
