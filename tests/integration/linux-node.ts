import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { linuxNode } from '../../scripts/linux-node.mjs';

const READY_TIMEOUT_MS = 20_000;

export interface LinuxDevice {
	readonly id: string;
	/** Where it answers, if it has HTTP. */
	readonly http?: string;
	/** Its cable, if it has one. */
	readonly pty?: string;
}

export interface LinuxNode {
	readonly devices: readonly LinuxDevice[];
	readonly pid: number;
	/** SIGTERM, and the exit code. */
	stop(): Promise<number | null>;
	/** SIGKILL: what a power cut does. */
	kill(): Promise<void>;
	/** What it wrote for people. */
	log(): string;
}

/** fieldbench-node with these arguments, once it is ready. @throws Error with its own words where it ends before. */
export async function startLinuxNode(
	args: readonly string[],
	env: Readonly<Record<string, string>> = {}
): Promise<LinuxNode> {
	const { child, log, ended } = await spawnLinuxNode(args, env);
	const ready = once(createInterface({ input: child.stdout! }), 'line', {
		signal: AbortSignal.timeout(READY_TIMEOUT_MS)
	});
	ready.catch(() => {}); // where it ended before, the other one tells
	const [line] = (await Promise.race([
		ready,
		ended.then((code) => Promise.reject(new Error(`fieldbench-node left with ${String(code)}\n${log()}`)))
	])) as [string];
	const told = JSON.parse(line) as { devices: { id: string; http?: number; pty?: string }[] };
	return {
		devices: told.devices.map(({ id, http, pty }) => ({
			id,
			...(http === undefined ? {} : { http: `http://127.0.0.1:${http}` }),
			...(pty === undefined ? {} : { pty })
		})),
		pid: child.pid!,
		stop: () => {
			child.kill('SIGTERM');
			return ended;
		},
		kill: async () => {
			child.kill('SIGKILL');
			await ended;
		},
		log
	};
}

/** Runs it until it ends by itself. */
export async function runLinuxNode(args: readonly string[]): Promise<{ code: number | null; log: string }> {
	const { log, ended, child } = await spawnLinuxNode(args, {});
	let out = '';
	child.stdout?.on('data', (text: Buffer) => (out += text.toString()));
	const code = await ended;
	return { code, log: log() + out };
}

async function spawnLinuxNode(args: readonly string[], env: Readonly<Record<string, string>>) {
	const binary = await linuxNode();
	const child: ChildProcess = spawn(binary, args, {
		stdio: ['ignore', 'pipe', 'pipe'],
		env: { ...process.env, ...env }
	});
	let said = '';
	child.stderr?.on('data', (text: Buffer) => (said += text.toString()));
	// "close" comes after the last of its output, "exit" may not.
	const ended = once(child, 'close').then(([code]) => code as number | null);
	return { child, ended, log: () => said };
}
