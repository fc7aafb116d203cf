import { describe, expect, it } from 'vitest';
import { buildOtaData, parseOtaData, OTA_DATA_BYTES, type Partition } from '$lib/formats';
import { advanceTrial, practiceSlots } from './practice-slots';
import { MemorySparseFlash } from './sparse-flash';

const row = (label: string, type: number, subtype: number, offset: number, size: number): Partition => ({
	label,
	type,
	subtype,
	offset,
	size,
	encrypted: false,
	readOnly: false
});
const OTADATA = row('otadata', 1, 0, 0xe000, 0x2000);
const FIRST = row('ota_0', 0, 0x10, 0x10000, 0x10000);
const SECOND = row('ota_1', 0, 0x11, 0x20000, 0x10000);
const TABLE = [OTADATA, FIRST, SECOND];

function bench() {
	const flash = new MemorySparseFlash(0x40000);
	const records = () => {
		const data = parseOtaData(flash.read(OTADATA.offset, OTA_DATA_BYTES));
		return data.ok ? data.value.records : undefined;
	};
	const set = (bytes: Uint8Array) => {
		flash.erase(OTADATA.offset, OTADATA.size);
		flash.program(OTADATA.offset, bytes);
	};
	return { flash, records, set };
}

describe('the slots of a practice board', () => {
	it('are none without otadata or a second slot', () => {
		const { flash } = bench();
		expect(practiceSlots(flash, [FIRST, SECOND], FIRST)).toBeUndefined();
		expect(practiceSlots(flash, [OTADATA, FIRST], FIRST)).toBeUndefined();
	});

	it('do not start a slot without an image', () => {
		const { flash, records } = bench();
		expect(practiceSlots(flash, TABLE, FIRST)!.bootOther()).toBe('no-image');
		expect(records()).toEqual([undefined, undefined]);
	});

	it('give the other slot and nothing beyond it', () => {
		const { flash } = bench();
		const slots = practiceSlots(flash, TABLE, FIRST)!;
		expect(slots.other.sizeBytes).toBe(SECOND.size);
		slots.other.program(SECOND.size - 2, new Uint8Array(4));
		expect(flash.read(SECOND.offset + SECOND.size - 2, 4)).toEqual(new Uint8Array([0, 0, 255, 255]));
	});

	it('put a new image on trial at its start, and give it up at the next one', () => {
		const { flash, records, set } = bench();
		set(buildOtaData([undefined, { sequence: 2, state: 'new' }]));
		advanceTrial(flash, TABLE);
		expect(records()?.[1]?.state).toBe('pending-verify');
		expect(practiceSlots(flash, TABLE, SECOND)!.onTrial()).toBe(true);
		advanceTrial(flash, TABLE);
		expect(records()?.[1]?.state).toBe('aborted');
	});

	it('keep an image that is confirmed', () => {
		const { flash, records, set } = bench();
		set(
			buildOtaData([
				{ sequence: 1, state: 'valid' },
				{ sequence: 2, state: 'pending-verify' }
			])
		);
		expect(practiceSlots(flash, TABLE, SECOND)!.confirm()).toBe('done');
		advanceTrial(flash, TABLE);
		expect(records()).toEqual([
			{ sequence: 1, state: 'valid' },
			{ sequence: 2, state: 'valid' }
		]);
	});

	it('give the image before back, where there is one', () => {
		const { flash, records, set } = bench();
		set(
			buildOtaData([
				{ sequence: 1, state: 'valid' },
				{ sequence: 2, state: 'pending-verify' }
			])
		);
		expect(practiceSlots(flash, TABLE, SECOND)!.rollBack()).toBe('done');
		expect(records()?.[1]?.state).toBe('invalid');
		set(
			buildOtaData([
				{ sequence: 1, state: 'invalid' },
				{ sequence: 2, state: 'pending-verify' }
			])
		);
		expect(practiceSlots(flash, TABLE, SECOND)!.rollBack()).toBe('nothing-before');
	});
});
