import { describe, expect, it } from 'vitest';
import type { PlanRegion } from '$lib/flash';
import {
	buildAppDescriptor,
	buildAppImage,
	buildPartitionTable,
	parseAppImage,
	parsePartitionCsv,
	parsePartitionTable
} from '$lib/formats';
import { nvsOf, settingsOffer } from './settings-offer';

const TABLE = 'first,data,nvs,0x9000,0x4000\nnvs,data,nvs,0xd000,0x3000\nota_0,app,ota_0,0x10000,0x100000';

function table(csv: string): Uint8Array<ArrayBuffer> {
	const rows = parsePartitionCsv(csv);
	const built = rows.ok ? buildPartitionTable(rows.value) : rows;
	if (!built.ok) throw new Error(built.error.kind);
	return Uint8Array.from(built.value);
}

function parsed(csv: string) {
	const read = parsePartitionTable(table(csv));
	if (!read.ok) throw new Error(read.error.kind);
	return read.value;
}

const region = (part: Partial<PlanRegion>): PlanRegion => ({
	...{ offset: 0, length: part.bytes?.length ?? 0, label: 'part', kind: 'unknown' },
	...{ bytes: new Uint8Array(), images: [], overwrites: [] },
	...part
});

function app(project: string, part: Partial<PlanRegion> = {}): PlanRegion {
	const about = { project, version: '1', secureVersion: 0, time: '', date: '', idfVersion: '' };
	const descriptor = buildAppDescriptor({ ...about, elfSha256: '00'.repeat(32) });
	const segments = [{ address: 0x3c000020, bytes: descriptor }];
	const image = parseAppImage(Uint8Array.from(buildAppImage({ chipId: 5, entry: 0, segments })));
	if (!image.ok) throw new Error(image.error.kind);
	const images = [{ offset: 0x10000, image: image.value }];
	return region({ kind: 'app', offset: 0x10000, length: 0x1000, images, ...part });
}

const tableRegion = (csv: string): PlanRegion =>
	region({ kind: 'partition-table', offset: 0x8000, bytes: table(csv) });
const own = app('fieldbench-node');

describe('settings with a firmware', () => {
	it('go to the partition that its own table calls nvs, else to the board’s', () => {
		const place = { kind: 'here', place: { label: 'nvs', offset: 0xd000, size: 0x3000 } };
		expect(settingsOffer([tableRegion(TABLE), own], undefined)).toMatchObject(place);
		expect(settingsOffer([own], parsed(TABLE))).toMatchObject(place);
		const other = parsed('x,data,nvs,0x9000,0x4000');
		expect(settingsOffer([tableRegion(TABLE), own], other)).toMatchObject(place);
		expect(nvsOf(other)?.label).toBe('x');
	});

	it.each([
		['of somebody else', [tableRegion(TABLE), app('blinky')], 'other-firmware'],
		['that has none in it', [tableRegion(TABLE)], 'no-firmware'],
		['and no table', [own], 'no-place'],
		['and a table without them', [tableRegion('a,app,factory,0x10000,1M'), own], 'no-place'],
		['that encrypts them', [tableRegion(`${TABLE}\nkeys,data,nvs_keys,,4K`), own], 'encrypted'],
		[
			'that fills their place',
			[tableRegion(TABLE), app('fieldbench-node', { offset: 0xc000, length: 0x10000 })],
			'covered'
		]
	] as const)('%s are not written ahead', (_, regions, kind) => {
		expect(settingsOffer(regions, undefined).kind).toBe(kind);
	});
});
