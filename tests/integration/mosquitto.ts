import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const MOSQUITTO = '/usr/sbin/mosquitto';
const MOSQUITTO_PASSWD = 'mosquitto_passwd';
const START_TIMEOUT_MS = 30_000;
/** Below what Linux and macOS give to connections that go out, so that none of those sits on a port while its broker is down. */
const PORTS = { first: 10_000, count: 20_000 };

export interface MosquittoOptions {
	/** Free ports are taken where none are given. */
	readonly wsPort?: number;
	readonly tcpPort?: number;
	/** With users, nobody else is let in. */
	readonly users?: Readonly<Record<string, string>>;
	/** An ACL file's text (mosquitto.conf(5), acl_file). */
	readonly acl?: string;
	/** More lines for mosquitto.conf. */
	readonly extraConfig?: readonly string[];
}

export interface Mosquitto {
	readonly wsUrl: string;
	readonly tcpUrl: string;
	readonly wsPort: number;
	readonly tcpPort: number;
	/** SIGKILL: what a power cut does to a broker. The ports stay reserved for `start`. */
	kill(): Promise<void>;
	/** Starts it again on the same ports. */
	start(): Promise<void>;
	/** Ends it and removes its files. */
	stop(): Promise<void>;
	/** What it has logged so far. */
	log(): string;
}

/** Debian's mosquitto with an MQTT and a WebSocket listener on loopback, both answering when this resolves. */
export async function startMosquitto(options: MosquittoOptions = {}): Promise<Mosquitto> {
	const wsPort = options.wsPort ?? (await freePort());
	const tcpPort = options.tcpPort ?? (await freePort());
	const folder = await mkdtemp(join(tmpdir(), 'fieldbench-mosquitto-'));
	const config = join(folder, 'mosquitto.conf');
	await writeFile(config, await configText(folder, wsPort, tcpPort, options));
	let process: ChildProcess | undefined;
	let log = '';

	const start = async () => {
		const child = spawn(MOSQUITTO, ['-c', config], { stdio: ['ignore', 'pipe', 'pipe'] });
		for (const stream of [child.stdout, child.stderr])
			stream.on('data', (text: Buffer) => (log += text.toString()));
		const failed = once(child, 'exit').then(() => Promise.reject(new Error(`mosquitto ended:\n${log}`)));
		failed.catch(() => {}); // also ends when we stop it: then nobody waits for this
		process = child;
		await Promise.race([failed, Promise.all([answering(wsPort), answering(tcpPort)])]);
	};
	const end = async (signal: NodeJS.Signals) => {
		const child = process;
		process = undefined;
		if (!child || child.exitCode !== null || child.signalCode !== null) return;
		const gone = once(child, 'exit');
		child.kill(signal);
		await gone;
	};

	try {
		await start();
	} catch (cause) {
		await rm(folder, { recursive: true, force: true });
		throw cause;
	}
	return {
		wsUrl: `ws://127.0.0.1:${wsPort}`,
		tcpUrl: `mqtt://127.0.0.1:${tcpPort}`,
		wsPort,
		tcpPort,
		start,
		kill: () => end('SIGKILL'),
		stop: async () => {
			await end('SIGTERM');
			await rm(folder, { recursive: true, force: true });
		},
		log: () => log
	};
}

async function configText(
	folder: string,
	wsPort: number,
	tcpPort: number,
	options: MosquittoOptions
): Promise<string> {
	const lines = [
		'per_listener_settings false',
		'user root', // keeps our files readable where tests run as root; ignored for other users
		'persistence false',
		'max_queued_messages 100000',
		'log_dest stdout',
		`listener ${tcpPort} 127.0.0.1`,
		'protocol mqtt',
		`listener ${wsPort} 127.0.0.1`,
		'protocol websockets'
	];
	if (options.users) {
		const passwords = join(folder, 'passwords');
		await writeFile(
			passwords,
			Object.entries(options.users)
				.map(([user, word]) => `${user}:${word}\n`)
				.join(''),
			{
				mode: 0o600
			}
		);
		await ran(MOSQUITTO_PASSWD, ['-U', passwords]);
		lines.push('allow_anonymous false', `password_file ${passwords}`);
	} else lines.push('allow_anonymous true');
	if (options.acl !== undefined) {
		const acl = join(folder, 'acl');
		await writeFile(acl, options.acl);
		lines.push(`acl_file ${acl}`);
	}
	return [...lines, ...(options.extraConfig ?? []), ''].join('\n');
}

async function ran(command: string, args: readonly string[]): Promise<void> {
	const child = spawn(command, args, { stdio: 'ignore' });
	const [code] = (await once(child, 'exit')) as [number | null];
	if (code !== 0) throw new Error(`${command} ended with ${String(code)}`);
}

/** A port that is free now. Another process may take it before it is used, which the caller will see. */
export async function freePort(): Promise<number> {
	for (;;) {
		const port = PORTS.first + Math.floor(Math.random() * PORTS.count);
		const server = createServer();
		try {
			server.listen(port, '127.0.0.1');
			await once(server, 'listening');
			return port;
		} catch (cause) {
			if ((cause as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw cause;
		} finally {
			await new Promise((resolve) => server.close(resolve));
		}
	}
}

/** Resolves when something accepts connections on `port`. */
async function answering(port: number): Promise<void> {
	const deadline = Date.now() + START_TIMEOUT_MS;
	for (;;) {
		const socket = connect(port, '127.0.0.1');
		try {
			await once(socket, 'connect');
			return;
		} catch (cause) {
			if (Date.now() > deadline) throw new Error(`nothing listens on port ${port}`, { cause });
			await new Promise((resolve) => setTimeout(resolve, 20)); // between two tries, not instead of one
		} finally {
			socket.destroy();
		}
	}
}
