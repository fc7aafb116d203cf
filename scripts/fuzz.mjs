// Fuzzes what the firmware reads: `node scripts/fuzz.mjs [options]`, see HELP.
//
// One library of the core, compiled once with the fuzzer's coverage, and a small program for each target; both are kept until
// their sources change. The seed is fixed, so that the same program does the same each time.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { findFuzzingClang, fuzzingClangAdvice } from './find-fuzzing-clang.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const firmware = join(root, 'firmware');
const fuzz = join(firmware, 'fuzz');
const place = join(root, '.cache', 'fuzz');
const stampFile = join(place, 'stamp.json');
const artefacts = join(root, 'test-results', 'fuzz');

/** What every target may use: its sources are the library, its headers are part of all. */
const ROOMS = ['hal', 'core', 'components', 'sim', 'apps/virtual_node', 'ports/host'];
const LIBRARY_ROOMS = ['core', 'components', 'sim', 'apps/virtual_node'];

const FLAGS = [
	'-std=gnu++17',
	'-O1',
	'-g1',
	'-Wall',
	'-Wextra',
	'-Werror',
	'-fno-rtti',
	'-fno-omit-frame-pointer',
	'-fsanitize=fuzzer-no-link,address,undefined',
	'-fno-sanitize-recover=all',
	'-I.'
];

/** Executions of each for one of `config`, so that all take about as long: some thousand times a second and more. */
const SPEED = new Map([
	['batch', 30],
	['config', 1],
	['fragments', 5],
	['improv', 30],
	['json', 60],
	['modbus', 40],
	['ota', 10],
	['rules', 60],
	['serial', 20],
	['telemetry_log', 1]
]);
const PLAIN_SPEED = 10;
/** No target has less of them than this, however slow: the slowest read what a device cannot do without. */
const LEAST_SHARE = 0.02;
const SHORT_RUNS = 400_000;

const MAX_INPUT_BYTES = 2048;
/** A target that takes longer over one input does not end, as far as a device's watchdog is concerned. */
const INPUT_TIMEOUT_S = 20;
const SEED = 1;

const HELP = `node scripts/fuzz.mjs [options]

  --only NAME     only this target; may be given more than once
  --runs N        executions over all targets, ${SHORT_RUNS} by default
  --seconds S     each target for so long instead
  --input FILE    one input, as one that was kept in test-results/fuzz; needs --only
  --report FILE   writes how many targets passed and failed, as JSON
  --list          names the targets

What a target does not stand is kept in test-results/fuzz.
`;

/** @typedef {{ name: string, ok: boolean, executions: number, perSecond: number, said: string }} Outcome */

class BuildError extends Error {}

const { values: asked } = parseArgs({
	options: {
		only: { type: 'string', multiple: true, default: [] },
		runs: { type: 'string', default: String(SHORT_RUNS) },
		seconds: { type: 'string' },
		input: { type: 'string' },
		report: { type: 'string' },
		list: { type: 'boolean', default: false },
		help: { type: 'boolean', default: false }
	}
});
const all = (await readdir(fuzz))
	.filter((file) => file.endsWith('_fuzz.cpp'))
	.map((file) => file.replace('_fuzz.cpp', ''))
	.sort();
const unknown = asked.only.filter((name) => !all.includes(name));
const amounts = [asked.runs, asked.seconds ?? '1'].map(Number);
if (asked.help) process.stdout.write(HELP);
else if (asked.list) console.log(all.join('\n'));
else if (unknown.length > 0) leave(`There is no target ${unknown.join(', ')}.`);
else if (!amounts.every((amount) => Number.isInteger(amount) && amount > 0))
	leave('Executions and seconds are whole numbers.');
else if (asked.input !== undefined && asked.only.length !== 1) leave('--input needs one --only.');
else await fuzzAll(asked.only.length > 0 ? all.filter((name) => asked.only.includes(name)) : all);

/** @param {string} why */
function leave(why) {
	process.stderr.write(`${why}\n\n${HELP}`);
	process.exitCode = 2;
}

