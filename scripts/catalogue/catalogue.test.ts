import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { parseCatalogue, parseManifest } from '$lib/formats';
import { manifestOf, withAvailable } from './node-manifest';

describe('the catalogue', () => {
	const url = 'https://host/app/firmware/catalogue.json';
	const file = new URL('../../static/firmware/catalogue.json', import.meta.url);

	it('as it is kept offers the practice firmware', async () => {
		const read = parseCatalogue(await readFile(file, 'utf8'), url);
		expect(read.ok && read.value.entries.find((entry) => entry.id === 'practice')).toStrictEqual({
			id: 'practice',
			name: 'Practice firmware',
			family: 'FIELDBENCH-VIRTUAL',
			manifestUrl: 'https://host/app/firmware/practice/manifest.json',
			available: true
		});
	});

	it('after a release offers the chips that were built, and no other', async () => {
		const text = (await readFile(file, 'utf8')).replaceAll('"available": true', '"available": false');
		const read = parseCatalogue(withAvailable(text, ['ESP32-C3']), url);
		const offered = read.ok ? read.value.entries.filter((entry) => entry.available) : [];
		expect(offered.map((entry) => entry.family)).toStrictEqual(['ESP32-C3']);
	});

	it('goes with one manifest for all chips', () => {
		const parts = [{ path: 'esp32c3/app.bin', offset: 0x10000 }];
		const text = manifestOf('1.2.3', [{ family: 'ESP32-C3', parts }]);
		const read = parseManifest(text, 'https://host/app/firmware/node/manifest.json');
		expect(read.ok && read.value.builds[0]?.parts[0]?.url).toBe(
			'https://host/app/firmware/node/esp32c3/app.bin'
		);
	});
});
