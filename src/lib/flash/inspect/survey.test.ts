import { describe, expect, it } from 'vitest';
import { err, ok } from '$lib/base';
import {
	buildAppDescriptor,
	buildAppImage,
	buildNvs,
	buildOtaData,
	buildPartitionTable,
	type OtaData,
	type Partition
} from '$lib/formats';
import { checkImage, FlashReader, surveyFlash, tableFaults, type FlashSurvey } from './index';

const MB = 1 << 20;
const LIVE = new AbortController().signal;
const NO_WORD = () => undefined;
const row = (label: string, type: number, subtype: number, offset: number, size: number): Partition => ({
	...{ label, type, subtype, offset, size },
	...{ encrypted: false, readOnly: false }
});
const ROWS = [
	row('nvs', 1, 2, 0x9000, 0x5000),
	row('otadata', 1, 0, 0xe000, 0x2000),
	row('ota_0', 0, 0x10, 0x10000, 0x20000),
	row('ota_1', 0, 0x11, 0x30000, 0x20000),
	row('coredump', 1, 3, 0x50000, 0x10000),
	row('files', 1, 0x83, 0x60000, 0x10000),
	row('own', 0x40, 1, 0x70000, 0x10000)
];

const app = (version: string) =>
	buildAppImage({
		chipId: 5,
		entry: 0,
		segments: [
			{
				address: 0x3c000020,
				bytes: buildAppDescriptor({
					...{ project: 'bench', version, secureVersion: 0, time: '', date: '', idfVersion: 'v5.3' },
					elfSha256: '00'.repeat(32)
				})
			},
			{ address: 0x42000020, bytes: new Uint8Array(9000).fill(7) }
		]
	});

function flashWith(records: OtaData['records'], rows: readonly Partition[] = ROWS) {
	const bytes = new Uint8Array(MB).fill(0xff);
	const table = buildPartitionTable(rows);
	if (!table.ok) throw new Error(table.error.kind);
	const settings = buildNvs([{ namespace: 'n', key: 'k', type: 'u8', value: 7 }], 0x5000);
	if (!settings.ok) throw new Error(settings.error.kind);
	bytes.set(table.value, 0x8000);
	bytes.set(settings.value, 0x9000);
	bytes.set(buildOtaData(records), 0xe000);
	bytes.set(app('1.0'), 0x10000);
	bytes.set(app('1.1'), 0x30000);
	return bytes;
}

function readerOf(bytes: Uint8Array<ArrayBuffer>) {
	const asked: string[] = [];
	const reader = new FlashReader(({ offset, length }, onBytes) => {
		asked.push(`${offset.toString(16)}+${length.toString(16)}`);
		onBytes(length);
		return Promise.resolve(ok(bytes.slice(offset, offset + length)));
	}, bytes.length);
	return { reader, asked };
}

async function surveyed(bytes: Uint8Array<ArrayBuffer>): Promise<FlashSurvey> {
	const board = { flashSizeBytes: bytes.length, flashEncryption: false };
	const found = await surveyFlash(readerOf(bytes).reader, board, 0x8000, NO_WORD, LIVE);
	if (!found.ok) throw new Error(found.error.kind);
	return found.value;
}
const VALID = { sequence: 2, state: 'valid' } as const;
const kinds = ({ found }: FlashSurvey) => found.map(({ holding }) => holding?.kind);

describe('a look at a flash', () => {
	it('tells what lies in each partition, and the start of an app is enough', async () => {
		const bytes = flashWith([VALID, undefined]);
		bytes.set(new TextEncoder().encode('littlefs'), 0x60008);
		bytes[0x70000] = 1;
		const survey = await surveyed(bytes);
		expect(kinds(survey)).toStrictEqual([
			...['nvs', 'otadata', 'app', 'app', 'no-coredump', 'littlefs', 'unknown']
		]);
		expect(survey.faults).toStrictEqual([]);
		expect(survey.found[3]?.holding).toMatchObject({ head: { descriptor: { version: '1.1' } } });
		expect(survey.boot).toMatchObject({
			starts: { label: 'ota_1' },
			reason: { kind: 'record', sector: 0, sequence: 2, state: 'valid' },
			passedOver: []
		});
	});

	it('tells encrypted settings from damaged ones', async () => {
		const bytes = flashWith([undefined, undefined]);
		for (let i = 0x9040; i < 0x9080; i++) bytes[i]! ^= 0x5a;
		const survey = await surveyed(bytes);
		expect(survey.found[0]?.holding).toStrictEqual({ kind: 'nvs-locked', why: 'undecodable', keys: false });
		const one = flashWith([undefined, undefined]);
		one[0x9060]! ^= 1; // the entry, not its namespace
		expect((await surveyed(one)).found[0]?.holding).toMatchObject({
			kind: 'nvs',
			contents: { damage: [{ kind: 'entry-checksum' }] }
		});
	});

	it('goes on where one partition cannot be read, and ends where the board is gone', async () => {
		const bytes = flashWith([VALID, undefined]);
		const board = { flashSizeBytes: MB, flashEncryption: false };
		const failing = (kind: 'unplugged' | 'stub-failed') =>
			new FlashReader(({ offset, length }) => {
				if (offset === 0x9000)
					return Promise.resolve(err(kind === 'unplugged' ? { kind } : { kind, cause: 'no' }));
				return Promise.resolve(ok(bytes.slice(offset, offset + length)));
			}, MB);
		const survey = await surveyFlash(failing('stub-failed'), board, 0x8000, NO_WORD, LIVE);
		expect(survey.ok && kinds(survey.value).slice(0, 3)).toStrictEqual(['unreadable', 'otadata', 'app']);
		expect(await surveyFlash(failing('unplugged'), board, 0x8000, NO_WORD, LIVE)).toMatchObject({
			error: { kind: 'unplugged' }
		});
	});
});

