import { describe, expect, it } from 'vitest';
import { buildAppDescriptor, buildAppImage, PRACTICE_ESP32_FAMILY, type ManifestBuild } from '$lib/formats';
import type { BoardFacts } from './facts';
import { loadBuild, loadFiles, loadManifest, pickBuild, serialTypeOf, type Fetching } from './sources';

const URL_OF = 'https://example.org/fw/manifest.json';
const MANIFEST = JSON.stringify({
	name: 'Thing',
	version: '1.2',
	new_install_prompt_erase: true,
	builds: [
		{ chipFamily: 'ESP32-C3', parts: [{ path: 'app.bin', offset: 65536 }] },
		{ chipFamily: 'FIELDBENCH-VIRTUAL', parts: [{ path: 'v.bin', offset: 0 }] }
	]
});

const fetching = (answer: () => Response, href = 'https://page.example/'): Fetching => ({
	fetch: () => new Promise((resolve) => resolve(answer())),
	page: { href, online: true },
	signal: new AbortController().signal
});
const manifest = async () => {
	const loaded = await loadManifest(
		URL_OF,
		fetching(() => new Response(MANIFEST))
	);
	if (!loaded.ok) throw new Error(loaded.error.kind);
	return loaded.value;
};
const board = (practice: boolean) => ({ chip: 'ESP32-C3', practice }) as BoardFacts;

describe('loadManifest', () => {
	it.each([
		[
			'a host that forbids or is away',
			() => {
				throw new TypeError('Failed to fetch');
			},
			'cors-or-network'
		],
		['a file that is not there', () => new Response('', { status: 404 }), 'http-status'],
		['a page instead', () => new Response('<!doctype html><p>hello'), 'html-instead'],
		['text that is no JSON', () => new Response('{'), 'manifest-fault']
	])('names %s', async (_, answer, kind) => {
		const loaded = await loadManifest(URL_OF, fetching(answer));
		expect(loaded).toMatchObject({ ok: false, error: { kind, url: URL_OF } });
	});

	it('does not ask where a secure page may not, and takes only addresses of the web', async () => {
		const never = fetching(() => {
			throw new Error('asked');
		});
		const kindOf = async (address: string) => {
			const loaded = await loadManifest(address, never);
			return loaded.ok ? 'ok' : loaded.error.kind;
		};
		expect(await kindOf('http://example.org/manifest.json')).toBe('mixed-content');
		expect(await kindOf('file:///manifest.json')).toBe('bad-address');
		expect(await kindOf('http://')).toBe('bad-address');
	});

	it('rejects with the reason of who cancels', async () => {
		const stop = new AbortController();
		const asked = loadManifest(URL_OF, {
			...fetching(() => new Response()),
			fetch: () => {
				stop.abort();
				return Promise.reject(stop.signal.reason as Error);
			},
			signal: stop.signal
		});
		await expect(asked).rejects.toMatchObject({ name: 'AbortError' });
	});
});

