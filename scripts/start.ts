import { createServer as createHttpServer, type Server } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { CompileError } from './build-firmware.mjs';
import { boardHosts, isOwn, ownAddresses } from './start/addresses';
import { startBroker } from './start/broker';
import { appFolder, build, isBuilt } from './start/build';
import { certificatesFor, userDataFolder, type Certificates } from './start/certificate-store';
import { startNodes } from './start/nodes';
import { HELP, readOptions, type StartOptions } from './start/options';
import { pageServer } from './start/page-server';
import { listenNear, type Listening } from './start/ports';
import { report } from './start/report';
import { CERTIFICATE_PATH, CERTIFICATE_TYPE, trustServer } from './start/trust-page';

/** What does not end by itself in this time after Ctrl-C is left behind by exiting. */
const GRACE_MS = 1500;

const asked = readOptions(process.argv.slice(2));
if (asked.kind === 'help') process.stdout.write(HELP);
else if (asked.kind === 'wrong') fail(`${asked.why}\n\n${HELP}`);
else await run(asked.options);

async function run(options: StartOptions): Promise<void> {
	const stop = new AbortController();
	const closers: (() => Promise<unknown>)[] = [];
	let ending = false;
	const end = async (code: number) => {
		if (ending) process.exit(130); // the second Ctrl-C: now
		ending = true;
		setTimeout(() => process.exit(code), GRACE_MS).unref();
		stop.abort();
		await Promise.allSettled(closers.reverse().map((close) => close()));
		process.exit(code);
	};
	for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => void end(0));

	try {
		if (await builtOrSaid(options, stop.signal)) await serve(options, stop.signal, closers);
		else process.exitCode = 1;
	} catch (cause) {
		if (stop.signal.aborted) return;
		console.error(cause instanceof CompileError ? cause.message : cause);
		await end(1);
	}
}

async function builtOrSaid({ build: wanted }: StartOptions, signal: AbortSignal): Promise<boolean> {
	if (!wanted) {
		if (await isBuilt()) return true;
		fail('There is nothing built to serve: leave --no-build away.\n');
		return false;
	}
	console.log('Building firmware and page …');
	const built = await build(signal);
	switch (built.kind) {
		case 'unchanged':
			console.log('Nothing has changed since the last build.');
			return true;
		case 'built':
			console.log(`Built in ${(built.ms / 1000).toFixed(1)} s.`);
			return true;
		case 'failed':
			fail(built.said);
			return false;
	}
}

async function serve(
	options: StartOptions,
	signal: AbortSignal,
	closers: (() => Promise<unknown>)[]
): Promise<void> {
	const addresses = ownAddresses();
	const certificates = options.https
		? await certificatesFor(addresses, userDataFolder(), Date.now())
		: undefined;
	const allowed = new Set(options.allowOrigins);
	const broker = await startBroker({
		host: options.host,
		mqttPort: options.mqttPort,
		wsPort: options.wsPort,
		tls: certificates?.server,
		mayUse: (origin) =>
			allowed.has(origin) || (URL.canParse(origin) && isOwn(new URL(origin).hostname, addresses))
	});
	closers.push(() => broker.close());

	const ws = options.https ? 'wss' : 'ws';
	const hostFor = (name: string) => (isOwn(name, addresses) ? name : 'localhost');
	const lan = boardHosts(options.host).map((host) => ({
		mqtt: `mqtt://${host}:${broker.mqtt.port}`,
		ws: `${ws}://${host}:${broker.ws.port}`
	}));
	const answer = await pageServer({
		folder: appFolder,
		brokersFor: (name) => [{ name: 'Local broker', url: `${ws}://${hostFor(name)}:${broker.ws.port}`, lan }],
		extras: certificates
			? { [CERTIFICATE_PATH]: { type: CERTIFICATE_TYPE, body: Buffer.from(certificates.authority) } }
			: {}
	});
	const server = certificates ? createHttpsServer(certificates.server, answer) : createHttpServer(answer);
	const page = await listen(server, options.port, options.host, closers);
	const certificate = certificates
		? await serveTrust(certificates, page.port, options.host, hostFor, closers)
		: undefined;

	const brokerHost = options.host === undefined || options.host === '0.0.0.0' ? '127.0.0.1' : options.host;
	const nodes = await startNodes(options.nodes, `mqtt://${brokerHost}:${broker.mqtt.port}`, signal);
	closers.push(() => Promise.all(nodes.map((node) => node.ended)));

	console.log(report({ options, addresses, page, broker, certificate, nodes: nodes.map((node) => node.id) }));
}

async function serveTrust(
	{ authority }: Certificates,
	pagePort: number,
	host: string | undefined,
	hostFor: (name: string) => string,
	closers: (() => Promise<unknown>)[]
): Promise<Listening> {
	const pageUrl = (name: string) => `https://${hostFor(name)}:${pagePort}/`;
	return listen(trustServer(Buffer.from(authority), pageUrl), pagePort + 1, host, closers);
}

async function listen(
	server: Server,
	port: number,
	host: string | undefined,
	closers: (() => Promise<unknown>)[]
): Promise<Listening> {
	const listening = await listenNear(server, port, host);
	closers.push(async () => {
		server.closeAllConnections();
		await new Promise((resolve) => server.close(resolve));
	});
	return listening;
}

function fail(text: string): void {
	process.stderr.write(text.endsWith('\n') ? text : `${text}\n`);
	process.exitCode = 1;
}
