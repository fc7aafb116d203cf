// Where the compiler for the fuzzers is: a clang++ with libFuzzer's runtime, which Apple's has not.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Where Homebrew puts LLVM's own without a place on PATH. */
const PLACES = ['/opt/homebrew/opt/llvm/bin', '/usr/local/opt/llvm/bin'];

/** @returns {string | undefined} the compiler's path; undefined where there is none */
export function findFuzzingClang() {
	const folders = [...(process.env.PATH ?? '').split(delimiter).filter(Boolean), ...PLACES];
	return folders.map((folder) => join(folder, 'clang++')).find((path) => existsSync(path) && hasFuzzer(path));
}

/** What to tell a person who has none. */
export const fuzzingClangAdvice =
	'Debian: apt-get install clang libclang-rt-dev llvm (llvm names the lines of a crash); macOS: brew install llvm';

/** @param {string} clang */
function hasFuzzer(clang) {
	const { stdout, status } = spawnSync(clang, ['--print-runtime-dir'], { encoding: 'utf8' });
	if (status !== 0) return false;
	try {
		return readdirSync(stdout.trim()).some((name) => name.startsWith('libclang_rt.fuzzer'));
	} catch {
		return false; // the compiler without its runtime
	}
}
