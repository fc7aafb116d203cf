import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { serveHarness } from '../store/harness-site';
import { runKillLoop } from '../store/kill-loop';
import { startBrowser } from '../store/killable-browser';
import { FAULTS, runFaultLoop } from '../field/fault-loop';
import { soakFleet } from './fleet';
import { soakSessions } from './sessions';
import { soakParsers } from './parsers/soak';

/** Only the scenarios whose name holds this. */
const ONLY = process.env['SOAK_ONLY'] ?? '';
/** Kills of the long loop; SOAK_KILLS shortens it for a trial. About a second and a half each. */
const KILLS = Number(process.env['SOAK_KILLS'] ?? 200);
/** Samples of the long ingest, one a second of five metrics: a month is 2,592,000. */
const SAMPLES = Number(process.env['SOAK_SAMPLES'] ?? 2_592_000);
/** Executions of the firmware's fuzzers, all targets together. */
const EXECUTIONS = Number(process.env['SOAK_EXECUTIONS'] ?? 10_000_000);
/** Inputs for each parser of what comes from outside; SOAK_SEED has those of an earlier run again. */
const INPUTS = Number(process.env['SOAK_INPUTS'] ?? 1_000_000);
const SEED = Number(process.env['SOAK_SEED'] ?? Date.now() % 0x7fffffff);
/** Weeks of device time that a fleet of fifty runs through; SOAK_WEEKS shortens it. */
const WEEKS = Number(process.env['SOAK_WEEKS'] ?? 3);
/** People with practice boards that misbehave; SOAK_SESSIONS shortens it. About a second and a half each, ten at once. */
const SESSIONS = Number(process.env['SOAK_SESSIONS'] ?? 200);
/** Faults of browser, broker, tab and network under load; SOAK_FAULTS shortens it. About three seconds each. */
const FAULT_COUNT = Number(process.env['SOAK_FAULTS'] ?? 100);
/** Random lives of a store, each held against a plain list; a third of a second each. */
const MODEL_RUNS = Number(process.env['FIELDBENCH_MODEL_RUNS'] ?? 3000);
/** A month reduced to a chart's thousand buckets must come within this, ms. */
const RANGE_MS = 2000;

interface Outcome {
	readonly name: string;
	readonly failure: string | undefined;
}

const site = await serveHarness();
const outcomes: Outcome[] = [];

async function scenario(name: string, run: (profile: string) => Promise<string | undefined>): Promise<void> {
	if (!name.includes(ONLY)) return;
	const profile = await mkdtemp(join(tmpdir(), 'fieldbench-soak-'));
	try {
		const failure = await run(profile);
		outcomes.push({ name, failure });
		console.log(failure === undefined ? `ok    ${name}` : `FAIL  ${name}: ${failure}`);
	} catch (error) {
		outcomes.push({ name, failure: String(error) });
		console.log(`FAIL  ${name}: ${String(error)}`);
	} finally {
		await rm(profile, { recursive: true, force: true });
	}
}

await scenario(
	`${KILLS} kills during ingest lose and double nothing that was acknowledged`,
	async (profile) => {
		const rounds = await runKillLoop({
			url: site.url,
			profile,
			kills: KILLS,
			onRound: ({ kill, acknowledged, openMs }) => {
				if (kill % 20 === 0)
					console.log(`      kill ${kill}: ${acknowledged} acknowledged, open ${Math.round(openMs)} ms`);
			}
		});
		const bad = rounds.find(
			(round) => round.missing.length > 0 || round.doubled > 0 || round.losses.length > 0
		);
		return (
			bad &&
			`kill ${bad.kill}: ${bad.missing.length} missing, ${bad.doubled} doubled, ${bad.losses.length} losses told`
		);
	}
);

await scenario(`${SAMPLES} samples at 1 Hz are all there, small and quick to read`, async (profile) => {
	const browser = await startBrowser(profile, site.url);
	try {
		await browser.ask('open', { sentinel: null });
		const { appendMs, bytesPerPoint } = await browser.ask('fill', { count: SAMPLES, perFlush: 1000 });
		const range = await browser.ask('timeRange', { spanMs: SAMPLES * 1000, buckets: 1000 });
		const pointsPerSecond = Math.round((SAMPLES * 5) / (appendMs / 1000));
		console.log(
			`      ${pointsPerSecond} points/s, ${bytesPerPoint.toFixed(2)} B a point in blocks, ` +
				`range ${Math.round(range.firstMs)} ms, again ${Math.round(range.againMs)} ms`
		);
		if (range.points < SAMPLES - 1) return `${range.points} of ${SAMPLES} are there`;
		return range.firstMs > RANGE_MS ? `a range took ${Math.round(range.firstMs)} ms` : undefined;
	} finally {
		await browser.kill();
	}
});

await scenario(
	`${MODEL_RUNS} random lives of the store are those of a plain list (seed ${SEED})`,
	async () => {
		const test = ['vitest', 'run', '--project', 'node', 'src/lib/telemetry/model.test.ts'];
		const child = spawn('npx', test, {
			stdio: ['ignore', 'inherit', 'inherit'],
			env: {
				...process.env,
				FIELDBENCH_MODEL_RUNS: String(MODEL_RUNS),
				FIELDBENCH_MODEL_SEED: String(SEED)
			}
		});
		const [code] = (await once(child, 'exit')) as [number | null];
		return code === 0 ? undefined : 'the seed and the shortest life that differs are above';
	}
);

await scenario(`${EXECUTIONS} executions of the firmware's fuzzers find nothing`, async () => {
	const child = spawn('node', ['scripts/fuzz.mjs', '--runs', String(EXECUTIONS)], {
		stdio: ['ignore', 'inherit', 'inherit']
	});
	const [code] = (await once(child, 'exit')) as [number | null];
	return code === 0 ? undefined : `fuzz.mjs left with ${String(code)}: the inputs are in test-results/fuzz`;
});

await scenario(
	`${INPUTS} inputs for each parser give a value or an error, in bounded time (seed ${SEED})`,
	() =>
		Promise.resolve(soakParsers({ runs: INPUTS, seed: SEED, log: (line) => console.log(`      ${line}`) }))
);

await scenario(
	`${SESSIONS} boards that misbehave: no success that is none, no hang, and flashed once they are mended`,
	() => soakSessions(SESSIONS, (line) => console.log(`      ${line}`))
);

await scenario(
	`after ${FAULT_COUNT} faults under load each history is what its device measured (seed ${SEED})`,
	async (profile) => {
		const harness = await serveHarness('field');
		try {
			const faults = Array.from({ length: FAULT_COUNT }, (_, i) => FAULTS[i % FAULTS.length]!);
			const say = (line: string) => console.log(`      ${line}`);
			const compared = await runFaultLoop({ url: harness.url, profile, faults, seed: SEED, say });
			const bad = compared.find(({ doubled, missing, wrong }) => doubled + missing + wrong > 0);
			return bad && JSON.stringify(bad);
		} finally {
			await harness.close();
		}
	}
);

await scenario(
	`fifty devices lose no sample in ${WEEKS} weeks with ten dead brokers, and take no more memory`,
	() => soakFleet(WEEKS, (line) => console.log(`      ${line}`))
);

await site.close();
const failed = outcomes.filter(({ failure }) => failure !== undefined).length;
console.log(`${outcomes.length - failed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;
