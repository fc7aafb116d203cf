import { describe, expect, it } from 'vitest';
import {
	buildOtaData,
	CHIP_IDS,
	flashHeaderAt,
	parseAppImage,
	parseOtaData,
	PRACTICE_CHIP_ID,
	selectedSlot,
	type OtaData,
	type OtaRecord
} from '$lib/formats';
import type { FirmwareSource } from './facts';
import {
	BOARD,
	described,
	image,
	kinds,
	namedApp,
	PRACTICE_BOARD,
	present,
	row,
	ROWS,
	source,
	tableBytes
} from './fake-plan';
import { planWrite } from './plan';
import type { WritePlan } from './plan-facts';

const C3 = CHIP_IDS['ESP32-C3'];
const S3 = CHIP_IDS['ESP32-S3'];
const SETTINGS = {
	name: 'from the form',
	offset: 0x9000,
	bytes: new Uint8Array(0x5000).fill(1),
	from: 'form'
};

describe('a wrong chip', () => {
	const parts = source([0, image(S3)], [0x10000, image(S3)]);

	it('is one problem, whatever the number of its images', () => {
		expect(planWrite(BOARD, parts).problems).toMatchObject([
			{ kind: 'wrong-chip', blocking: true, labels: ['at-0', 'at-10000'], overridable: true }
		]);
	});

	it('is written only for whoever named it, and no other problem with it', () => {
		const plan = planWrite(BOARD, parts, { overridden: ['ESP32-S3'] });
		expect(kinds(plan)).toEqual([['wrong-chip', false]]);
		expect(plan.overridden).toEqual(['ESP32-S3']);
		expect(kinds(planWrite(BOARD, parts, { overridden: ['ESP32'] }))).toEqual([['wrong-chip', true]]);
		const damaged = image(S3);
		damaged[40]! ^= 1;
		expect(kinds(planWrite(BOARD, source([0x10000, damaged]), { overridden: ['ESP32-S3'] }))).toEqual([
			['wrong-chip', false],
			['hash-wrong', true]
		]);
	});

	it('is never overridden for a practice image on silicon', () => {
		const virtual = source([0x10000, image(PRACTICE_CHIP_ID)]);
		expect(planWrite(BOARD, virtual, { overridden: ['FIELDBENCH-VIRTUAL'] }).problems).toMatchObject([
			{ kind: 'wrong-chip', blocking: true, overridable: false }
		]);
		const other = source([0x10000, image(S3)]);
		expect(kinds(planWrite(PRACTICE_BOARD, other, { overridden: ['ESP32-S3'] }))).toEqual([
			['wrong-chip', false]
		]);
	});

	it('goes by an app’s greatest revision too, and by none where it names none', () => {
		const upTo = (maxRevFull: number) => source([0x10000, namedApp('x', { maxRevFull })]);
		expect(planWrite(BOARD, upTo(3), { present: present() }).problems).toMatchObject([
			{ kind: 'chip-too-new', blocking: true, allows: 3 }
		]);
		expect(planWrite(BOARD, upTo(4), { present: present() }).problems).toEqual([]);
		expect(planWrite(BOARD, upTo(0), { present: present() }).problems).toEqual([]);
	});
});

describe('what is erased', () => {
	const first = (eraseFirst: FirmwareSource['eraseFirst']) => ({
		...source([0x10000, namedApp('greenhouse')]),
		eraseFirst
	});
	const there = (project: string) => present({ apps: new Map([[0x10000, described(project)]]) });
	const erase = (eraseFirst: FirmwareSource['eraseFirst'], project: string) =>
		planWrite(BOARD, first(eraseFirst), { present: there(project) }).erase;

	it('is what the maker wants at a first install, and nothing at an update', () => {
		expect(erase('always', 'other')).toEqual({ choice: 'all', because: 'first-install' });
		expect(erase('always', 'greenhouse')).toEqual({ choice: 'nothing', because: 'same-project' });
		expect(erase('never', 'other')).toEqual({ choice: 'nothing', because: 'maker-keeps' });
		expect(erase('ask', 'greenhouse')).toEqual({ choice: 'nothing', because: 'same-project' });
	});

	it('is the person’s to say where the maker asks, and is not written before', () => {
		const plan = planWrite(BOARD, first('ask'), { present: there('other') });
		expect(plan.erase.because).toBe('asks');
		expect(kinds(plan)).toEqual([['erase-undecided', true]]);
		const said = planWrite(BOARD, first('ask'), { present: there('other'), erase: 'nothing' });
		expect(said.problems).toEqual([]);
		expect(planWrite(BOARD, first('ask')).erase.because).toBe('nothing-known');
	});

	it('spares the settings, the table by which they are found, and a bootloader that nothing replaces', () => {
		const app = source([0x10000, namedApp()]);
		const plan = planWrite(BOARD, app, { present: present(), erase: 'all-but-settings' });
		expect(plan.eraseAll).toBe(false);
		expect(plan.cleared).toEqual([
			{ offset: 0xe000, length: 0x2000 },
			{ offset: 0x11000, length: 0x3ef000 }
		]);
		expect(plan.kept.map(({ label }) => label)).toEqual(['bootloader', 'partition table', 'settings (nvs)']);
		expect(plan.erased.map(({ label }) => label)).toEqual(['ota_0', 'telemetry']);
	});

	it('spares the keys that encrypted settings are read with', () => {
		const rows = [...ROWS, row('nvs_keys', 1, 4, 0x40000, 0x1000)];
		const plan = planWrite(BOARD, source([0, image(C3)]), {
			present: present({}, rows),
			erase: 'all-but-settings'
		});
		for (const { offset, length } of plan.cleared) {
			expect(offset + length <= 0x9000 || offset >= 0xe000).toBe(true);
			expect(offset + length <= 0x40000 || offset >= 0x41000).toBe(true);
		}
	});

	it('spares nothing where no table says where the settings are', () => {
		const plan = planWrite(BOARD, source([0x300000, new Uint8Array(16)]), { erase: 'all-but-settings' });
		expect(kinds(plan)).toEqual([['settings-unknown', true]]);
		expect(plan.cleared).toEqual([]);
	});
});

