// Writes tests/vectors/ota.json anew, with a new key: node --import tsx scripts/ota-vectors.ts
import { createHash, generateKeyPairSync, randomBytes } from 'node:crypto';
import { Buffer } from 'node:buffer';
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import {
	imageFor,
	makeOtaPackage,
	modulusOf,
	wrapOtaKey,
	type OtaPackage,
	type OtaRelease
} from '../tests/fixtures/ota-package';

const CHIP = 0x0005;
const DEVICE = { chip: CHIP, product: 'fieldbench-node', version: '1.2.3', slot_bytes: 5 * 4096 };

const newKey = () => generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
const [maker, stranger] = [newKey(), newKey()];
const [contentKey, deviceKey] = [randomBytes(32), randomBytes(32)];

const release: OtaRelease = {
	image: imageFor(CHIP, 5000, 'one'),
	version: '1.3.0',
	product: DEVICE.product,
	chip: CHIP,
	signingKey: maker,
	contentKey
};
const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64');

function begin(made: OtaPackage, encrypted: boolean) {
	return {
		manifest: base64(made.manifest),
		key: encrypted ? base64(wrapOtaKey(contentKey, deviceKey, made.manifest)) : ''
	};
}

function whole(name: string, of: OtaRelease) {
	const made = makeOtaPackage(of);
	return {
		name,
		...begin(made, of.contentKey !== undefined),
		digests: base64(made.digests),
		chunks: made.chunks.map(({ iv, bytes }) => ({ iv: base64(iv), bytes: base64(bytes) })),
		image_sha256: createHash('sha256').update(of.image).digest('hex'),
		expect: 'ok'
	};
}

function refused(name: string, expect: string, change: Partial<OtaRelease>) {
	return { name, ...begin(makeOtaPackage({ ...release, ...change }), true), expect };
}

const changed = (name: string, expect: string, change: (head: Buffer) => void) =>
	refused(name, expect, { change });

function flipped(name: string, expect: string, member: 'manifest' | 'key', at: number) {
	const made = begin(makeOtaPackage(release), true);
	const bytes = Buffer.from(made[member], 'base64');
	bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at);
	return { name, ...made, [member]: base64(bytes), expect };
}

const cases = [
	whole('encrypted, three chunks', release),
	whole('not encrypted', { ...release, contentKey: undefined, image: imageFor(CHIP, 4096, 'two') }),
	whole('encrypted, a downgrade that is allowed', {
		...release,
		version: '1.0.0',
		allowDowngrade: true,
		image: imageFor(CHIP, 24, 'three')
	}),
	{
		...whole('the image of another chip under a right head', {
			...release,
			image: imageFor(CHIP + 1, 100, 'four')
		}),
		expect: 'not-an-image'
	},
	refused('the same version is taken again', 'ok', { version: '1.2.3' }),
	refused('another chip', 'wrong-chip', { chip: 0 }),
	refused('another product', 'wrong-product', { product: 'fieldbench-nodes' }),
	refused('an older version', 'downgrade', { version: '1.2.2' }),
	refused('a version before the release that runs', 'downgrade', { version: '1.2.3-rc.1' }),
	refused('an image that leaves no room for its list', 'too-large', { image: imageFor(CHIP, 8193, 'five') }),
	refused('a key that nobody knows', 'unknown-key', { signingKey: stranger }),
	refused('a known key id over the signature of another', 'bad-signature', {
		signingKey: stranger,
		change: makersKeyId
	}),
	flipped('a bit of the version', 'bad-signature', 'manifest', 26),
	flipped('a bit of the image digest', 'bad-signature', 'manifest', 88),
	flipped('a bit of the list digest', 'bad-signature', 'manifest', 151),
	flipped('a bit of the size', 'bad-signature', 'manifest', 20),
	flipped('the flag that allows a downgrade', 'bad-signature', 'manifest', 6),
	flipped('the first byte of the signature', 'bad-signature', 'manifest', 160),
	flipped('the last byte of the signature', 'bad-signature', 'manifest', 415),
	flipped('a bit of the key id', 'unknown-key', 'manifest', 8),
	flipped('the IV of the wrapped key', 'bad-wrapped-key', 'key', 0),
	flipped('the wrapped key', 'bad-wrapped-key', 'key', 47),
	flipped('the MAC of the wrapped key', 'bad-wrapped-key', 'key', 79),
	changed('ECDSA', 'unknown-algorithm', (head) => head.writeUInt8(2, 4)),
	changed('another cipher', 'unsupported', (head) => head.writeUInt8(2, 5)),
	changed('a flag of the future', 'unsupported', (head) => head.writeUInt8(2, 6)),
	changed('another chunk size', 'unsupported', (head) => head.writeUInt16LE(4096, 18)),
	changed('a reserved byte', 'unsupported', (head) => head.writeUInt8(1, 159)),
	changed('a later format', 'unsupported', (head) => head.write('FBO2', 0, 'latin1')),
	changed('no manifest at all', 'bad-manifest', (head) => head.write('JSON', 0, 'latin1')),
	changed('a size of 0', 'bad-manifest', (head) => head.writeUInt32LE(0, 20)),
	changed('a size beyond every flash', 'bad-manifest', (head) => head.writeUInt32LE(0xffffffff, 20)),
	changed('a version that is none', 'bad-manifest', (head) =>
		head.fill(0, 24, 56).write('1.3', 24, 'latin1')
	),
	changed('a version with a leading zero', 'bad-manifest', (head) => head.write('1.03.0', 24, 'latin1')),
	changed('bytes behind the version', 'bad-manifest', (head) => head.writeUInt8(0x61, 55)),
	changed('no product', 'bad-manifest', (head) => head.fill(0, 56, 88)),
	changed('a product with a line break', 'bad-manifest', (head) => head.writeUInt8(10, 57))
];

function makersKeyId(head: Buffer) {
	createHash('sha256').update(modulusOf(maker)).digest().copy(head, 8, 0, 8);
}

const text = JSON.stringify(
	{
		public_key: modulusOf(maker).toString('hex'),
		device: { ...DEVICE, key: deviceKey.toString('hex') },
		cases
	},
	null,
	2
);
await writeFile(fileURLToPath(new URL('../tests/vectors/ota.json', import.meta.url)), `${text}\n`);
