// `npm run coverage`: how much of the firmware's lines its host tests execute, by room; fails below 90 % of the core. Needs
// what the firmware's tests need, and gcov, which comes with g++.
import { execFileSync, spawnSync } from 'node:child_process';
import { readdirSync, rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const LEAST_OF_CORE = 0.9;
const root = fileURLToPath(new URL('..', import.meta.url));
const build = join(root, '.cache', 'firmware-coverage');

/** @param {string} program @param {string[]} args */
function run(program, args) {
	const { status, error } = spawnSync(program, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] });
	if (error !== undefined) throw error;
	if (status !== 0) process.exit(status ?? 1);
}

run('cmake', ['-S', 'firmware', '-B', build, '-DCMAKE_CXX_COMPILER=g++', '-DCMAKE_CXX_FLAGS=--coverage']);
// Counts of an earlier build do not belong to this one's lines.
for (const name of readdirSync(build, { recursive: true, encoding: 'utf8' }))
	if (name.endsWith('.gcda')) rmSync(join(build, name));
run('cmake', ['--build', build, '--target', 'firmware_tests', '-j', String(availableParallelism())]);
run(join(build, 'firmware_tests'), []);

/** File of ours → line → was it executed? @type {Map<string, Map<number, boolean>>} */
const files = new Map();
const counted = readdirSync(build, { recursive: true, encoding: 'utf8' }).filter((name) =>
	name.endsWith('.gcda')
);
for (const name of counted) {
	const text = execFileSync('gcov', ['--json-format', '--stdout', join(build, name)], {
		encoding: 'utf8',
		maxBuffer: 1 << 28
	});
	for (const { file, lines } of JSON.parse(text).files) {
		const ours = /\/firmware\/((?:core|components|sim|apps|ports\/(?!host))\/?.*)$/u.exec(file)?.[1];
		if (ours === undefined || ours.endsWith('_test.cpp')) continue;
		const seen = files.get(ours) ?? new Map();
		files.set(ours, seen);
		// A header's line counts as executed when any file that includes it did.
		for (const { line_number: line, count } of lines) seen.set(line, seen.get(line) === true || count > 0);
	}
}

/** @param {string} room */
function share(room) {
	const lines = [...files]
		.filter(([name]) => name.startsWith(room))
		.flatMap(([, seen]) => [...seen.values()]);
	const executed = lines.filter(Boolean).length;
	console.log(
		`${room.padEnd(12)} ${((100 * executed) / lines.length).toFixed(1)} % of ${lines.length} lines`
	);
	return executed / lines.length;
}

const core = share('core/');
for (const room of ['components/', 'sim/', 'apps/', 'ports/']) share(room);
process.exitCode = core >= LEAST_OF_CORE ? 0 : 1;
