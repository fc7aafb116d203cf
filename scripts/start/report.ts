import { type EmbeddedBroker } from './broker';
import { type Listening } from './ports';
import { isPrivate, type Addresses } from './addresses';
import { type StartOptions } from './options';

export interface Started {
	readonly options: StartOptions;
	readonly addresses: Addresses;
	readonly page: Listening;
	readonly broker: EmbeddedBroker;
	/** Plain-http port that hands out the authority's certificate, under --https. */
	readonly certificate: Listening | undefined;
	readonly nodes: readonly string[];
}

/** What a person reads once everything answers. */
export function report({ options, addresses, page, broker, certificate, nodes }: Started): string {
	const scheme = options.https ? 'https' : 'http';
	const ws = options.https ? 'wss' : 'ws';
	// The certificate holds for private addresses alone.
	const lan = options.https ? addresses.lan.filter(isPrivate) : addresses.lan;
	const hosts = reachable(options.host, lan);
	const other = hosts.find((host) => host !== 'localhost');
	const rows: [string, string][] = [
		...hosts.map((host, at): [string, string] => [
			at === 0 ? 'Page' : '',
			`${scheme}://${host}:${page.port}/`
		]),
		['Broker', `${ws}://${hosts[0] ?? 'localhost'}:${broker.ws.port}   for browsers`],
		['', `mqtt://${other ?? hosts[0] ?? 'localhost'}:${broker.mqtt.port}   for boards`],
		['Nodes', nodes.length === 0 ? 'none' : `${nodes.join(', ')} (simulated)`]
	];
	if (certificate)
		rows.push([
			'Trust',
			`http://${other ?? 'localhost'}:${certificate.port}/   open on the phone first (docs/https.md)`
		]);
	const notes = [
		...takenNote('the page', options.port, page),
		...takenNote('the broker for browsers', options.wsPort, broker.ws),
		...takenNote('the broker for boards', options.mqttPort, broker.mqtt)
	];
	if (!options.https && other !== undefined)
		notes.push('A phone needs https to install the app: npm start -- --https');
	if (other !== undefined)
		notes.push(
			'Everyone on this network can use the broker. Only this machine: npm start -- --host 127.0.0.1'
		);
	return [
		'',
		...rows.map(([name, value]) => `  ${name.padEnd(8)}${value}`),
		'',
		...notes.map((note) => `  ${note}`),
		'  Ctrl-C ends it.',
		''
	].join('\n');
}

function reachable(host: string | undefined, lan: readonly string[]): readonly string[] {
	if (host === undefined || host === '0.0.0.0' || host === '::') return ['localhost', ...lan];
	return [host === '127.0.0.1' || host === '::1' ? 'localhost' : host];
}

function takenNote(what: string, wanted: number, { port, taken }: Listening): string[] {
	if (taken.length === 0) return [];
	const ports =
		taken.length === 1 ? `Port ${wanted} is` : `Ports ${wanted} to ${wanted + taken.length - 1} are`;
	return [`${ports} taken by another program: ${what} is at ${port}.`];
}
