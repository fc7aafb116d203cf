import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import {
	parseAppImage,
	parseManifest,
	parsePartitionTable,
	PRACTICE_CHIP_ID,
	PRACTICE_WASM_ADDRESS
} from '$lib/formats';
import { practiceFiles } from './pack-practice';

const csv = await readFile(new URL('../firmware/apps/node/partitions.csv', import.meta.url), 'utf8');
const wasm = Uint8Array.from({ length: 10_001 }, (_, i) => (i * 7) & 0xff);
const files = practiceFiles(wasm, '1.2.3', csv);

describe('the practice firmware', () => {
	it('carries the WebAssembly whole, after its length', () => {
		const app = files.get('app.bin')!;
		const image = parseAppImage(app);
		if (!image.ok) throw new Error(image.error.kind);
		expect(image.value).toMatchObject({
			chipId: PRACTICE_CHIP_ID,
			checksumOk: true,
			hash: { kind: 'ok' },
			descriptor: { project: 'fieldbench-node', version: '1.2.3' },
			sizeBytes: app.length
		});
		const segment = image.value.segments.find((s) => s.address === PRACTICE_WASM_ADDRESS)!;
		const view = new DataView(app.buffer, app.byteOffset + segment.fileOffset);
		const length = view.getUint32(0, true);
		expect(app.slice(segment.fileOffset + 4, segment.fileOffset + 4 + length)).toStrictEqual(wasm);
	});

	it('has the partition table of a chip, and its manifest puts each file where that says', () => {
		const table = parsePartitionTable(files.get('partitions.bin')!);
		if (!table.ok) throw new Error(table.error.kind);
		const at = (label: string) => table.value.partitions.find((p) => p.label === label)?.offset;
		expect([at('nvs'), at('ota_1'), at('telemetry'), at('coredump')]).toStrictEqual([
			0x3f0000, 0x190000, 0x310000, 0x3e0000
		]);
		const manifest = parseManifest(
			new TextDecoder().decode(files.get('manifest.json')),
			'https://host/firmware/practice/manifest.json'
		);
		if (!manifest.ok) throw new Error(manifest.error.kind);
		const places = manifest.value.builds.map(({ family, parts }) => [
			family,
			...parts.map(({ path, offset }) => [path, offset])
		]);
		const rest = [
			['partitions.bin', 0x8000],
			['app.bin', at('ota_0')]
		];
		expect(places).toStrictEqual([
			['FIELDBENCH-VIRTUAL', ['bootloader.bin', 0], ...rest],
			['FIELDBENCH-VIRTUAL-ESP32', ['bootloader.bin', 0x1000], ...rest]
		]);
	});

	it('is the same each time', () => {
		expect(practiceFiles(wasm, '1.2.3', csv)).toStrictEqual(files);
	});

	it('is not packed where it does not fit its slot', () => {
		expect(() => practiceFiles(new Uint8Array(0x180000), '1.2.3', csv)).toThrow('fits its partition');
	});
});
