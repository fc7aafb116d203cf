import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Figure } from '../figure';
import { withCleanUp } from '../harness/clean-up';
import { median, percentile } from '../harness/statistics';

const run = promisify(execFile);

const FIRMWARE = fileURLToPath(new URL('../../firmware', import.meta.url));
const PROGRAM = fileURLToPath(new URL('../native/tick.cpp', import.meta.url));
const ROOMS = ['core', 'components', 'sim', 'apps/virtual_node'];
const FLAGS = ['-std=gnu++17', '-O2', '-fno-rtti', `-I${FIRMWARE}`];
const TURNS = 100_000;
const RUNS = 5;
const LARGEST_OUTPUT_BYTES = 16_000_000;

/** How long a device with fifty components is busy when some are due: they run, and what they measured is stored and published. */
export const tickUs: Figure = {
	name: 'tick-us-p99',
	measure: ({ quick, signal, say }) =>
		withCleanUp(async (atEnd) => {
			const folder = await mkdtemp(join(tmpdir(), 'fieldbench-tick-'));
			atEnd(() => rm(folder, { recursive: true, force: true }));
			say('compiling');
			const all = join(folder, 'all.cpp');
			await writeFile(all, (await sources()).map((file) => `#include "${file}"\n`).join(''));
			const crypto = join(FIRMWARE, 'ports/mbedtls/mbedtls_crypto.cpp');
			const program = join(folder, 'tick');
			await run('g++', [...FLAGS, PROGRAM, all, crypto, '-lmbedcrypto', '-o', program], { signal });
			const runs: (readonly number[])[] = [];
			for (let i = 0; i < (quick ? 1 : RUNS); i++) {
				say(`run ${i + 1}`);
				const { stdout } = await run(program, [String(TURNS)], { signal, maxBuffer: LARGEST_OUTPUT_BYTES });
				runs.push(stdout.trim().split('\n').map(Number));
			}
			const of = (share: number) => runs.map((turns) => percentile(turns, share));
			const [middle, most] = [median(of(0.5)), median(of(1))];
			return [
				{
					name: 'tick-us-p99',
					value: median(of(0.99)),
					unit: 'µs',
					peers: {},
					runs: of(0.99),
					notes: [
						`this machine, not a chip; median ${middle.toFixed(1)}, longest ${most.toFixed(0)}; load ${loadavg()[0]!.toFixed(1)}`
					]
				}
			];
		})
};

async function sources(): Promise<readonly string[]> {
	const found = await Promise.all(
		ROOMS.map(async (room) =>
			(await readdir(join(FIRMWARE, room), { recursive: true })).map((file) => `${room}/${file}`)
		)
	);
	return found
		.flat()
		.filter((file) => file.endsWith('.cpp') && !file.endsWith('_test.cpp'))
		.sort();
}
