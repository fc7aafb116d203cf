import { describe, expect, it } from 'vitest';
import {
	buildAppDescriptor,
	buildAppImage,
	buildPartitionTable,
	CHIP_IDS,
	parsePartitionTable,
	PRACTICE_CHIP_ID,
	type Partition,
	type PartitionTable
} from '$lib/formats';
import type { BoardFacts, FirmwareSource } from './facts';
import type { PresentFlash } from './plan-facts';
import { planWrite } from './plan';

const board: BoardFacts = {
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
const practice: BoardFacts = { ...board, practice: true };

const row = (label: string, type: number, subtype: number, offset: number, size: number): Partition => ({
	label,
	type,
	subtype,
	offset,
	size,
	encrypted: false,
	readOnly: false
});
const ROWS = [
	row('nvs', 1, 2, 0x9000, 0x5000),
	row('ota_0', 0, 0x10, 0x10000, 0x20000),
	row('telemetry', 1, 0x40, 0x30000, 0x10000)
];
const tableBytes = () => {
	const built = buildPartitionTable(ROWS);
	if (!built.ok) throw new Error(built.error.kind);
	return built.value;
};
const table = (): PartitionTable => {
	const parsed = parsePartitionTable(tableBytes());
	if (!parsed.ok) throw new Error(parsed.error.kind);
	return parsed.value;
};
const present = (over: Partial<PresentFlash> = {}): PresentFlash => ({
	table: table(),
	apps: new Map(),
	...over
});
/** An app by its descriptor; the images below have none, as bootloaders have none. */
const namedApp = () =>
	buildAppImage({
		chipId: CHIP_IDS['ESP32-C3'],
		entry: 0x40380000,
		segments: [
			{
				address: 0x3c000020,
				bytes: buildAppDescriptor({
					...{ project: 'x', version: '1', secureVersion: 0, time: '', date: '', idfVersion: '' },
					elfSha256: '00'.repeat(32)
				})
			}
		]
	});
const image = (chipId: number, bytes = 64, minRevFull = 0) =>
	buildAppImage({
		chipId,
		minRevFull,
		entry: 0x40380000,
		segments: [{ address: 0x3c000020, bytes: new Uint8Array(bytes) }]
	});

const source = (...parts: readonly (readonly [number, Uint8Array<ArrayBuffer>])[]): FirmwareSource => ({
	name: 'x',
	version: '1',
	eraseFirst: 'never',
	parts: parts.map(([offset, bytes]) => ({ name: `at-${offset.toString(16)}`, offset, bytes, from: 'test' }))
});
const kinds = (plan: ReturnType<typeof planWrite>) =>
	plan.problems.map(({ kind, blocking }) => [kind, blocking]);

describe('planWrite', () => {
	it('takes a build for the chip, in order of place', () => {
		const c3 = image(CHIP_IDS['ESP32-C3']);
		const plan = planWrite(board, source([0x10000, c3], [0, c3], [0x8000, tableBytes()]));
		expect(plan.problems).toEqual([]);
		expect(plan.regions.map(({ offset }) => offset)).toEqual([0, 0x8000, 0x10000]);
	});

	it('keeps practice images and real chips apart both ways', () => {
		const virtual = source([0x10000, image(PRACTICE_CHIP_ID)]);
		const real = source([0x10000, image(CHIP_IDS['ESP32-C3'])]);
		const other = source([0x10000, image(CHIP_IDS['ESP32-S3'])]);
		expect(planWrite(board, virtual).problems).toEqual([
			{
				kind: 'wrong-chip',
				blocking: true,
				labels: ['at-10000'],
				found: 'FIELDBENCH-VIRTUAL',
				wanted: 'ESP32-C3',
				overridable: false
			}
		]);
		expect(planWrite(practice, virtual).problems).toEqual([]);
		expect(kinds(planWrite(practice, real))).toEqual([['will-not-run', false]]);
		expect(kinds(planWrite(practice, other))).toEqual([['wrong-chip', true]]);
		expect(kinds(planWrite(board, other))).toEqual([['wrong-chip', true]]);
	});

	it('refuses what is no image where one must be, and a page saved as a file anywhere', () => {
		const noise = new Uint8Array(4096).fill(7);
		const page = new TextEncoder().encode('\n<!DOCTYPE html><title>Not found</title>');
		expect(kinds(planWrite(board, source([0, noise])))).toEqual([['not-an-image', true]]);
		expect(kinds(planWrite(board, source([0x8000, noise])))).toEqual([['not-an-image', true]]);
		expect(kinds(planWrite(board, source([0x300000, page])))).toEqual([['not-an-image', true]]);
		expect(kinds(planWrite(board, source([0x300000, noise])))).toEqual([]);
	});

	it('refuses a damaged image', () => {
		const damaged = image(CHIP_IDS['ESP32-C3']);
		damaged[40]! ^= 1;
		expect(kinds(planWrite(board, source([0x10000, damaged])))).toContainEqual(['hash-wrong', true]);
	});

	it('refuses an image that is cut short, and warns of what is none where an app lies', () => {
		const whole = image(CHIP_IDS['ESP32-C3'], 4096);
		expect(kinds(planWrite(board, source([0x10000, whole.slice(0, 2048)])))).toEqual([['cut-short', true]]);
		expect(kinds(planWrite(board, source([0x10000, new Uint8Array(64)])))).toEqual([
			['not-recognised', false]
		]);
	});

	it('says that nothing would start an app on a bare board', () => {
		const app = namedApp();
		const bare = planWrite(board, source([0x10000, app]));
		expect(bare.problems).toEqual([
			{ kind: 'nothing-starts-it', blocking: false, missing: 'bootloader' },
			{ kind: 'nothing-starts-it', blocking: false, missing: 'partition-table' }
		]);
		const now = present();
		expect(planWrite(board, source([0x10000, app]), { present: now }).problems).toEqual([]);
		expect(kinds(planWrite(board, source([0x10000, app]), { erase: 'all', present: now }))).toHaveLength(2);
	});

	it('compares what images and tables want with what the chip has', () => {
		const late = planWrite(board, source([0, image(CHIP_IDS['ESP32-C3'], 64, 101)]));
		expect(late.problems).toEqual([{ kind: 'chip-too-old', blocking: true, label: 'at-0', wants: 101 }]);
		const small = { ...board, flashSizeBytes: 0x20000 };
		expect(planWrite(small, source([0x8000, tableBytes()])).problems).toEqual([
			{ kind: 'table-beyond-flash', blocking: true, label: 'at-8000', overBytes: 0x20000 }
		]);
		const locked = { ...board, secureBoot: true };
		expect(kinds(planWrite(locked, source([0, image(CHIP_IDS['ESP32-C3'])])))).toEqual([
			['locked-chip', false]
		]);
	});

	it('calls lost what the new table does not name where it was', () => {
		const moved = buildPartitionTable([row('nvs', 1, 2, 0x50000, 0x10000), ...ROWS.slice(1)]);
		if (!moved.ok) throw new Error(moved.error.kind);
		const plan = planWrite(board, source([0x8000, moved.value]), { present: present() });
		expect(plan.erased.map(({ label }) => label)).toContain('settings (nvs)');
		expect(plan.kept.map(({ label }) => label)).toContain('telemetry');
	});

	it('finds parts that share a sector, lie off the grid, or do not fit', () => {
		const data = new Uint8Array(0x1001);
		expect(kinds(planWrite(board, source([0x300000, data], [0x301000, data])))).toEqual([['overlap', true]]);
		expect(kinds(planWrite(board, source([0x300010, data])))).toEqual([['misaligned', true]]);
		expect(planWrite(board, source([0x3ff000, data])).problems).toEqual([
			{ kind: 'too-big', blocking: true, label: 'at-3ff000', overBytes: 1 }
		]);
		const app = image(CHIP_IDS['ESP32-C3'], 0x20000);
		expect(kinds(planWrite(board, source([0x10000, app]), { present: present() }))).toEqual([
			['too-big', true]
		]);
	});

	it('says which partitions die and which stay, and calls NVS the settings', () => {
		const app = source([0x10000, image(CHIP_IDS['ESP32-C3'])]);
		const plan = planWrite(board, app, { present: present() });
		expect(plan.erased).toEqual([{ offset: 0x10000, length: 0x20000, label: 'ota_0' }]);
		expect(plan.kept.map(({ label }) => label)).toEqual([
			'bootloader',
			'partition table',
			'settings (nvs)',
			'telemetry'
		]);
		const wiped = planWrite(board, app, { erase: 'all', present: present() });
		expect(wiped.eraseAll).toBe(true);
		expect(wiped.kept).toEqual([]);
		expect(wiped.erased).toHaveLength(5);
	});

	it('counts whole sectors where the board has no table', () => {
		const plan = planWrite(board, source([0x300000, new Uint8Array(5000)]));
		expect(plan.erased).toEqual([{ offset: 0x300000, length: 0x2000, label: 'what is there' }]);
	});
});
