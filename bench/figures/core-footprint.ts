import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Figure, Row } from '../figure';
import { withCleanUp } from '../harness/clean-up';
import {
	FIRMWARE,
	FLAGS,
	hostHeaders,
	LIBRARIES,
	PLACES,
	PREFIX,
	PROGRAMS,
	run,
	sources,
	TARGET
} from '../harness/riscv';

/** What the core is given has an address and no size. */
const GIVEN = ['hal', 'board_hal', 'identity', 'trust', 'now', 'text'].map(
	(name) => `-Wl,--defsym=footprint_${name}=0x3fc80000`
);
const LINK = ['-nostartfiles', '-nostdlib', '-Wl,--gc-sections', '-Wl,-e,main', ...GIVEN, ...PLACES];

const RAM_TARGET_BYTES = 24 * 1024;
const TEXT_TARGET_KB = 120;

/** What the core takes of a chip. It is compiled and linked for one, and looked at; nothing runs. */
export const coreFootprint: Figure = {
	name: 'core-static-ram-bytes',
	measure: ({ signal, say }) =>
		withCleanUp(async (atEnd) => {
			const folder = await mkdtemp(join(tmpdir(), 'fieldbench-footprint-'));
			atEnd(() => rm(folder, { recursive: true, force: true }));
			const headers = await hostHeaders(signal);
			const object = async (source: string, name: string) => {
				const out = join(folder, `${name}.o`);
				await run(`${PREFIX}g++`, [...FLAGS, ...headers, `-I${FIRMWARE}`, '-c', source, '-o', out], {
					signal
				});
				return out;
			};
			say('compiling');
			const all = join(folder, 'all.cpp');
			await writeFile(all, (await sources('core')).map((file) => `#include "core/${file}"\n`).join(''));
			const objects = [
				await object(join(PROGRAMS, 'core.cpp'), 'core'),
				await object(all, 'all'),
				await object(join(PROGRAMS, 'absent.cpp'), 'absent')
			];
			const sizesOf = async (name: string) =>
				symbols(await output(`${PREFIX}nm`, '-S', await object(join(PROGRAMS, `${name}.cpp`), name)));
			const components = await sizesOf('components');
			const parts = await sizesOf('parts');
			say('linking');
			const linked = join(folder, 'core.elf');
			const map = await output(
				`${PREFIX}g++`,
				...[...TARGET, ...LINK, ...objects, ...LIBRARIES, '-Wl,-M', '-o', linked]
			);
			const sections = sizes(await output(`${PREFIX}size`, '-A', linked));
			const held = symbols(await output(`${PREFIX}nm`, '-S', linked));
			return [
				ramRow(sections, held, parts),
				textRow(sections, map),
				...componentRows(components, await folders('components'))
			];

			async function output(command: string, ...args: string[]): Promise<string> {
				return (await run(command, args, { signal, maxBuffer: 64_000_000 })).stdout;
			}
		})
};

function ramRow(
	sections: ReadonlyMap<string, number>,
	held: ReadonlyMap<string, number>,
	parts: ReadonlyMap<string, number>
): Row {
	const bytes = of(sections, '.bss') + of(sections, '.data');
	const device = of(held, 'footprint_device');
	const board = of(held, 'footprint_board');
	const largest = [...parts].sort(([, a], [, b]) => b - a).map(([name, size]) => `${name} ${size}`);
	const isPart = (line: string) => !/^part_(BatchUplink|HttpApi) /u.test(line);
	const besides = largest.filter((line) => !isPart(line)).map((line) => line.replace('part_', ''));
	return {
		name: 'core-static-ram-bytes',
		value: bytes,
		unit: 'B',
		peers: {},
		target: { kind: 'at-most', value: RAM_TARGET_BYTES },
		runs: [bytes],
		notes: [
			`Device ${device}, Board ${board}, other objects of the core and its libraries ${bytes - device - board}`,
			`of them: ${largest.filter(isPart).slice(0, 8).join(', ').replaceAll('part_', '')}`,
			`not in it, where they are used: ${besides.join(', ')} with its buffer`
		]
	};
}

function textRow(sections: ReadonlyMap<string, number>, map: string): Row {
	const kb = (of(sections, '.text') + of(sections, '.data')) / 1000;
	const own = codeOf(map, /\/(?:core|all)\.o$/u);
	const libraries = codeOf(map, /\/lib(?:c|m|gcc)\.a\(/u);
	if (own === 0 || libraries === 0) throw new Error("the linker's map is not as it was");
	return {
		name: 'core-text-kb',
		value: kb,
		unit: 'kB',
		peers: {},
		target: { kind: 'at-most', value: TEXT_TARGET_KB },
		runs: [kb],
		notes: [
			`code and constants: the core ${own / 1000}, libgcc (arithmetic of doubles) and libc ${libraries / 1000}`
		]
	};
}

function componentRows(sized: ReadonlyMap<string, number>, present: readonly string[]): readonly Row[] {
	const entry = of(sized, 'footprint_entry');
	// One that was forgotten in components.cpp throws.
	return present.map((name) => {
		const own = of(sized, `component_${name}`);
		return {
			name: `per-component-ram-bytes-${name}`,
			value: own + entry,
			unit: 'B',
			peers: {},
			runs: [own + entry],
			notes: [`its own ${own}`]
		};
	});
}

/** Bytes of code and constants that stay of the files that match, from the linker's map. */
function codeOf(map: string, file: RegExp): number {
	const memory = map.split('Linker script and memory map')[1] ?? '';
	let bytes = 0;
	// A long section's name is on a line of its own.
	for (const [, section, address, size, from] of memory.matchAll(
		/^ (\.\S+)\s+0x([0-9a-f]+)\s+0x([0-9a-f]+) (\S+)$/gmu
	))
		if (/^\.(?:text|s?rodata)/u.test(section!) && parseInt(address!, 16) > 0 && file.test(from!))
			bytes += parseInt(size!, 16);
	return bytes;
}

/** Sizes by symbol, of `nm -S`. */
function symbols(text: string): ReadonlyMap<string, number> {
	return new Map(
		[...text.matchAll(/^[0-9a-f]+ ([0-9a-f]+) \w (\S+)$/gmu)].map(([, size, name]) => [
			name!,
			parseInt(size!, 16)
		])
	);
}

/** Sizes by section, of `size -A`. */
function sizes(text: string): ReadonlyMap<string, number> {
	return new Map([...text.matchAll(/^(\.\S+)\s+(\d+)/gmu)].map(([, name, size]) => [name!, Number(size)]));
}

function of(all: ReadonlyMap<string, number>, name: string): number {
	const size = all.get(name);
	if (size === undefined) throw new Error(`there is no ${name}`);
	return size;
}

async function folders(room: string): Promise<readonly string[]> {
	const entries = await readdir(join(FIRMWARE, room), { withFileTypes: true });
	return entries
		.filter((entry) => entry.isDirectory())
		.map(({ name }) => name)
		.sort();
}
