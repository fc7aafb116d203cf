import { readFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import { buildFirmware, wasmFile } from '../../scripts/build-firmware.mjs';
import type { Figure } from '../figure';

/** What a page downloads to run virtual devices. */
export const firmwareSize: Figure = {
	name: 'wasm-gzip-kb',
	measure: async () => {
		await buildFirmware();
		const bytes = gzipSync(await readFile(wasmFile), { level: 9 }).byteLength;
		return [
			{
				name: 'wasm-gzip-kb',
				value: bytes / 1000,
				unit: 'kB',
				peers: {},
				target: { kind: 'at-most', value: 110 },
				runs: [bytes / 1000],
				notes: []
			}
		];
	}
};
