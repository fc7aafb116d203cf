import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseCatalogue, parseManifest } from './index';

const URL_ = 'https://host/fw/manifest.json?v=2';
const build = { chipFamily: 'ESP32', parts: [{ path: 'app.bin', offset: 65536 }] };
const good = { name: 'Node', version: '1.0', builds: [build] };

const read = (manifest: unknown) => parseManifest(JSON.stringify(manifest), URL_);
const fault = (manifest: unknown) => {
	const found = read(manifest);
	return found.ok ? 'ok' : `${found.error.kind} ${found.error.field}`;
};
const withPart = (part: unknown) => ({ ...good, builds: [build, { chipFamily: 'ESP32-C3', parts: [part] }] });

describe('a manifest', () => {
	it('is read with its addresses resolved', () => {
		expect(read({ ...good, new_install_prompt_erase: true, new_install_improv_wait_time: 0 })).toStrictEqual({
			ok: true,
			value: {
				name: 'Node',
				version: '1.0',
				builds: [
					{
						family: 'ESP32',
						index: 0,
						parts: [{ path: 'app.bin', url: 'https://host/fw/app.bin', offset: 65536 }]
					}
				],
				unknownFamilies: [],
				promptErase: true,
				improvWaitS: 0
			}
		});
	});

	it('names its maker’s pages, and nothing that is no name or address', () => {
		const maker = (fields: unknown) => {
			const found = read({ ...good, ...(fields as object) });
			return found.ok
				? [found.value.homeAssistantDomain, found.value.fundingUrl]
				: `${found.error.kind} ${found.error.field}`;
		};
		expect(maker({ home_assistant_domain: 'esphome', funding_url: '../help' })).toStrictEqual([
			'esphome',
			'https://host/help'
		]);
		expect(maker({ home_assistant_domain: null, funding_url: '' })).toStrictEqual([undefined, undefined]);
		expect(maker({ home_assistant_domain: 'a/../b' })).toBe('bad-value home_assistant_domain');
		expect(maker({ home_assistant_domain: 3 })).toBe('wrong-type home_assistant_domain');
		expect(maker({ funding_url: 'javascript:alert(1)' })).toBe('bad-value funding_url');
	});

	it('may bend what stays unambiguous', () => {
		const parts = [
			{ path: 'https://other/app.bin?x=1', offset: '0x10000' },
			{ path: '../boot.bin', offset: ' 4096 ' },
			{ path: '/table.bin', offset: 0x8000 }
		];
		const found = read({
			name: 'N',
			builds: [
				{ chipFamily: 'esp32', parts },
				{ ...build, chipFamily: 'ESP99' }
			]
		});
		if (!found.ok) throw new Error(found.error.field);
		expect(found.value.version).toBeUndefined();
		expect(found.value.unknownFamilies).toStrictEqual(['ESP99']);
		expect(found.value.builds[0]?.parts.map((p) => [p.offset, p.url])).toStrictEqual([
			[0x1000, 'https://host/boot.bin'],
			[0x8000, 'https://host/table.bin'],
			[0x10000, 'https://other/app.bin?x=1']
		]);
		expect(fault({ ...good, version: 2 })).toBe('ok');
	});

	it('may name a family twice for two kinds of cable, or the same build again, and nothing else', () => {
		const other = { ...build, parts: [{ path: 'other.bin', offset: 0 }] };
		expect(
			fault({
				...good,
				builds: [
					{ ...build, serialType: 'cdc' },
					{ ...other, serialType: 'uart' }
				]
			})
		).toBe('ok');
		const twice = read({ ...good, builds: [build, build] });
		expect(twice.ok && twice.value.builds).toHaveLength(1);
		expect(fault({ ...good, builds: [build, other] })).toBe('ambiguous builds[1].chipFamily');
	});

	it('is refused for the rest, naming the field', () => {
		expect(parseManifest('<html>', URL_)).toMatchObject({ error: { kind: 'not-json', field: '' } });
		expect(fault([])).toBe('wrong-type ');
		expect(fault({ ...good, name: undefined })).toBe('missing name');
		expect(fault({ ...good, version: {} })).toBe('wrong-type version');
		expect(fault({ ...good, builds: [] })).toBe('bad-value builds');
		expect(fault({ ...good, builds: [3] })).toBe('wrong-type builds[0]');
		expect(fault({ ...good, builds: [{ parts: build.parts }] })).toBe('missing builds[0].chipFamily');
		expect(fault({ ...good, builds: [{ ...build, serialType: 'usb' }] })).toBe(
			'bad-value builds[0].serialType'
		);
		expect(fault(withPart({ path: 'a.bin' }))).toBe('missing builds[1].parts[0].offset');
		expect(fault(withPart({ path: 'a.bin', offset: '64K' }))).toBe('bad-value builds[1].parts[0].offset');
		expect(fault(withPart({ path: 'a.bin', offset: -1 }))).toBe('bad-value builds[1].parts[0].offset');
		expect(fault(withPart({ path: 'a.bin', offset: 0.5 }))).toBe('bad-value builds[1].parts[0].offset');
		expect(fault(withPart({ path: '', offset: 0 }))).toBe('bad-value builds[1].parts[0].path');
		expect(fault(withPart({ path: 'javascript:1', offset: 0 }))).toBe('bad-value builds[1].parts[0].path');
		const twice = [...build.parts, { path: 'b.bin', offset: '0x10000' }];
		expect(fault({ ...good, builds: [{ ...build, parts: twice }] })).toBe(
			'ambiguous builds[0].parts[1].offset'
		);
		expect(parseManifest(' '.repeat(300_000), URL_)).toMatchObject({ error: { kind: 'too-large' } });
	});

	it('never throws, whatever JSON it is', () => {
		fc.assert(fc.property(fc.json(), (text) => void parseManifest(text, URL_)));
		fc.assert(
			fc.property(fc.jsonValue(), (value) => void read({ ...good, builds: [{ ...build, parts: value }] }))
		);
		fc.assert(fc.property(fc.string(), (text) => void parseManifest(text, text)));
	});
});

describe('the catalogue', () => {
	const entry = { id: 'a', name: 'A', family: 'ESP32', manifest: 'node/manifest.json', available: false };
	const of = (...builds: unknown[]) => {
		const found = parseCatalogue(JSON.stringify({ builds }), 'https://host/firmware/catalogue.json');
		return found.ok
			? found.value.entries.map((e) => e.manifestUrl)
			: `${found.error.kind} ${found.error.field}`;
	};

	it('resolves its manifests', () => {
		expect(of(entry)).toStrictEqual(['https://host/firmware/node/manifest.json']);
	});

	it('is refused naming the field', () => {
		expect(of(entry, entry)).toBe('bad-value builds[1].id');
		expect(of({ ...entry, family: 'ESP99' })).toBe('bad-value builds[0].family');
		expect(of({ ...entry, available: 'no' })).toBe('wrong-type builds[0].available');
		expect(of({ ...entry, available: undefined })).toBe('missing builds[0].available');
	});
});