describe('settings made for it', () => {
	it('are a region of their own, in the place of what the firmware has there', () => {
		const parts = source([0x9000, new Uint8Array(0x5000)], [0x10000, namedApp()]);
		const plan = planWrite(BOARD, parts, { present: present(), settings: SETTINGS });
		expect(plan.regions.map(({ label, offset }) => [label, offset])).toEqual([
			['Settings', 0x9000],
			['at-10000', 0x10000]
		]);
		expect(plan.regions[0]?.overwrites).toEqual(['settings (nvs)']);
		expect(plan.problems).toEqual([]);
	});

	it('are cut out of a whole flash, whose other bytes stay', () => {
		const whole = new Uint8Array(0x30000).fill(0xff);
		whole.set(image(C3), 0);
		whole.set(tableBytes(), 0x8000);
		whole.set(namedApp(), 0x10000);
		const plan = planWrite(BOARD, source([0, whole]), { settings: SETTINGS });
		expect(plan.regions.map(({ offset, length }) => [offset, length])).toEqual([
			[0, 0x9000],
			[0x9000, 0x5000],
			[0xe000, 0x22000]
		]);
		const again = new Uint8Array(0x30000);
		for (const { offset, bytes } of plan.regions) again.set(bytes, offset);
		expect(again.subarray(0x9000, 0xe000).every((byte) => byte === 1)).toBe(true);
		again.fill(0xff, 0x9000, 0xe000);
		expect(Buffer.from(again).equals(Buffer.from(whole))).toBe(true);
		expect(plan.regions[2]?.images).toHaveLength(1);
		expect(plan.problems).toEqual([]);
	});

	it('are refused where no settings lie, and where an app reaches into them', () => {
		const astray = { ...SETTINGS, offset: 0x30000 };
		expect(kinds(planWrite(BOARD, source(), { present: present(), settings: astray }))).toContainEqual([
			'settings-nowhere',
			true
		]);
		const boot = source([0x8000, tableBytes()], [0x8f00, new Uint8Array(0x200)]);
		expect(kinds(planWrite(BOARD, boot, { settings: SETTINGS }))).toContainEqual(['overlap', true]);
	});
});

describe('the header that the ROM reads', () => {
	const boot = source([0, image(C3)], [0x10000, namedApp()]);
	const headerOf = (plan: WritePlan, region: number) => flashHeaderAt(plan.regions[region]!.bytes, 0);

	it('stays as it was built where nobody wishes otherwise', () => {
		const plan = planWrite(BOARD, boot);
		expect(plan.regions[0]?.bytes).toBe(boot.parts[0]?.bytes);
		expect(plan.header).toMatchObject({ label: 'at-0', becomes: { spiMode: 2, spiSpeed: 0, sizeCode: 2 } });
	});

	it('takes what the build says, and a person’s wishes before it; the app’s own stays', () => {
		const built = { ...boot, builtFor: { mode: 'qio', frequency: '80m', size: 'detect' } };
		const small = { ...BOARD, flashSizeBytes: 0x200000 };
		const plan = planWrite(small, built);
		expect(headerOf(plan, 0)).toEqual({ spiMode: 0, spiSpeed: 15, sizeCode: 1 });
		expect(headerOf(plan, 1)).toEqual({ spiMode: 2, spiSpeed: 0, sizeCode: 2 });
		const wished = planWrite(small, built, { header: { mode: 'dout', frequency: 'as-built' } });
		expect(headerOf(wished, 0)).toEqual({ spiMode: 3, spiSpeed: 0, sizeCode: 1 });
		expect(parseAppImage(wished.regions[0]!.bytes)).toMatchObject({
			ok: true,
			value: { hash: { kind: 'ok' } }
		});
	});

	it('is told where the build names what no header of this chip can say', () => {
		const built = { ...boot, builtFor: { mode: 'keep', frequency: '120m', size: '3MB' } };
		expect(planWrite(BOARD, built).problems.filter(({ kind }) => kind === 'header-setting')).toEqual([
			{ kind: 'header-setting', blocking: false, setting: '120m' },
			{ kind: 'header-setting', blocking: false, setting: '3MB' }
		]);
	});

	it('is never touched on a chip that starts only what is signed', () => {
		const locked = { ...BOARD, secureBoot: true };
		const plan = planWrite(locked, boot, { header: { mode: 'qio' } });
		expect(plan.regions[0]?.bytes).toBe(boot.parts[0]?.bytes);
		expect(kinds(plan)).toContainEqual(['header-locked', false]);
	});

	it('is the size that counts: an app’s own is not read', () => {
		const small = { ...BOARD, flashSizeBytes: 0x200000 };
		const sizes = (plan: WritePlan) => plan.problems.filter(({ kind }) => kind === 'header-flash-size');
		expect(sizes(planWrite(small, boot))).toMatchObject([{ label: 'at-0', saysBytes: 0x400000 }]);
		expect(sizes(planWrite(small, boot, { header: { size: 'detected' } }))).toEqual([]);
	});
});