/** @param {readonly string[]} names */
async function fuzzAll(names) {
	const clang = findFuzzingClang();
	if (clang === undefined) {
		console.error(`A clang++ with libFuzzer is missing. ${fuzzingClangAdvice}`);
		process.exitCode = 1;
		return;
	}
	const startMs = performance.now();
	try {
		const built = await build(clang, names);
		if (built > 0) console.log(`fuzz: built in ${((performance.now() - startMs) / 1000).toFixed(1)} s`);
	} catch (cause) {
		if (!(cause instanceof BuildError)) throw cause;
		console.error(cause.message);
		process.exitCode = 1;
		return;
	}
	if (asked.input !== undefined) {
		const { said, ok } = await execute(names[0] ?? '', [asked.input]);
		console.log(said);
		process.exitCode = ok ? 0 : 1;
		return;
	}
	const total = speedOf(names);
	/** @type {Outcome[]} */
	const outcomes = [];
	await inTurn(names, async (name) => {
		const share = Math.max(LEAST_SHARE, (SPEED.get(name) ?? PLAIN_SPEED) / total);
		const runs = Math.ceil(Number(asked.runs) * share);
		const amount = asked.seconds === undefined ? `-runs=${runs}` : `-max_total_time=${asked.seconds}`;
		const outcome = await run(name, amount);
		outcomes.push(outcome);
		const count = `${outcome.executions} executions, ${outcome.perSecond}/s`;
		console.log(`${outcome.ok ? 'ok  ' : 'FAIL'}  ${name}: ${count}`);
		if (!outcome.ok) console.log(outcome.said);
	});
	const failed = outcomes.filter(({ ok }) => !ok).length;
	const executions = outcomes.reduce((sum, outcome) => sum + outcome.executions, 0);
	const seconds = ((performance.now() - startMs) / 1000).toFixed(1);
	console.log(`fuzz: ${executions} executions of ${names.length} targets in ${seconds} s, ${failed} failed`);
	if (asked.report !== undefined)
		await writeFile(asked.report, JSON.stringify({ passed: outcomes.length - failed, failed, executions }));
	process.exitCode = failed > 0 ? 1 : 0;
}

/** @param {readonly string[]} names */
function speedOf(names) {
	return names.reduce((sum, name) => sum + (SPEED.get(name) ?? PLAIN_SPEED), 0);
}

/** @param {string} name @param {string} amount @returns {Promise<Outcome>} */
async function run(name, amount) {
	await mkdir(artefacts, { recursive: true });
	// What it finds goes to a folder that is thrown away, or the seeds would grow with each run.
	const found = await mkdtemp(join(tmpdir(), 'fieldbench-fuzz-'));
	try {
		const seeds = join(fuzz, 'corpus', name);
		await mkdir(seeds, { recursive: true });
		const { said, ok } = await execute(name, [
			amount,
			`-seed=${SEED}`,
			`-max_len=${MAX_INPUT_BYTES}`,
			`-timeout=${INPUT_TIMEOUT_S}`,
			`-dict=${join(fuzz, 'json.dict')}`,
			`-artifact_prefix=${artefacts}${sep}${name}-`,
			'-print_final_stats=1',
			'-reduce_inputs=0',
			found,
			seeds
		]);
		const stat = (/** @type {string} */ which) =>
			Number(new RegExp(`stat::${which}:\\s+(\\d+)`, 'u').exec(said)?.[1] ?? 0);
		const executions = stat('number_of_executed_units');
		return {
			name,
			ok,
			executions,
			perSecond: stat('average_exec_per_sec'),
			said: ok ? '' : faultOf(name, said)
		};
	} finally {
		await rm(found, { recursive: true, force: true });
	}
}

/** What went wrong, where, and how to see it again. @param {string} name @param {string} said */
function faultOf(name, said) {
	const telling = /does not hold|ERROR|runtime error|SUMMARY|^\s+#\d+ .*firmware\//u;
	const lines = said.split('\n').filter((line) => telling.test(line));
	const kept = /Test unit written to (\S+)/u.exec(said)?.[1];
	const again =
		kept === undefined ? [] : [`again: node scripts/fuzz.mjs --only ${name} --input ${relative(root, kept)}`];
	return [...(lines.length > 0 ? lines : [said.slice(-2000)]), ...again]
		.map((line) => `      ${line}`)
		.join('\n');
}

