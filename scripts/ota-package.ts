// `npm run ota:package -- --help`: signs firmware for updates over the air, and wraps a content key for one device (docs/ota.md §8).
import { createPrivateKey, type KeyObject } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { CHIP_IDS, parseAppImage, PRACTICE_CHIP_ID } from '$lib/formats';
import { deviceKeyOf, makeOtaPackage, packageFile, readPackageFile, wrapOtaKey } from './ota/package';

/** In the head of a package for apps/linux_node. */
export const LINUX_CHIP_ID = 0xfb01;
const IMAGE_HEADER_BYTES = 24;
const IMAGE_MAGIC = 0xe9;
const MAX_IMAGE_BYTES = 16 << 20;
const MAX_TEXT_BYTES = 32;
/** https://semver.org, "Is there a suggested regular expression"; without its groups. */
const VERSION =
	/^(0|[1-9]\d*)(\.(0|[1-9]\d*)){2}(-(0|[1-9]\d*|\d*[a-zA-Z-][\dA-Za-z-]*)(\.(0|[1-9]\d*|\d*[a-zA-Z-][\dA-Za-z-]*))*)?(\+[\dA-Za-z-]+(\.[\dA-Za-z-]+)*)?$/u;

const CHIPS: ReadonlyMap<string, number> = new Map([
	...Object.entries(CHIP_IDS).flatMap(([family, id]): [string, number][] =>
		id === PRACTICE_CHIP_ID ? [] : [[family.toLowerCase().replaceAll('-', ''), id]]
	),
	['linux', LINUX_CHIP_ID],
	['practice', PRACTICE_CHIP_ID]
]);

export const HELP = `npm run ota:package -- --image FILE --chip NAME --key FILE --out FILE [options]
npm run ota:package -- --wrap FILE --content-key FILE --secret FILE --device ID

The first makes a signed package, the second tells the content key wrapped for one device (base64, for ota.begin).

  --image FILE         what is to run: an application image; for linux any file
  --chip NAME          ${[...CHIPS.keys()].join(', ')}
  --key FILE           the maker's private key, PEM, RSA of 2,048 bits: openssl genrsa -out maker.pem 2048
  --out FILE           the package, docs/ota.md §8
  --version VERSION    semantic version (what the image says of itself)
  --product NAME       what it is for (fieldbench-node)
  --content-key FILE   encrypts; 64 hex digits: openssl rand -hex 32 > content.key
  --allow-downgrade    an older version than the one that runs is taken too
  --wrap FILE          a package made with this content key
  --secret FILE        the device's secret, 64 hex digits; --device: its id
  --help               this
`;

/** What the command line asked for does not fit; the message says what to do. */
export class PackageError extends Error {}

/**
 * Does what the command line asks.
 * @param args without the program's own name
 * @returns what to tell
 * @throws PackageError in words; nothing was written then
 */
export async function runOtaPackage(args: readonly string[]): Promise<string> {
	const options = optionsOf(args);
	if (options.help) return HELP;
	return options.wrap === undefined ? sign(options) : wrap(options.wrap, options);
}

type Options = ReturnType<typeof optionsOf>;

function optionsOf(args: readonly string[]) {
	try {
		const text = { type: 'string' } as const;
		return parseArgs({
			args: [...args],
			options: {
				image: text,
				chip: text,
				key: text,
				out: text,
				version: text,
				product: { ...text, default: 'fieldbench-node' },
				'content-key': text,
				'allow-downgrade': { type: 'boolean', default: false },
				wrap: text,
				secret: text,
				device: text,
				help: { type: 'boolean', default: false }
			}
		}).values;
	} catch (cause) {
		throw new PackageError((cause as Error).message);
	}
}

async function sign(options: Options): Promise<string> {
	const name = wanted(options.chip, '--chip');
	const chip = CHIPS.get(name);
	if (chip === undefined)
		throw new PackageError(`--chip: "${name}" is none of ${[...CHIPS.keys()].join(', ')}`);
	const out = wanted(options.out, '--out');
	const file = wanted(options.image, '--image');
	const { image, version } = imageFor(chip, await read(file, '--image'), options.version, file);
	const { product } = options;
	if (!/^[\x20-\x7e]{1,32}$/u.test(product))
		throw new PackageError('--product: 1 to 32 characters of ASCII are wanted');
	const contentKey = options['content-key'] && (await hexFile(options['content-key'], '--content-key'));
	const made = makeOtaPackage({
		...{ image, version, product, chip },
		signingKey: await signingKey(options.key),
		contentKey: contentKey || undefined,
		allowDowngrade: options['allow-downgrade']
	});
	const bytes = packageFile(made);
	await writeFile(out, bytes);
	const sealed = contentKey ? 'encrypted' : 'not encrypted';
	return `${out}: ${product} ${version} for ${name}, ${image.length} bytes in ${made.chunks.length} chunks, ${sealed}\n`;
}

