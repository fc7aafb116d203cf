import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concatBytes } from '$lib/base';
import {
	bootloaderOffset,
	buildAppDescriptor,
	buildAppImage,
	buildOtaData,
	buildPartitionTable,
	buildNvs,
	CHIP_IDS,
	chipFamilyOf,
	parseAppImage,
	parseOtaData,
	PRACTICE_CHIP_ID,
	recogniseBin,
	selectedSlot,
	type AppDescriptor,
	type ImageParts,
	type OtaRecord
} from './index';

const descriptor: AppDescriptor = {
	project: 'fieldbench-node',
	version: '1.2.3',
	secureVersion: 0,
	time: '12:34:56',
	date: 'Jan  1 2026',
	idfVersion: 'v5.1',
	elfSha256: 'ab'.repeat(32)
};

const parts: ImageParts = {
	chipId: CHIP_IDS['ESP32-C3'],
	entry: 0x40380000,
	segments: [
		{ address: 0x3c000020, bytes: buildAppDescriptor(descriptor) },
		{ address: 0x40380000, bytes: Uint8Array.of(1, 2, 3, 4, 5) }
	]
};

const anyImage: fc.Arbitrary<ImageParts> = fc.record({
	chipId: fc.integer({ min: 0, max: 0xffff }),
	entry: fc.integer({ min: 0, max: 0xffffffff }),
	segments: fc.array(
		fc.record({ address: fc.integer({ min: 0, max: 0xffffffff }), bytes: fc.uint8Array({ maxLength: 300 }) }),
		{ minLength: 1, maxLength: 16 }
	),
	flashSizeBytes: fc.integer({ min: 0, max: 7 }).map((n) => 0x100000 << n),
	hashAppended: fc.boolean()
});

describe('an image', () => {
	it('gives back what was built', () => {
		fc.assert(
			fc.property(anyImage, (made) => {
				const bytes = buildAppImage(made);
				const read = parseAppImage(concatBytes([bytes, Uint8Array.of(9, 9)]));
				if (!read.ok) throw new Error(read.error.kind);
				expect(read.value).toMatchObject({
					chipId: made.chipId,
					entry: made.entry,
					flashSizeBytes: made.flashSizeBytes,
					checksumOk: true,
					hash: { kind: made.hashAppended ? 'ok' : 'none' },
					sizeBytes: bytes.length
				});
				read.value.segments.forEach((segment, i) => {
					const { address, bytes: data } = made.segments[i]!;
					expect(segment.address).toBe(address);
					const kept = bytes.subarray(segment.fileOffset, segment.fileOffset + data.length);
					expect(kept).toStrictEqual(Uint8Array.from(data));
				});
			})
		);
	});

	it('names the chip and the application', () => {
		const read = parseAppImage(buildAppImage(parts));
		expect(read.ok && read.value.family).toBe('ESP32-C3');
		expect(read.ok && read.value.descriptor).toStrictEqual(descriptor);
	});

	it('is too short at every truncation', () => {
		const bytes = buildAppImage(parts);
		for (let n = 0; n < bytes.length; n++) {
			expect(parseAppImage(bytes.subarray(0, n))).toMatchObject({ error: { kind: 'too-short' } });
		}
	});

	it('is never found sound with one bit flipped', () => {
		const good = buildAppImage(parts);
		for (let bit = 0; bit < good.length * 8; bit++) {
			const bytes = good.slice();
			bytes[bit >> 3]! ^= 1 << (bit & 7);
			const read = parseAppImage(bytes);
			// Where the flag of the digest itself is gone, only its absence can be told.
			const sound = read.ok && read.value.checksumOk && read.value.hash.kind === 'ok';
			expect(sound, `bit ${bit}`).toBe(false);
		}
	});

	it('is refused for what it is not', () => {
		expect(parseAppImage(Uint8Array.of(0x7f, 0x45))).toMatchObject({ error: { kind: 'not-an-image' } });
		const many = buildAppImage(parts);
		many[1] = 17;
		expect(parseAppImage(many)).toMatchObject({ error: { kind: 'bad-segment-count', count: 17 } });
		const odd = buildAppImage(parts);
		odd[28] = 3;
		expect(parseAppImage(odd)).toMatchObject({ error: { kind: 'unaligned-segment', segment: 0 } });
		fc.assert(fc.property(fc.uint8Array(), (bytes) => void parseAppImage(bytes)));
	});

	it('of the practice board is for no chip that is made', () => {
		expect(chipFamilyOf(PRACTICE_CHIP_ID)).toBe('FIELDBENCH-VIRTUAL');
		expect(chipFamilyOf(0x1234)).toBeUndefined();
		expect([bootloaderOffset('ESP32'), bootloaderOffset('ESP32-C3')]).toStrictEqual([0x1000, 0]);
	});
});