/** @param {string} name @param {readonly string[]} args */
async function execute(name, args) {
	const child = spawn(join(place, name), args, { stdio: ['ignore', 'ignore', 'pipe'] });
	let said = '';
	// A line for each new input is more than anyone reads.
	child.stderr.on('data', (/** @type {Buffer} */ text) => {
		const rest = said + text.toString();
		said = rest.length > 200_000 ? rest.slice(-100_000) : rest;
	});
	const [code] = await once(child, 'close');
	return { said, ok: code === 0 };
}

/** Builds what changed. @param {string} clang @param {readonly string[]} names @returns {Promise<number>} programs made */
async function build(clang, names) {
	await mkdir(place, { recursive: true });
	const version = await compile(clang, ['--version']);
	const files = (await Promise.all(ROOMS.map(filesOf))).flat();
	files.push(...(await readdir(fuzz)).filter((file) => file.endsWith('.h')).map((file) => `fuzz/${file}`));
	const shared = createHash('sha256').update(JSON.stringify([version, FLAGS]));
	for (const file of files.sort()) shared.update(`${file}\0`).update(await readFile(join(firmware, file)));
	const library = shared.digest('hex');
	const stamps = await readStamps();
	if (stamps.library !== library) {
		const sources = files.filter((file) => file.endsWith('.cpp') && inLibrary(file));
		const unity = join(place, 'library.cpp');
		await writeFile(unity, sources.map((file) => `#include "${file}"\n`).join(''));
		// The core is compiled as it is on a device; the targets may throw, since the JSON oracle does.
		await compile(clang, [...FLAGS, '-fno-exceptions', '-c', unity, '-o', join(place, 'library.o')]);
		stamps.library = library;
	}
	let built = 0;
	await inTurn(names, async (name) => {
		const source = join('fuzz', `${name}_fuzz.cpp`);
		const digest = createHash('sha256')
			.update(library)
			.update(await readFile(join(firmware, source)))
			.digest('hex');
		if (stamps[name] === digest) return;
		const part = join(place, `${name}.${process.pid}.part`);
		await compile(clang, [...FLAGS, '-fsanitize=fuzzer', source, join(place, 'library.o'), '-o', part]);
		await rename(part, join(place, name));
		stamps[name] = digest;
		built++;
	}).finally(() => writeFile(stampFile, JSON.stringify(stamps)));
	return built;
}

/** @param {string} file */
function inLibrary(file) {
	return LIBRARY_ROOMS.some((room) => file.startsWith(`${room}/`));
}

/** @param {string} room @returns {Promise<string[]>} paths from firmware/ */
async function filesOf(room) {
	const entries = await readdir(join(firmware, room), { recursive: true, withFileTypes: true });
	return entries
		.filter((e) => e.isFile() && /\.(h|cpp)$/u.test(e.name) && !e.name.endsWith('_test.cpp'))
		.map((e) => relative(firmware, join(e.parentPath, e.name)).split(sep).join('/'));
}

/** @returns {Promise<Record<string, string>>} */
async function readStamps() {
	try {
		return JSON.parse(await readFile(stampFile, 'utf8'));
	} catch {
		return {}; // never built, or half written: build again
	}
}

/** @param {string} clang @param {readonly string[]} args @returns {Promise<string>} what it wrote */
async function compile(clang, args) {
	const child = spawn(clang, args, { cwd: firmware, stdio: ['ignore', 'pipe', 'pipe'] });
	let said = '';
	for (const stream of [child.stdout, child.stderr])
		stream.on('data', (/** @type {Buffer} */ text) => (said += text.toString()));
	const [code] = await once(child, 'close');
	if (code !== 0) throw new BuildError(said.slice(0, 8000));
	return said;
}

/** As many at once as there are processors. @param {readonly string[]} names @param {(name: string) => Promise<void>} work */
async function inTurn(names, work) {
	const left = [...names];
	const worker = async () => {
		for (let name = left.shift(); name !== undefined; name = left.shift()) await work(name);
	};
	await Promise.all(Array.from({ length: Math.max(1, availableParallelism()) }, worker));
}
