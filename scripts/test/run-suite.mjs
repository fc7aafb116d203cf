import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * @typedef {import('./suites.mjs').Suite} Suite
 * @typedef {{ passed: number, failed: number, ms: number }} Ran
 */

/** A suite that hangs must not hang the run. Generous: a machine may be busy. */
const LIMIT_MS = 12 * 60 * 1000;

/**
 * Runs a suite's commands: with their output in view, or held back and shown in one piece where others run beside it.
 * @param {Suite} suite @param {AbortSignal} signal @param {boolean} beside @returns {Promise<Ran>}
 */
export async function runSuite(suite, signal, beside) {
	const startMs = performance.now();
	const title = `\n── ${suite.name} ──\n`;
	/** @type {Buffer[]} */
	const said = [];
	if (!beside) process.stdout.write(title);
	const { report } = suite;
	if (report !== undefined) {
		mkdirSync(dirname(report), { recursive: true });
		rmSync(report, { force: true }); // yesterday's success is no success
	}
	let ok = true;
	for (const command of suite.commands)
		ok &&= await runs(command, suite.env ?? {}, signal, beside ? said : undefined);
	if (beside) process.stdout.write(title + Buffer.concat(said).toString());
	return { ...counted(suite, ok), ms: performance.now() - startMs };
}

/** A run that failed without a failed test (it crashed, or wrote no report) is one failure all the same. */
function counted(/** @type {Suite} */ { report, count }, /** @type {boolean} */ ok) {
	try {
		const { passed, failed } = count(report === undefined ? '' : readFileSync(report, 'utf8'), ok);
		if (Number.isFinite(passed) && Number.isFinite(failed))
			return { passed, failed: ok ? failed : Math.max(failed, 1) };
	} catch {
		// no report, or half of one: counted below
	}
	return { passed: 0, failed: 1 };
}

/**
 * @param {readonly string[]} command
 * @param {Readonly<Record<string, string>>} env
 * @param {AbortSignal} signal
 * @param {Buffer[]} [said] takes the output instead of the terminal
 */
async function runs(command, env, signal, said) {
	const [program = '', ...args] = command;
	// A group of its own, so that what it started ends with it.
	const child = spawn(program, args, {
		stdio: said ? ['ignore', 'pipe', 'pipe'] : ['ignore', 'inherit', 'inherit'],
		detached: true,
		env: { ...process.env, ...env }
	});
	for (const stream of [child.stdout, child.stderr])
		stream?.on('data', (/** @type {Buffer} */ chunk) => said?.push(chunk));
	const end = () => {
		try {
			if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
		} catch {
			// gone already
		}
	};
	const limit = AbortSignal.any([signal, AbortSignal.timeout(LIMIT_MS)]);
	limit.addEventListener('abort', end, { once: true });
	try {
		const [code] = await once(child, 'close');
		return code === 0 && !limit.aborted;
	} catch (cause) {
		console.error(String(cause)); // not to be started at all
		return false;
	} finally {
		limit.removeEventListener('abort', end);
		end();
	}
}
