import { readFile } from 'node:fs/promises';
import { concatBytes, utf8 } from '$lib/base';
import {
	buildAppDescriptor,
	buildAppImage,
	buildPartitionTable,
	parsePartitionCsv,
	PRACTICE_CHIP_ID,
	PRACTICE_WASM_ADDRESS
} from '$lib/formats';

const CSV = `nvs,data,nvs,0x9000,0x5000
otadata,data,ota,0xe000,0x2000
ota_0,app,ota_0,0x10000,0x180000
ota_1,app,ota_1,0x190000,0x180000
`;

/** For tests: what `npm run firmware` packs, from the module as it is now. */
export async function practiceParts(
	chipId: number = PRACTICE_CHIP_ID
): Promise<readonly { offset: number; bytes: Uint8Array<ArrayBuffer> }[]> {
	const { buildFirmware, wasmFile } = await import('../../../../scripts/build-firmware.mjs');
	await buildFirmware();
	const wasm = new Uint8Array(await readFile(wasmFile));
	const rows = parsePartitionCsv(CSV);
	const table = rows.ok ? buildPartitionTable(rows.value) : rows;
	if (!table.ok) throw new Error(JSON.stringify(table.error));
	const length = new Uint8Array(Uint32Array.of(wasm.length).buffer);
	const descriptor = buildAppDescriptor({
		...{ project: 'fieldbench-node', version: 'test', secureVersion: 0, time: '', date: '' },
		...{ idfVersion: 'practice', elfSha256: '00'.repeat(32) }
	});
	return [
		{
			offset: 0,
			bytes: image(
				buildAppImage({ chipId, entry: 0x403cc710, segments: [{ address: 0x403cc710, bytes: utf8('boot') }] })
			)
		},
		{ offset: 0x8000, bytes: image(table.value) },
		{
			offset: 0x10000,
			bytes: image(
				buildAppImage({
					chipId,
					entry: PRACTICE_WASM_ADDRESS,
					segments: [
						{ address: 0x3c000020, bytes: descriptor },
						{ address: PRACTICE_WASM_ADDRESS, bytes: concatBytes([length, wasm]) }
					]
				})
			)
		}
	];
}

const image = (bytes: Uint8Array): Uint8Array<ArrayBuffer> => Uint8Array.from(bytes);
