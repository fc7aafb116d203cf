import { describe, expect, it } from 'vitest';
import { CHIP_IDS, PRACTICE_CHIP_ID } from '$lib/formats';
import {
	BOARD,
	image,
	kinds,
	namedApp,
	PRACTICE_BOARD,
	present,
	ROWS,
	row,
	source,
	tableBytes
} from './fake-plan';
import { planWrite } from './plan';

describe('planWrite', () => {
	it('takes a build for the chip, in order of place', () => {
		const c3 = image(CHIP_IDS['ESP32-C3']);
		const plan = planWrite(BOARD, source([0x10000, c3], [0, c3], [0x8000, tableBytes()]));
		expect(plan.problems).toEqual([]);
		expect(plan.regions.map(({ offset }) => offset)).toEqual([0, 0x8000, 0x10000]);
	});

	it('keeps practice images and real chips apart both ways', () => {
		const virtual = source([0x10000, image(PRACTICE_CHIP_ID)]);
		const real = source([0x10000, image(CHIP_IDS['ESP32-C3'])]);
		const other = source([0x10000, image(CHIP_IDS['ESP32-S3'])]);
		expect(planWrite(BOARD, virtual).problems).toEqual([
			{
				kind: 'wrong-chip',
				blocking: true,
				labels: ['at-10000'],
				found: 'FIELDBENCH-VIRTUAL',
				wanted: 'ESP32-C3',
				overridable: false
			}
		]);
		expect(planWrite(PRACTICE_BOARD, virtual).problems).toEqual([]);
		expect(kinds(planWrite(PRACTICE_BOARD, real))).toEqual([['will-not-run', false]]);
		expect(kinds(planWrite(PRACTICE_BOARD, other))).toEqual([['wrong-chip', true]]);
		expect(kinds(planWrite(BOARD, other))).toEqual([['wrong-chip', true]]);
	});

	it('refuses what is no image where one must be, and a page saved as a file anywhere', () => {
		const noise = new Uint8Array(4096).fill(7);
		const page = new TextEncoder().encode('\n<!DOCTYPE html><title>Not found</title>');
		expect(kinds(planWrite(BOARD, source([0, noise])))).toEqual([['not-an-image', true]]);
		expect(kinds(planWrite(BOARD, source([0x8000, noise])))).toEqual([['not-an-image', true]]);
		expect(kinds(planWrite(BOARD, source([0x300000, page])))).toEqual([['not-an-image', true]]);
		expect(kinds(planWrite(BOARD, source([0x300000, noise])))).toEqual([]);
	});

	it('refuses a damaged image', () => {
		const damaged = image(CHIP_IDS['ESP32-C3']);
		damaged[40]! ^= 1;
		expect(kinds(planWrite(BOARD, source([0x10000, damaged])))).toContainEqual(['hash-wrong', true]);
	});

	it('refuses an image that is cut short, and warns of what is none where an app lies', () => {
		const whole = image(CHIP_IDS['ESP32-C3'], 4096);
		expect(kinds(planWrite(BOARD, source([0x10000, whole.slice(0, 2048)])))).toEqual([['cut-short', true]]);
		expect(kinds(planWrite(BOARD, source([0x10000, new Uint8Array(64)])))).toEqual([
			['not-recognised', false]
		]);
	});

	it('says that nothing would start an app on a bare board', () => {
		const app = namedApp();
		const bare = planWrite(BOARD, source([0x10000, app]));
		expect(bare.problems).toEqual([
			{ kind: 'nothing-starts-it', blocking: false, missing: 'bootloader' },
			{ kind: 'nothing-starts-it', blocking: false, missing: 'partition-table' }
		]);
		const now = present();
		expect(planWrite(BOARD, source([0x10000, app]), { present: now }).problems).toEqual([]);
		expect(kinds(planWrite(BOARD, source([0x10000, app]), { erase: 'all', present: now }))).toHaveLength(2);
	});

	it('compares what images and tables want with what the chip has', () => {
		const late = planWrite(BOARD, source([0, image(CHIP_IDS['ESP32-C3'], 64, 101)]));
		expect(late.problems).toEqual([{ kind: 'chip-too-old', blocking: true, label: 'at-0', wants: 101 }]);
		const small = { ...BOARD, flashSizeBytes: 0x20000 };
		expect(planWrite(small, source([0x8000, tableBytes()])).problems).toEqual([
			{ kind: 'table-beyond-flash', blocking: true, label: 'at-8000', overBytes: 0x20000 }
		]);
		const locked = { ...BOARD, secureBoot: true };
		expect(kinds(planWrite(locked, source([0, image(CHIP_IDS['ESP32-C3'])])))).toEqual([
			['locked-chip', false]
		]);
	});

	it('calls lost what the new table does not name where it was', () => {
		const moved = tableBytes([row('nvs', 1, 2, 0x50000, 0x10000), ...ROWS.slice(1)]);
		const plan = planWrite(BOARD, source([0x8000, moved]), { present: present() });
		expect(plan.erased.map(({ label }) => label)).toContain('settings (nvs)');
		expect(plan.kept.map(({ label }) => label)).toContain('telemetry');
	});

	it('finds parts that share a sector, lie off the grid, or do not fit', () => {
		const data = new Uint8Array(0x1001);
		expect(kinds(planWrite(BOARD, source([0x300000, data], [0x301000, data])))).toEqual([['overlap', true]]);
		expect(kinds(planWrite(BOARD, source([0x300010, data])))).toEqual([['misaligned', true]]);
		expect(planWrite(BOARD, source([0x3ff000, data])).problems).toEqual([
			{ kind: 'too-big', blocking: true, label: 'at-3ff000', overBytes: 1 }
		]);
		const app = image(CHIP_IDS['ESP32-C3'], 0x20000);
		expect(kinds(planWrite(BOARD, source([0x10000, app]), { present: present() }))).toEqual([
			['too-big', true]
		]);
	});

	it('says which partitions die and which stay, and calls NVS the settings', () => {
		const app = source([0x10000, image(CHIP_IDS['ESP32-C3'])]);
		const plan = planWrite(BOARD, app, { present: present() });
		expect(plan.erased).toEqual([{ offset: 0x10000, length: 0x20000, label: 'ota_0' }]);
		expect(plan.kept.map(({ label }) => label)).toEqual([
			'bootloader',
			'partition table',
			'settings (nvs)',
			'telemetry'
		]);
		const wiped = planWrite(BOARD, app, { erase: 'all', present: present() });
		expect(wiped.eraseAll).toBe(true);
		expect(wiped.kept).toEqual([]);
		expect(wiped.erased).toHaveLength(5);
	});

	it('counts whole sectors where the board has no table', () => {
		const plan = planWrite(BOARD, source([0x300000, new Uint8Array(5000)]));
		expect(plan.erased).toEqual([{ offset: 0x300000, length: 0x2000, label: 'what is there' }]);
	});
});
