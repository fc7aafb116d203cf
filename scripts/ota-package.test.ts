import {
	createCipheriv,
	createHmac,
	generateKeyPairSync,
	hkdfSync,
	createHash,
	verify,
	constants
} from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildAppImage, CHIP_IDS } from '$lib/formats';
import { LINUX_CHIP_ID, runOtaPackage } from './ota-package';
import { modulusOf, readPackageFile } from './ota/package';

const maker = generateKeyPairSync('rsa', { modulusLength: 2048 });
let folder: string;
const at = (name: string) => join(folder, name);
const pem = (key: { export: (how: { format: 'pem'; type: 'pkcs8' }) => string | Buffer }) =>
	key.export({ format: 'pem', type: 'pkcs8' });

const C3_IMAGE = buildAppImage({
	chipId: CHIP_IDS['ESP32-C3'],
	entry: 0x42000020,
	segments: [{ address: 0x3c000020, bytes: new Uint8Array(5000).fill(7) }]
});

beforeAll(async () => {
	folder = await mkdtemp(join(tmpdir(), 'fieldbench-ota-'));
	await writeFile(at('maker.pem'), pem(maker.privateKey));
	await writeFile(at('big.pem'), pem(generateKeyPairSync('rsa', { modulusLength: 3072 }).privateKey));
	await writeFile(at('curve.pem'), pem(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey));
	await writeFile(at('c3.bin'), C3_IMAGE);
	await writeFile(
		at('damaged.bin'),
		C3_IMAGE.map((byte, i) => (i === 100 ? byte ^ 1 : byte))
	);
	await writeFile(at('text'), 'a program');
	await writeFile(at('content.key'), `${'ab'.repeat(32)}\n`);
	await writeFile(at('secret'), 'cd'.repeat(32));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const c3 = (more: Readonly<Record<string, string>> = {}, flags: readonly string[] = []) =>
	runOtaPackage([
		...Object.entries({
			image: at('c3.bin'),
			chip: 'esp32c3',
			key: at('maker.pem'),
			out: at('c3.fbo'),
			version: '1.3.0',
			...more
		}).flatMap(([name, value]) => (value === '' ? [] : [`--${name}`, value])),
		...flags
	]);
const made = async (name: string) => readPackageFile(await readFile(at(name)))!;
const sha256 = (...parts: Uint8Array[]) =>
	parts.reduce((hash, part) => hash.update(part), createHash('sha256')).digest();

describe('a package', () => {
	it('has a head that says what it is for, signed by the maker', async () => {
		expect(await c3({ product: 'pump' }, ['--allow-downgrade'])).toContain('pump 1.3.0 for esp32c3');
		const { manifest, digests, chunks } = await made('c3.fbo');
		const head = manifest.subarray(0, 160);
		expect(head.toString('latin1', 0, 4)).toBe('FBO1');
		expect([head[4], head[5], head[6]]).toEqual([1, 0, 1]);
		expect(head.subarray(8, 16)).toEqual(sha256(modulusOf(maker.privateKey)).subarray(0, 8));
		expect(head.readUInt16LE(16)).toBe(5);
		expect(head.readUInt32LE(20)).toBe(C3_IMAGE.length);
		expect(head.toString('latin1', 24, 30)).toBe('1.3.0\0');
		expect(head.toString('latin1', 56, 61)).toBe('pump\0');
		expect(head.subarray(88, 120)).toEqual(sha256(C3_IMAGE));
		expect(head.subarray(120, 152)).toEqual(sha256(digests));
		const how = { key: maker.publicKey, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 };
		expect(verify('sha256', head, how, manifest.subarray(160))).toBe(true);
		chunks.forEach(({ iv, bytes }, i) =>
			expect(sha256(iv, bytes)).toEqual(digests.subarray(32 * i, 32 * i + 32))
		);
		const image = Buffer.concat(chunks.map(({ bytes }) => bytes));
		expect(image.subarray(0, C3_IMAGE.length)).toEqual(Buffer.from(C3_IMAGE));
	});

	it('of linux is any file behind an image’s header', async () => {
		await c3({ image: at('text'), chip: 'linux', out: at('linux.fbo') });
		const image = (await made('linux.fbo')).chunks[0]!.bytes;
		expect(image[0]).toBe(0xe9);
		expect(image.readUInt16LE(12)).toBe(LINUX_CHIP_ID);
		expect(image.toString('latin1', 24, 33)).toBe('a program');
	});

	it('is encrypted under the content key, which is wrapped for one device', async () => {
		await c3({ 'content-key': at('content.key'), out: at('secret.fbo') });
		const { manifest, chunks } = await made('secret.fbo');
		const { iv, bytes } = chunks[1]!;
		const cipher = createCipheriv('aes-256-cbc', Buffer.from('ab'.repeat(32), 'hex'), iv);
		expect(bytes).toEqual(cipher.setAutoPadding(false).update(C3_IMAGE.subarray(2048, 4096)));

		const told = await runOtaPackage([
			...['--wrap', at('secret.fbo'), '--content-key', at('content.key')],
			...['--secret', at('secret'), '--device', 'fb-1']
		]);
		const wrapped = Buffer.from(told, 'base64');
		expect(wrapped).toHaveLength(80);
		const device = hkdfSync(
			'sha256',
			Buffer.from('cd'.repeat(32), 'hex'),
			'fb-1',
			'fieldbench/1/ota/down',
			32
		);
		const key = createHmac('sha256', Buffer.from(device)).update('fieldbench/1/ota/wrap/mac').digest();
		const covered = [sha256(manifest.subarray(0, 160)), wrapped.subarray(0, 48)];
		expect(wrapped.subarray(48)).toEqual(
			covered.reduce((mac, part) => mac.update(part), createHmac('sha256', key)).digest()
		);
	});

	it('is read back only whole', async () => {
		await c3();
		const file = await readFile(at('c3.fbo'));
		expect(readPackageFile(file)).toBeDefined();
		for (const cut of [0, 100, 416, file.length - 1])
			expect(readPackageFile(file.subarray(0, cut))).toBeUndefined();
		expect(readPackageFile(Buffer.concat([file, Buffer.alloc(1)]))).toBeUndefined();
	});

	it.each([
		['no key', { key: '' }, /--key is wanted/u],
		['a key that is too long', { key: 'big.pem' }, /no RSA key of 2,048 bits/u],
		['a key of a curve', { key: 'curve.pem' }, /no RSA key of 2,048 bits/u],
		['a key that is none', { key: 'text' }, /no private key in PEM/u],
		['a chip that is none', { chip: 'z80' }, /"z80" is none of .*esp32c3.*linux/u],
		['an image for another chip', { chip: 'esp32' }, /is for ESP32-C3/u],
		['an image that is none', { image: 'text' }, /no application image/u],
		['an image that is damaged', { image: 'damaged.bin' }, /is damaged/u],
		['an image that is not there', { image: 'nothing' }, /--image: ENOENT/u],
		['a version that is none', { version: '1.03.0' }, /semantic version/u],
		['no version, and none in the image', { version: '' }, /semantic version.*not ""/u],
		['a product that is too long', { product: 'x'.repeat(33) }, /--product: 1 to 32/u],
		['a content key that is none', { 'content-key': 'text' }, /no 64 hex digits/u],
		['an option that is none', { bad: 'x' }, /--bad/u]
	])('is not made with %s', async (_, change, words) => {
		const files = ['key', 'image', 'content-key'];
		const more = Object.fromEntries(
			Object.entries(change).map(([name, value]) => [name, files.includes(name) && value ? at(value) : value])
		);
		await expect(c3({ out: at('never.fbo'), ...more })).rejects.toThrow(words);
		await expect(readFile(at('never.fbo'))).rejects.toThrow('ENOENT');
	});
});
