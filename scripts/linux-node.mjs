// Builds the Linux device, firmware/apps/linux_node, with CMake; cached, so that tests may ask for it as often as they like.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const firmware = join(root, 'firmware');
const place = join(root, '.cache', 'linux-node');
const binary = join(place, 'fieldbench-node');
const stampFile = join(place, 'stamp.json');
const lock = join(root, '.cache', 'linux-node.lock');

/** What it is made of; a change of anything else builds nothing. */
const ROOMS = [
	'CMakeLists.txt',
	'hal',
	'core',
	'components',
	'sim',
	'apps/virtual_node',
	'apps/linux_node',
	'ports/linux',
	'ports/mbedtls'
];

/** Another process builds at the same time: this is how long it may take before it is taken for dead. */
const LOCK_STALE_MS = 300_000;
const LOCK_LOOK_MS = 200;

/** The first of a compiler's faults make the others. */
const MOST_SAID = 8000;

export class BuildError extends Error {}

/** @type {Promise<string> | undefined} */
let built;

/**
 * Builds when something changed since the last time, once a process: one run of the tests has one program.
 * @returns {Promise<string>} the program's path
 * @throws BuildError with the tools' own text
 */
export function linuxNode() {
	return (built ??= build());
}

async function build() {
	await mkdir(place, { recursive: true });
	await takeLock();
	try {
		const digest = await digestOf();
		if ((await readStamp()) === digest && (await exists(binary))) return binary;
		await run('cmake', ['-S', firmware, '-B', place]);
		await run('cmake', ['--build', place, '--target', 'fieldbench-node', '--parallel', '2']);
		await writeFile(stampFile, JSON.stringify({ digest }));
		return binary;
	} finally {
		await rm(lock, { recursive: true, force: true });
	}
}

async function digestOf() {
	const hash = createHash('sha256');
	for (const file of (await Promise.all(ROOMS.map(filesOf))).flat().sort())
		hash.update(`${relative(firmware, file).split(sep).join('/')}\0`).update(await readFile(file));
	return hash.digest('hex');
}

/** @param {string} room @returns {Promise<string[]>} */
async function filesOf(room) {
	const path = join(firmware, room);
	if ((await stat(path)).isFile()) return [path];
	const entries = await readdir(path, { recursive: true, withFileTypes: true });
	return entries
		.filter((e) => e.isFile() && /\.(h|cpp)$/u.test(e.name) && !e.name.endsWith('_test.cpp'))
		.map((e) => join(e.parentPath, e.name));
}

/** Test files run in processes of their own, and two builds in one folder spoil each other. A folder is made by one alone. */
async function takeLock() {
	for (;;) {
		try {
			await mkdir(lock);
			return;
		} catch (cause) {
			if (/** @type {NodeJS.ErrnoException} */ (cause).code !== 'EEXIST') throw cause;
		}
		const since = await stat(lock).then(
			(s) => s.mtimeMs,
			() => Date.now()
		);
		if (Date.now() - since > LOCK_STALE_MS) await rm(lock, { recursive: true, force: true });
		else await pause(LOCK_LOOK_MS); // between two looks, not instead of one
	}
}

async function readStamp() {
	try {
		return JSON.parse(await readFile(stampFile, 'utf8')).digest;
	} catch {
		return undefined; // never built, or half written: build again
	}
}

/** @param {string} file */
const exists = (file) =>
	stat(file).then(
		() => true,
		() => false
	);

/** @param {string} command @param {readonly string[]} args @returns {Promise<void>} */
function run(command, args) {
	return new Promise((resolve, reject) => {
		let said = '';
		const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
		for (const stream of [child.stdout, child.stderr])
			stream.on('data', (/** @type {Buffer} */ text) => (said += text.toString()));
		child.on('error', (cause) => reject(new BuildError(`${command}: ${cause.message}`)));
		child.on('exit', (code) =>
			code === 0
				? resolve()
				: reject(new BuildError(`${command} left with ${String(code)}\n${said.slice(0, MOST_SAID)}`))
		);
	});
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
	try {
		console.log(await linuxNode());
	} catch (cause) {
		if (!(cause instanceof BuildError)) throw cause;
		console.error(cause.message);
		process.exitCode = 1;
	}
}