describe('which app starts', () => {
	const rows = [
		row('nvs', 1, 2, 0x9000, 0x4000),
		row('otadata', 1, 0, 0xd000, 0x2000),
		row('ota_0', 0, 0x10, 0x10000, 0x20000),
		row('ota_1', 0, 0x11, 0x30000, 0x20000)
	];
	const factory = row('factory', 0, 0, 0x50000, 0x20000);
	const dataOf = (first?: OtaRecord, second?: OtaRecord): OtaData => {
		const data = parseOtaData(buildOtaData([first, second]));
		if (!data.ok) throw new Error(data.error.kind);
		return data.value;
	};
	const followed = (sequence: number, state: OtaRecord['state'] = 'valid') => dataOf({ sequence, state });
	/** What otadata holds once the plan was written over these records. */
	function after(plan: WritePlan, before: OtaData): OtaData {
		const bytes = buildOtaData(before.records);
		for (const region of plan.regions)
			if (region.kind === 'otadata') bytes.set(region.bytes, region.offset - 0xd000);
		const data = parseOtaData(bytes);
		if (!data.ok) throw new Error(data.error.kind);
		return data.value;
	}
	const write = (offset: number, otaData: OtaData, more = rows) =>
		planWrite(BOARD, source([offset, namedApp()]), { present: present({ otaData }, more) });

	it('is left alone where what is written starts', () => {
		expect(write(0x10000, dataOf()).boot).toBeUndefined();
		expect(write(0x30000, followed(2)).boot).toBeUndefined();
	});

	it('is the other slot’s turn no more, and the record that is followed stays until the end', () => {
		for (const [offset, slot] of [
			[0x10000, 0],
			[0x30000, 1]
		] as const)
			for (const sequence of [1, 2, 3, 4]) {
				const before = followed(sequence);
				if (selectedSlot(before, 2) === slot) continue;
				const plan = write(offset, before);
				expect(plan.boot).toMatchObject({ written: `ota_${slot}`, changed: true });
				expect(plan.regions.at(-1)).toMatchObject({ kind: 'otadata', length: 0x1000 });
				const data = after(plan, before);
				expect(selectedSlot(data, 2)).toBe(slot);
				expect(data.records).toContainEqual(before.records[0]);
			}
	});

	it('is not left to a record on trial, which the bootloader would give up', () => {
		const before = followed(1, 'pending-verify');
		const plan = write(0x10000, before);
		expect(plan.boot).toMatchObject({ changed: true });
		expect(after(plan, before).selected).toMatchObject({ state: 'undefined' });
		expect(selectedSlot(after(plan, before), 2)).toBe(0);
	});

	it('is the factory app once nothing is chosen', () => {
		const plan = write(0x50000, followed(2), [...rows, factory]);
		expect(plan.boot).toEqual({ would: 'ota_1', written: 'factory', changed: true });
		expect(after(plan, followed(2)).selected).toBeUndefined();
	});

	it('is told where it stays another: wished so, brought so, or with no place to choose in', () => {
		const leave = planWrite(BOARD, source([0x30000, namedApp()]), {
			present: present({ otaData: followed(1) }, rows),
			leaveBootChoice: true
		});
		expect(leave.problems).toEqual([
			{ kind: 'starts-other', blocking: false, written: 'ota_1', starts: 'ota_0' }
		]);
		const brought = planWrite(
			BOARD,
			source([0xd000, buildOtaData([undefined, undefined])], [0x30000, namedApp()]),
			{
				present: present({ otaData: followed(2) }, rows)
			}
		);
		expect(kinds(brought)).toEqual([['starts-other', false]]);
		const none = write(0x10000, dataOf(), [...ROWS, factory]);
		expect(none.problems).toMatchObject([{ kind: 'starts-other', starts: 'factory' }]);
	});

	it('is not guessed where the board’s choice could not be read', () => {
		const plan = planWrite(BOARD, source([0x30000, namedApp()]), { present: present({}, rows) });
		expect([plan.boot, plan.problems]).toEqual([undefined, []]);
	});
});