function imageFor(chip: number, bytes: Buffer, asked: string | undefined, file: string) {
	const image = chip === LINUX_CHIP_ID ? linuxImage(bytes) : bytes;
	const parsed = chip === LINUX_CHIP_ID ? undefined : parseAppImage(image);
	if (parsed && !parsed.ok)
		throw new PackageError(`--image: ${file} is no application image (${parsed.error.kind})`);
	const app = parsed?.value;
	if (app && app.chipId !== chip)
		throw new PackageError(`--image: ${file} is for ${app.family ?? `chip ${app.chipId}`}, not for --chip`);
	if (app && (!app.checksumOk || app.hash.kind === 'wrong'))
		throw new PackageError(`--image: ${file} is damaged: its checksum or digest is another`);
	if (image.length > MAX_IMAGE_BYTES) throw new PackageError(`--image: ${file} has more than 16 MiB`);
	const version = asked ?? app?.descriptor?.version ?? '';
	if (!VERSION.test(version) || version.length > MAX_TEXT_BYTES)
		throw new PackageError(
			`--version: a semantic version of at most 32 characters is wanted, such as 1.3.0, not "${version}"`
		);
	return { image, version };
}

/** Any bytes behind a header as a chip's images have it, for a device looks at magic byte and chip. */
function linuxImage(program: Buffer): Buffer {
	const header = Buffer.alloc(IMAGE_HEADER_BYTES);
	header.writeUInt8(IMAGE_MAGIC, 0);
	header.writeUInt16LE(LINUX_CHIP_ID, 12);
	return Buffer.concat([header, program]);
}

async function wrap(file: string, options: Options): Promise<string> {
	const made = readPackageFile(await read(file, '--wrap'));
	if (!made) throw new PackageError(`--wrap: ${file} is no package, or is cut`);
	if (made.manifest[5] !== 1)
		throw new PackageError(`--wrap: ${file} is not encrypted: ota.begin wants no key`);
	const contentKey = await hexFile(wanted(options['content-key'], '--content-key'), '--content-key');
	const secret = await hexFile(wanted(options.secret, '--secret'), '--secret');
	const deviceKey = deviceKeyOf(secret, wanted(options.device, '--device'));
	return `${wrapOtaKey(contentKey, deviceKey, made.manifest).toString('base64')}\n`;
}

async function signingKey(file: string | undefined): Promise<KeyObject> {
	const name = wanted(file, '--key');
	const pem = await read(name, '--key');
	let key: KeyObject;
	try {
		key = createPrivateKey(pem);
	} catch {
		throw new PackageError(`--key: ${name} is no private key in PEM without a password`);
	}
	const { modulusLength, publicExponent } = key.asymmetricKeyDetails ?? {};
	if (key.asymmetricKeyType !== 'rsa' || modulusLength !== 2048 || publicExponent !== 65_537n)
		throw new PackageError(`--key: ${name} is no RSA key of 2,048 bits with the exponent 65537`);
	return key;
}

function wanted(value: string | undefined, option: string): string {
	if (!value) throw new PackageError(`${option} is wanted; --help tells all`);
	return value;
}

async function read(file: string, option: string): Promise<Buffer> {
	try {
		return await readFile(file);
	} catch (cause) {
		throw new PackageError(`${option}: ${(cause as Error).message}`);
	}
}

async function hexFile(file: string, option: string): Promise<Buffer> {
	const text = (await read(file, option)).toString('latin1').trim();
	if (!/^[0-9a-f]{64}$/iu.test(text)) throw new PackageError(`${option}: ${file} has no 64 hex digits`);
	return Buffer.from(text, 'hex');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
	try {
		process.stdout.write(await runOtaPackage(process.argv.slice(2)));
	} catch (cause) {
		if (!(cause instanceof PackageError)) throw cause;
		console.error(`ota:package: ${cause.message}`);
		process.exitCode = 64;
	}
}