describe('what starts next', () => {
	const startOf = async (records: OtaData['records'], spoil: (bytes: Uint8Array) => void = NO_WORD) => {
		const bytes = flashWith(records);
		spoil(bytes);
		const { boot } = await surveyed(bytes);
		return [boot?.starts?.label, boot?.reason.kind, boot?.passedOver.map(({ label }) => label)];
	};

	it('follows the newest record that counts', async () => {
		const one = { sequence: 1, state: 'valid' } as const;
		expect(await startOf([one, { sequence: 2, state: 'new' }])).toStrictEqual(['ota_1', 'record', []]);
		expect(await startOf([one, { sequence: 2, state: 'aborted' }])).toStrictEqual(['ota_0', 'record', []]);
		expect(await startOf([undefined, undefined])).toStrictEqual(['ota_0', 'no-record', []]);
		expect(await startOf([one, VALID], (bytes) => (bytes[0xf000 + 28]! ^= 1))).toStrictEqual([
			...['ota_0', 'record', []]
		]);
	});

	it('passes over what holds no image', async () => {
		const spoil = (at: number) => (bytes: Uint8Array) => bytes.fill(0, at, at + 32);
		expect(await startOf([VALID, undefined], spoil(0x30000))).toStrictEqual(['ota_0', 'record', ['ota_1']]);
		expect(
			await startOf([VALID, undefined], (bytes) => {
				spoil(0x10000)(bytes);
				spoil(0x30000)(bytes);
			})
		).toStrictEqual([undefined, 'record', ['ota_1', 'ota_0']]);
	});
});

describe('a table', () => {
	it('is told what is wrong with it', () => {
		const of = (...partitions: Partition[]) =>
			tableFaults({ partitions, md5: 'ok' }, MB).map((fault) => fault.kind);
		expect(of(...ROWS)).toStrictEqual([]);
		expect(of(row('a', 0, 0, 0x10000, 0x20000), row('b', 1, 2, 0x20000, 0x4000))).toStrictEqual(['overlap']);
		expect(of(row('a', 0, 0, 0x10000, MB))).toStrictEqual(['beyond-flash']);
		expect(of(row('a', 0, 0, 0x11000, 0x1000))).toStrictEqual(['misaligned']);
		expect(of(row('a', 1, 2, 0x8000, 0x1000))).toStrictEqual(['over-table', 'no-app']);
		expect(of(row('a', 0, 0x10, 0x10000, 0x10000), row('a', 0, 0x11, 0x20000, 0x10000))).toStrictEqual([
			...['same-label', 'no-otadata']
		]);
	});
});

describe('a check of a whole image', () => {
	const check = (bytes: Uint8Array<ArrayBuffer>) =>
		checkImage(readerOf(bytes).reader, { offset: 0x10000, size: 0x20000 }, NO_WORD, LIVE);

	it('finds one flipped bit, and reads no more than the image', async () => {
		const bytes = flashWith([VALID, undefined]);
		const { reader, asked } = readerOf(bytes);
		const told: number[] = [];
		const place = { offset: 0x10000, size: 0x20000 };
		const whole = await checkImage(reader, place, ({ readBytes }) => told.push(readBytes), LIVE);
		expect(whole).toMatchObject({ ok: true, value: { checksumOk: true, hash: { kind: 'ok' } } });
		expect(asked).toStrictEqual(['10000+1000', '11000+2000']);
		expect(told.at(-1)).toBe(app('1.0').length);
		bytes[0x11000]! ^= 1;
		expect(await check(bytes)).toMatchObject({ value: { checksumOk: false, hash: { kind: 'wrong' } } });
	});

	it('asks for nothing beyond the flash, whatever the table names', async () => {
		const bytes = flashWith([VALID, undefined]).slice(0, 0x11000);
		const place = { offset: 0x10000, size: MB };
		expect(await checkImage(readerOf(bytes).reader, place, NO_WORD, LIVE)).toMatchObject({
			error: { kind: 'beyond-partition' }
		});
	});

	it('says where its segments lead out of the partition', async () => {
		const bytes = flashWith([VALID, undefined]);
		bytes[0x10000 + 24 + 6] = 0x7f; // the first segment's length
		expect(await check(bytes)).toStrictEqual({ ok: false, error: { kind: 'beyond-partition', segment: 1 } });
		expect(await check(new Uint8Array(MB).fill(0xff))).toMatchObject({ error: { kind: 'image' } });
	});
});