describe('builds', () => {
	it('are picked for the board, a practice board by its own first', async () => {
		const all = await manifest();
		expect(pickBuild(all, board(false))?.family).toBe('ESP32-C3');
		expect(pickBuild(all, board(true))?.family).toBe('FIELDBENCH-VIRTUAL');
		const esp32 = { ...board(true), chip: 'ESP32' } as const;
		expect(pickBuild(all, esp32)).toBeUndefined(); // a bootloader at 0 is none to an ESP32
		const other: ManifestBuild = { ...all.builds[1]!, family: PRACTICE_ESP32_FAMILY };
		const both = { ...all, builds: [...all.builds, other] };
		expect(pickBuild(both, esp32)?.family).toBe(PRACTICE_ESP32_FAMILY);
		expect(pickBuild(both, board(true))?.family).toBe('FIELDBENCH-VIRTUAL');
		expect(pickBuild({ ...all, builds: all.builds.slice(0, 1) }, board(true))?.family).toBe('ESP32-C3');
		expect(pickBuild({ ...all, builds: all.builds.slice(1) }, board(false))).toBeUndefined();
	});

	it('come whole or not at all', async () => {
		const all = await manifest();
		const load = (answer: () => Response) => loadBuild(all, all.builds[0]!, fetching(answer));
		const url = 'https://example.org/fw/app.bin';
		expect(await load(() => new Response(Uint8Array.of(1, 2, 3)))).toMatchObject({
			ok: true,
			value: {
				name: 'Thing',
				version: '1.2',
				eraseFirst: 'ask',
				parts: [{ name: 'app.bin', offset: 65536, from: url }]
			}
		});
		const short = () => new Response(Uint8Array.of(1), { headers: { 'content-length': '9' } });
		expect(await load(short)).toEqual({
			ok: false,
			error: { kind: 'truncated', url, wantedBytes: 9, gotBytes: 1 }
		});
		const broken = () =>
			new Response(
				new ReadableStream({
					start: (body) => body.enqueue(Uint8Array.of(0xe9, 1)),
					pull: () => Promise.reject(new TypeError('network error')) // as fetch says of a cut connection
				})
			);
		expect(await load(broken)).toEqual({ ok: false, error: { kind: 'truncated', url, gotBytes: 2 } });
		const fault = (kind: string) => ({ error: { kind: 'part-fault', url, fault: { kind } } });
		expect(await load(() => new Response('<html>'))).toMatchObject(fault('html-instead'));
		expect(await load(() => new Response(''))).toMatchObject(fault('empty'));
		const cut = Uint8Array.of(0xe9, 1, ...new Uint8Array(40));
		cut[28] = 200; // bytes of its first segment
		expect(await load(() => new Response(cut))).toMatchObject(fault('cut-short'));
		expect(await load(() => new Response('', { status: 404 }))).toMatchObject({
			error: { kind: 'http-status', status: 404 }
		});
	});

	it('are told apart by how the board is wired', async () => {
		const all = await manifest();
		const [c3] = all.builds;
		const wired = (serialType: 'cdc' | 'uart', index: number) => ({ ...c3!, serialType, index });
		const two = { ...all, builds: [wired('uart', 0), wired('cdc', 1)] };
		const bridge = { vendorId: 0x10c4, productId: 0xea60 };
		const pick = (usb: Parameters<typeof serialTypeOf>[0]) =>
			pickBuild(two, board(false), serialTypeOf(usb))?.index;
		expect(pick({ vendorId: 0x303a, productId: 0x1001 })).toBe(1);
		expect(pick({ vendorId: 0x303a, productId: 0x1234 })).toBe(0);
		expect(pick(bridge)).toBe(0);
		expect(pick({})).toBe(0);
		expect(
			pickBuild({ ...all, builds: [wired('cdc', 0)] }, board(false), serialTypeOf(bridge))
		).toBeUndefined();
	});
});

describe('files of an own build', () => {
	it('are called what their app calls itself', () => {
		const app = appOf('greenhouse', '2.1');
		const other = Uint8Array.of(1);
		expect(
			loadFiles(
				[
					{ name: 'x.bin', offset: 0x20000, bytes: other },
					{ name: 'a.bin', offset: 0x10000, bytes: app }
				],
				{ mode: 'dio', size: '4MB' }
			)
		).toMatchObject({ name: 'greenhouse', version: '2.1', builtFor: { mode: 'dio', size: '4MB' } });
		expect(loadFiles([{ name: 'x.bin', offset: 0, bytes: other }])).toMatchObject({
			name: 'x.bin',
			version: ''
		});
	});
});

function appOf(project: string, version: string) {
	const descriptor = buildAppDescriptor({
		project,
		version,
		secureVersion: 0,
		time: '',
		date: '',
		idfVersion: 'v5.5',
		elfSha256: ''
	});
	return buildAppImage({ chipId: 5, entry: 0, segments: [{ address: 0x3c000020, bytes: descriptor }] });
}