describe('otadata', () => {
	it("has the checksum of Espressif's tools", () => {
		// Sequence 1 as `otatool.py switch_ota_partition` leaves it.
		const bytes = buildOtaData([{ sequence: 1, state: 'undefined' }, undefined]);
		expect(Buffer.from(bytes.subarray(28, 32)).toString('hex')).toBe('9a984347');
	});

	it('selects the newest record that is neither invalid nor aborted', () => {
		const select = (a: OtaRecord | undefined, b: OtaRecord | undefined) => {
			const read = parseOtaData(buildOtaData([a, b]));
			return read.ok ? selectedSlot(read.value, 2) : 'fault';
		};
		expect(select(undefined, undefined)).toBeUndefined();
		expect(select({ sequence: 1, state: 'valid' }, undefined)).toBe(0);
		expect(select({ sequence: 3, state: 'valid' }, { sequence: 4, state: 'pending-verify' })).toBe(1);
		expect(select({ sequence: 3, state: 'valid' }, { sequence: 4, state: 'aborted' })).toBe(0);
		expect(select({ sequence: 3, state: 'invalid' }, { sequence: 2, state: 'valid' })).toBe(1);
	});

	it('passes over a record with a flipped bit', () => {
		const bytes = buildOtaData([{ sequence: 5, state: 'valid' }, undefined]);
		bytes[0]! ^= 2;
		const read = parseOtaData(bytes);
		expect(read.ok && read.value.selected).toBeUndefined();
		expect(parseOtaData(bytes.subarray(1))).toMatchObject({ error: { kind: 'too-short' } });
	});
});

describe('a file of unknown name', () => {
	const app = buildAppImage(parts);
	const bootloader = buildAppImage({ ...parts, segments: [parts.segments[1]!] });
	const tableOf = buildPartitionTable([
		{ label: 'nvs', type: 1, subtype: 2, offset: 0x9000, size: 0x3000, encrypted: false, readOnly: false },
		{ label: 'app', type: 0, subtype: 0, offset: 0x10000, size: 0x10000, encrypted: false, readOnly: false }
	]);
	const table = tableOf.ok ? tableOf.value : new Uint8Array();
	const nvs = buildNvs([{ namespace: 'n', key: 'k', type: 'u8', value: 1 }], 0x3000);

	it('is told by what it holds', () => {
		expect(recogniseBin(app).kind).toBe('app');
		expect(recogniseBin(bootloader).kind).toBe('bootloader');
		expect(recogniseBin(table).kind).toBe('partition-table');
		expect(recogniseBin(buildOtaData([{ sequence: 1, state: 'new' }, undefined])).kind).toBe('otadata');
		expect(recogniseBin(nvs.ok ? nvs.value : app).kind).toBe('nvs');
		expect(recogniseBin(new Uint8Array(0x2000).fill(0xff)).kind).toBe('unknown');
		expect(recogniseBin(new Uint8Array(0)).kind).toBe('unknown');
	});

	it('may be a whole flash', () => {
		const flash = new Uint8Array(0x11000).fill(0xff);
		flash.set(bootloader, 0x1000);
		flash.set(table, 0x8000);
		flash.set(app, 0x10000);
		expect(recogniseBin(flash)).toMatchObject({
			kind: 'merged',
			bootloader: { offset: 0x1000 },
			app: { offset: 0x10000, image: { family: 'ESP32-C3' } }
		});
	});

	it('never throws', () => {
		fc.assert(fc.property(fc.uint8Array({ maxLength: 5000 }), (bytes) => void recogniseBin(bytes)));
	});
});
