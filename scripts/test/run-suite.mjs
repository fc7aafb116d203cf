import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * @typedef {import('./suites.mjs').Suite} Suite
 * @typedef {import('./counts.mjs').Count} Count
 * @typedef {Count & { ms: number, second: boolean }} Ran `second`: what failed passed when it ran again by itself
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
	const first = await attempt(suite, suite.commands, signal, beside ? said : undefined);
	const again = signal.aborted ? undefined : secondAttempt(suite, first);
	let ran = { ...first, second: false };
	if (again) {
		process.stdout.write(`\n── ${suite.name}, what failed once more by itself ──\n`);
		const { failed } = await attempt(suite, [again], signal);
		if (failed === 0) ran = { ...first, passed: first.passed + first.failed, failed: 0, second: true };
	}
	if (beside) process.stdout.write(title + Buffer.concat(said).toString());
	return { ...ran, ms: performance.now() - startMs };
}

/** A machine too busy fails few; more than this is a fault. */
const FILES_TWICE = 3;

/** @param {Suite} suite @param {Count} first @returns {readonly string[] | undefined} the command */
function secondAttempt({ twice, commands }, { failed, files }) {
	if (!twice || failed === 0 || files.length === 0 || files.length > FILES_TWICE) return undefined;
	return [...(commands.at(-1) ?? []), ...files];
}

/**
 * @param {Suite} suite @param {Suite['commands']} commands @param {AbortSignal} signal @param {Buffer[]} [said]
 * @returns {Promise<Count>}
 */
async function attempt(suite, commands, signal, said) {
	const { report } = suite;
	if (report !== undefined) {
		mkdirSync(dirname(report), { recursive: true });
		rmSync(report, { force: true }); // yesterday's success is no success
	}
	let ok = true;
	for (const command of commands) ok &&= await runs(command, suite.env ?? {}, signal, said);
	return counted(suite, ok);
}

/** @returns {Count} a run that failed without a failed test (it crashed, or wrote no report) is one failure all the same. */
function counted(/** @type {Suite} */ { report, count }, /** @type {boolean} */ ok) {
	try {
		const told = count(report === undefined ? '' : readFileSync(report, 'utf8'), ok);
		if (Number.isFinite(told.passed) && Number.isFinite(told.failed))
			return { ...told, failed: ok ? told.failed : Math.max(told.failed, 1) };
	} catch {
		// no report, or half of one: counted below
	}
	return { passed: 0, failed: 1, names: [], files: [] };
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
