import { describe, expect, it } from 'vitest';
import { utf8 } from '$lib/base';
import {
	buildAppDescriptor,
	buildAppImage,
	buildNvs,
	buildOtaData,
	buildPartitionTable,
	imageEnd,
	nextSegmentAt,
	FIRST_SEGMENT_AT,
	IMAGE_HEAD_BYTES,
	parseAppImage,
	parseAppImageHead,
	parseCoreDumpHead,
	parseNvs,
	parsePartitionTable,
	partitionSubtypeName,
	partitionTypeName,
	readOtaSectors,
	recogniseFileSystemStart,
	surveyPartitionTable,
	type Partition
} from './index';

const row = (label: string, offset: number): Partition => ({
	...{ label, type: 1, subtype: 2, offset, size: 0x4000 },
	...{ encrypted: false, readOnly: false }
});

describe('what an inspector sees that a bootloader refuses', () => {
	it('is the rows of a partition table whose MD5 is wrong', () => {
		const built = buildPartitionTable([row('nvs', 0x9000), row('more', 0xd000)]);
		if (!built.ok) throw new Error(built.error.kind);
		const bytes = built.value.slice();
		bytes[64 + 16]! ^= 1;
		expect(parsePartitionTable(bytes)).toMatchObject({ ok: false, error: { kind: 'md5-wrong', row: 2 } });
		expect(surveyPartitionTable(bytes)).toStrictEqual({
			partitions: [row('nvs', 0x9000), row('more', 0xd000)],
			md5: 'none',
			fault: { kind: 'md5-wrong', row: 2 }
		});
		expect(surveyPartitionTable(new Uint8Array(0xc00).fill(0xff)).fault?.kind).toBe('not-a-table');
	});

	it('is an otadata record whose checksum fails', () => {
		const bytes = buildOtaData([{ sequence: 3, state: 'valid' }, undefined]);
		bytes[28]! ^= 1;
		expect(readOtaSectors(bytes)).toStrictEqual({
			ok: true,
			value: [{ kind: 'record', sequence: 3, state: 'valid', crcOk: false }, { kind: 'empty' }]
		});
	});

	it('is the key of an NVS entry whose data is damaged, with its namespace', () => {
		const built = buildNvs([{ namespace: 'net', key: 'ssid', type: 'string', value: 'bench' }], 0x3000);
		if (!built.ok) throw new Error(built.error.kind);
		const bytes = built.value.slice();
		bytes[64 + 64]! ^= 1; // the first byte of the text: after the namespace's entry and the head
		const read = parseNvs(bytes);
		expect(read.ok && read.value.damage).toStrictEqual([
			{ kind: 'data-checksum', offset: 64 + 32, key: 'ssid', namespace: 'net' }
		]);
		expect(read.ok && read.value.pages[0]).toMatchObject({ version: 2, sequence: 0 });
	});
});

describe('the start of a partition', () => {
	const image = buildAppImage({
		chipId: 5,
		entry: 0x42000020,
		segments: [
			{
				address: 0x3c000020,
				bytes: buildAppDescriptor({
					...{ project: 'bench', version: '1.2', secureVersion: 4, time: '12:00:00', date: 'Jan  1 2026' },
					...{ idfVersion: 'v5.3', elfSha256: 'ab'.repeat(32) }
				})
			},
			{ address: 0x42000020, bytes: new Uint8Array(1000) }
		]
	});

	it('tells an app and, segment by segment, how long it is', () => {
		const head = parseAppImageHead(image.subarray(0, IMAGE_HEAD_BYTES));
		expect(head).toMatchObject({
			family: 'ESP32-C3',
			segmentCount: 2,
			hashAppended: true,
			descriptor: { project: 'bench', version: '1.2', secureVersion: 4 }
		});
		let at = FIRST_SEGMENT_AT;
		for (let i = 0; i < head!.segmentCount; i++) at = nextSegmentAt(image.subarray(at, at + 8), at);
		const whole = parseAppImage(image);
		expect(imageEnd(at, head!.hashAppended)).toBe(whole.ok && whole.value.sizeBytes);
		expect(parseAppImageHead(new Uint8Array(512).fill(0xff))).toBeUndefined();
		expect(parseAppImageHead(image.subarray(0, 100))).not.toHaveProperty('descriptor');
	});

	it('tells file systems from one another', () => {
		const of = (put: (bytes: Uint8Array) => void) => {
			const bytes = new Uint8Array(0x2000).fill(0xff);
			put(bytes);
			return recogniseFileSystemStart(bytes, 0x10000);
		};
		const fat = (at: number) => (bytes: Uint8Array) => {
			bytes.set(utf8('FAT16'), at + 54);
			bytes.set([0x55, 0xaa], at + 510);
		};
		expect(of((bytes) => bytes.set(utf8('littlefs'), 8))).toBe('littlefs');
		expect(of(fat(0))).toBe('fat');
		expect(of(fat(0x1000))).toBe('fat');
		expect(of(() => undefined)).toBeUndefined();
		const spiffs = (blocks: number) => (bytes: Uint8Array) => {
			for (const block of [0, 1]) {
				const magic = 0x20140529 ^ 256 ^ (blocks - block);
				bytes.set([magic & 0xff, (magic >> 8) & 0xff], block * 0x1000 + 252);
			}
		};
		expect(of(spiffs(16))).toBe('spiffs');
		expect(of(spiffs(17))).toBeUndefined();
	});

	it('tells a core dump from erased flash and from anything longer than the partition', () => {
		const bytes = Uint8Array.from([0x00, 0x10, 0, 0, 0x04, 0x01, 0x05, 0x00, 4, 0, 0, 0]);
		expect(parseCoreDumpHead(bytes, 0x10000)).toStrictEqual({ lengthBytes: 0x1000, chipId: 5 });
		expect(parseCoreDumpHead(bytes, 0x800)).toBeUndefined();
		expect(parseCoreDumpHead(new Uint8Array(12).fill(0xff), 0x10000)).toBeUndefined();
	});

	it('is called what Espressif calls it', () => {
		expect([partitionTypeName(0), partitionTypeName(0x40)]).toStrictEqual(['app', '0x40']);
		expect([partitionSubtypeName(0, 0x11), partitionSubtypeName(1, 4), partitionSubtypeName(1, 9)]).toEqual([
			'ota_1',
			'nvs_keys',
			'0x09'
		]);
	});
});
