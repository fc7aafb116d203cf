// Builds the virtual device: firmware/ core, components and the WebAssembly port into one WASI reactor.
//
// A unity build, because each run of the packaged clang costs more than a second before it has read a line of ours; and a
// cached one: nothing is done while sources, compiler and flags are what they were.
import { createHash } from 'node:crypto';
import { mkdir, readFile, readdir, rename, stat, writeFile } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const firmware = join(root, 'firmware');
const stampFile = join(root, '.cache', 'firmware-wasm.json');

/** What `npm run firmware` makes; git ignores it. */
export const wasmFile = join(root, 'static', 'firmware', 'virtual', 'fieldbench.wasm');

/** The rooms of firmware/ that this body is made of. */
const ROOMS = ['hal', 'core', 'components', 'sim', 'apps/virtual_node', 'ports/wasm'];

const FLAGS = [
	'--target=wasm32-wasip1',
	'-mexec-model=reactor',
	'-std=gnu++17',
	'-Oz',
	'-fno-exceptions',
	'-fno-rtti',
	'-fno-threadsafe-statics',
	'-ffp-contract=off',
	// Views and other pairs travel in two values, not through memory: a tenth of the code. An ABI that the libraries do not have; where one
	// of their functions took or gave such a pair, the linker would see another signature and warn.
	'-mmultivalue',
	'-Xclang',
	'-target-abi',
	'-Xclang',
	'experimental-mv',
	'-Wl,--fatal-warnings',
	'-Wall',
	'-Wextra',
	'-Werror',
	// A chip's main task has 8 KB for all of them.
	'-Wframe-larger-than=1024',
	'-DNDEBUG',
	'-Wl,--strip-all',
	'-Wl,-z,stack-size=131072',
	'-Wl,--initial-memory=1048576',
	'-Wl,--max-memory=268435456',
	// The host sets it back after a trap, so that other devices of the instance go on.
	'-Wl,--export=__stack_pointer'
];

/**
 * Builds when something changed.
 * @returns {Promise<{ bytes: number; ms: number; cached: boolean }>}
 * @throws CompileError with the compiler's own text
 */
export async function buildFirmware() {
	const startMs = performance.now();
	const sources = await readSources();
	const digest = await digestOf(sources);
	const before = await readStamp();
	if (before?.digest === digest) {
		const bytes = await sizeOf(wasmFile);
		// A file of another size is not what we made, whatever the stamp says.
		if (bytes === before.bytes) return { bytes, ms: performance.now() - startMs, cached: true };
	}
	const wasm = await compile(sources);
	await writeWhole(wasmFile, wasm);
	await writeWhole(stampFile, JSON.stringify({ digest, bytes: wasm.length }));
	return { bytes: wasm.length, ms: performance.now() - startMs, cached: false };
}

export class CompileError extends Error {}

/** @returns {Promise<Map<string, string>>} path inside firmware/ with forward slashes → text, in a fixed order */
async function readSources() {
	const found = new Map();
	for (const room of ROOMS) {
		const entries = await readdir(join(firmware, room), { recursive: true, withFileTypes: true }).catch(
			missing
		);
		for (const entry of entries) {
			if (!entry.isFile() || !/\.(h|cpp)$/u.test(entry.name) || entry.name.endsWith('_test.cpp')) continue;
			const file = join(entry.parentPath, entry.name);
			found.set(relative(firmware, file).split(sep).join('/'), await readFile(file, 'utf8'));
		}
	}
	return new Map([...found].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** A room that is not there yet is empty. @param {NodeJS.ErrnoException} cause @returns {import('node:fs').Dirent[]} */
function missing(cause) {
	if (cause.code !== 'ENOENT') throw cause;
	return [];
}

/** @param {Map<string, string>} sources */
async function digestOf(sources) {
	const hash = createHash('sha256').update(JSON.stringify([await compilerVersion(), FLAGS]));
	for (const [path, text] of sources) hash.update(`${path}\0${text}\0`);
	return hash.digest('hex');
}

/** The package does not export its package.json, so it is read beside the package's entry. */
async function compilerVersion() {
	const entry = import.meta.resolve('@yowasp/clang');
	return JSON.parse(await readFile(new URL('../package.json', entry), 'utf8')).version;
}

/** @param {Map<string, string>} sources @returns {Promise<Uint8Array>} */
async function compile(sources) {
	const { commands, Exit } = await import('@yowasp/clang');
	const unity = [...sources.keys()].filter((p) => p.endsWith('.cpp')).map((p) => `#include "${p}"\n`);
	/** @type {import('@yowasp/clang').Tree} */
	const tree = { 'unity.cpp': unity.join('') };
	for (const [path, text] of sources) {
		const parts = path.split('/');
		const name = /** @type {string} */ (parts.pop());
		let folder = tree;
		for (const part of parts) folder = /** @type {typeof tree} */ (folder[part] ??= {});
		folder[name] = text;
	}
	const said = new TextDecoder();
	let text = '';
	try {
		const made = await commands['clang++']([...FLAGS, '-I.', 'unity.cpp', '-o', 'out.wasm'], tree, {
			fetchProgress: () => {},
			stderr: (bytes) => (text += bytes ? said.decode(bytes, { stream: true }) : ''),
			stdout: (bytes) => (text += bytes ? said.decode(bytes, { stream: true }) : '')
		});
		const wasm = made?.['out.wasm'];
		if (!(wasm instanceof Uint8Array)) throw new CompileError(`no module came out\n${text}`);
		return wasm;
	} catch (cause) {
		if (cause instanceof Exit) throw new CompileError(text || `clang left with code ${cause.code}`);
		throw cause;
	}
}

async function readStamp() {
	try {
		return JSON.parse(await readFile(stampFile, 'utf8'));
	} catch {
		return undefined; // never built, or half written: build again
	}
}

/** @param {string} file */
const sizeOf = (file) =>
	stat(file).then(
		(s) => s.size,
		() => -1
	);

/** Two builds at once must not leave half a file. @param {string} file @param {string | Uint8Array} content */
async function writeWhole(file, content) {
	await mkdir(dirname(file), { recursive: true });
	const part = `${file}.${process.pid}.part`;
	await writeFile(part, content);
	await rename(part, file);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
	try {
		const { bytes, ms, cached } = await buildFirmware();
		const kib = (bytes / 1024).toFixed(1);
		console.log(
			`firmware: fieldbench.wasm ${kib} KiB, ${cached ? 'unchanged' : 'built'} in ${(ms / 1000).toFixed(1)} s`
		);
	} catch (cause) {
		if (!(cause instanceof CompileError)) throw cause;
		console.error(cause.message);
		process.exitCode = 1;
	}
}
