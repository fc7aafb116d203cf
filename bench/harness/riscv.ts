import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { withCleanUp } from './clean-up';

export const run = promisify(execFile);

export const FIRMWARE = fileURLToPath(new URL('../../firmware', import.meta.url));
export const PROGRAMS = fileURLToPath(new URL('../native/footprint', import.meta.url));

/** An ESP32-C3's: RV32IMC without floating point. Debian's gcc-riscv64-unknown-elf and picolibc-riscv64-unknown-elf. */
export const PREFIX = 'riscv64-unknown-elf-';
export const TARGET = ['--specs=picolibc.specs', '-march=rv32imc', '-mabi=ilp32'];
export const FLAGS = [
	...TARGET,
	...['-std=gnu++17', '-Os', '-ffunction-sections', '-fdata-sections'],
	...['-fno-exceptions', '-fno-rtti', '-fno-threadsafe-statics'],
	// There is no libstdc++ for it: the host's headers, told that they are for a chip.
	...['-nostdinc++', `-I${join(PROGRAMS, 'libstdc++')}`]
];
/** A C3's flash and RAM as it maps them, large enough that everything fits. */
export const PLACES = [
	'__flash=0x42000000',
	'__flash_size=0x400000',
	'__ram=0x3fc80000',
	'__ram_size=0x60000'
].map((place) => `-Wl,--defsym=${place}`);
export const LIBRARIES = ['-lc', '-lm', '-lgcc', '-lc'];
/** Everything stays, also what nothing calls, and what only a body would bring lies at 0. */
const LINK_ALL = [
	...['-nostartfiles', '-nostdlib', '-Wl,--no-gc-sections', '-Wl,-e,0'],
	...['-Wl,--unresolved-symbols=ignore-all', '-Wl,-z,muldefs']
];

/**
 * The firmware's core, all components and what they use of libc, libm and libgcc, as an ESP32-C3 has them in its flash: code
 * and constants, without ESP-IDF and without an image's header. It cannot run.
 */
export function firmwareCode(signal: AbortSignal): Promise<Uint8Array> {
	return withCleanUp(async (atEnd) => {
		const folder = await mkdtemp(join(tmpdir(), 'fieldbench-riscv-'));
		atEnd(() => rm(folder, { recursive: true, force: true }));
		const headers = await hostHeaders(signal);
		const core = join(folder, 'core.cpp');
		await writeFile(core, (await sources('core')).map((file) => `#include "core/${file}"\n`).join(''));
		const all = [core];
		for (const room of await readdir(join(FIRMWARE, 'components')))
			for (const file of await sources(`components/${room}`))
				all.push(join(FIRMWARE, 'components', room, file));
		const objects: string[] = [];
		for (const source of all) {
			const out = join(folder, `${objects.length}.o`);
			await run(`${PREFIX}g++`, [...FLAGS, ...headers, `-I${FIRMWARE}`, '-c', source, '-o', out], { signal });
			objects.push(out);
		}
		const linked = join(folder, 'app.elf');
		const image = join(folder, 'app.bin');
		const link = [...TARGET, ...LINK_ALL, ...PLACES, ...objects, ...LIBRARIES, '-o', linked];
		await run(`${PREFIX}g++`, link, { signal });
		await run(`${PREFIX}objcopy`, ['-O', 'binary', '-j', '.text', '-j', '.data', linked, image], { signal });
		return readFile(image);
	});
}

/** A room's own sources, without their tests. */
export async function sources(room: string): Promise<readonly string[]> {
	const files = await readdir(join(FIRMWARE, room));
	return files.filter((file) => file.endsWith('.cpp') && !file.endsWith('_test.cpp')).sort();
}

/** Where the host's g++ has libstdc++, without what is the host's own. */
export async function hostHeaders(signal: AbortSignal): Promise<readonly string[]> {
	const { stderr } = await run('sh', ['-c', 'g++ -E -v -x c++ /dev/null > /dev/null'], { signal });
	const found = stderr.match(/^ \S*\/c\+\+\/\S+$/gmu) ?? [];
	return found.map((line) => `-I${line.trim()}`).filter((flag) => !flag.endsWith('/backward'));
}
