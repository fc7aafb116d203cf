import {
	buildAppDescriptor,
	buildAppImage,
	buildPartitionTable,
	CHIP_IDS,
	parsePartitionTable,
	type AppDescriptor,
	type Partition,
	type PartitionTable
} from '$lib/formats';
import type { BoardFacts, FirmwareSource } from './facts';
import type { PresentFlash, WritePlan } from './plan-facts';

/** Made-up boards and firmware for the tests of plans. */
export const BOARD: BoardFacts = {
	chip: 'ESP32-C3',
	description: 'ESP32-C3 (QFN32)',
	mac: '60:55:f9:00:00:01',
	flashId: { maker: 0xef, device: 0x4016 },
	flashSizeBytes: 0x400000,
	practice: false,
	features: [],
	revision: 'v0.4',
	crystalMhz: 40,
	secureBoot: false,
	flashEncryption: false,
	usb: 'bridge'
};
export const PRACTICE_BOARD: BoardFacts = { ...BOARD, practice: true };

export const row = (
	label: string,
	type: number,
	subtype: number,
	offset: number,
	size: number
): Partition => ({
	label,
	type,
	subtype,
	offset,
	size,
	encrypted: false,
	readOnly: false
});
export const ROWS = [
	row('nvs', 1, 2, 0x9000, 0x5000),
	row('ota_0', 0, 0x10, 0x10000, 0x20000),
	row('telemetry', 1, 0x40, 0x30000, 0x10000)
];
export const tableBytes = (rows: readonly Partition[] = ROWS) => {
	const built = buildPartitionTable(rows);
	if (!built.ok) throw new Error(built.error.kind);
	return built.value;
};
const table = (rows: readonly Partition[]): PartitionTable => {
	const parsed = parsePartitionTable(tableBytes(rows));
	if (!parsed.ok) throw new Error(parsed.error.kind);
	return parsed.value;
};
export const present = (
	over: Partial<PresentFlash> = {},
	rows: readonly Partition[] = ROWS
): PresentFlash => ({ table: table(rows), tableOffset: 0x8000, apps: new Map(), ...over });

export const described = (project: string, version = '1'): AppDescriptor => ({
	...{ project, version, secureVersion: 0, time: '12:00:00', date: 'Nov 21 2026', idfVersion: 'v5.5' },
	elfSha256: '00'.repeat(32)
});
/** An app by its descriptor; the images below have none, as bootloaders have none. */
export const namedApp = (project = 'x', over: { minRevFull?: number; maxRevFull?: number } = {}) =>
	buildAppImage({
		chipId: CHIP_IDS['ESP32-C3'],
		entry: 0x40380000,
		segments: [{ address: 0x3c000020, bytes: buildAppDescriptor(described(project)) }],
		...over
	});
export const image = (chipId: number, bytes = 64, minRevFull = 0) =>
	buildAppImage({
		chipId,
		minRevFull,
		entry: 0x40380000,
		segments: [{ address: 0x3c000020, bytes: new Uint8Array(bytes) }]
	});

export const source = (
	...parts: readonly (readonly [number, Uint8Array<ArrayBuffer>])[]
): FirmwareSource => ({
	name: 'x',
	version: '1',
	eraseFirst: 'never',
	parts: parts.map(([offset, bytes]) => ({ name: `at-${offset.toString(16)}`, offset, bytes, from: 'test' }))
});
export const kinds = (plan: WritePlan) => plan.problems.map(({ kind, blocking }) => [kind, blocking]);
