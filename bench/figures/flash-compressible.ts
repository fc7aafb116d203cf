import { deflateSync } from 'node:zlib';
import type { Figure } from '../figure';
import { newProfile } from '../harness/browser';
import { withCleanUp } from '../harness/clean-up';
import { firmwareCode } from '../harness/riscv';
import { servePages } from '../harness/serve';
import { median } from '../harness/statistics';
import type { FlashTwice } from '../pages/api';

const SPEED_UP_TARGET = 1.6;
const FRACTION_TARGET = 0.1;
const RUNS = 5;
/** Of the code, to the size of a usual app: deflate looks back 32 KiB and cannot tell that it was there before. */
const COPIES = 4;

/** A program of a chip's machine code onto a board that is empty, and at once again. */
export const flashCompressible: Figure = {
	name: 'flash-compressible-x',
	measure: ({ quick, signal, say }) =>
		withCleanUp(async (atEnd) => {
			say('compiling');
			const code = await firmwareCode(signal);
			const program = Buffer.concat(Array.from({ length: COPIES }, () => code));
			const base64 = program.toString('base64');
			const pages = await servePages();
			atEnd(() => pages.close());
			const profile = await newProfile();
			atEnd(() => profile.remove());
			const context = await profile.open();
			atEnd(() => context.close());

			const runs: FlashTwice[] = [];
			for (let run = 0; run < (quick ? 1 : RUNS); run++) {
				signal.throwIfAborted();
				const page = await context.newPage();
				await page.goto(`${pages.url}/flash.html`);
				await page.waitForFunction(() => 'flashBench' in globalThis);
				const twice = await page.evaluate((bytes) => globalThis.flashBench.twice(bytes), base64);
				await page.close();
				if (twice.unchangedBytes !== program.length)
					throw new Error(`only ${twice.unchangedBytes} bytes were unchanged`);
				runs.push(twice);
				say(`run ${run + 1}: ${told(twice)}`);
			}
			const faster = runs.map(({ bareWireMs, firstMs }) => bareWireMs / firstMs);
			const fractions = runs.map(({ againMs, firstMs }) => againMs / firstMs);
			const ratio = program.length / deflateSync(program, { level: 9 }).length;
			return [
				{
					name: 'flash-compressible-x',
					value: median(faster),
					unit: 'times',
					peers: {},
					target: { kind: 'at-least', value: SPEED_UP_TARGET },
					runs: faster,
					notes: [
						`${program.length} bytes; zlib's level 9 alone makes them ${ratio.toFixed(2)} times smaller`
					]
				},
				{
					name: 'reflash-unchanged-fraction',
					value: median(fractions),
					unit: 'of 1',
					peers: {},
					target: { kind: 'at-most', value: FRACTION_TARGET },
					runs: fractions,
					notes: runs.map(told)
				}
			];
		})
};

const told = ({ firstMs, againMs, bareWireMs, retries }: FlashTwice): string =>
	`${Math.round(firstMs)} ms, again ${Math.round(againMs)} ms, bare wire ${Math.round(bareWireMs)} ms, ${retries} retries`;
