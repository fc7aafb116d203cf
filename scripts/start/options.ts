import { parseArgs } from 'node:util';

export interface StartOptions {
	readonly port: number;
	readonly wsPort: number;
	readonly mqttPort: number;
	/** The address to listen on; undefined is every one this machine has. */
	readonly host: string | undefined;
	readonly nodes: number;
	readonly build: boolean;
	readonly https: boolean;
	/** Origins besides our own whose pages may use the broker. */
	readonly allowOrigins: readonly string[];
}

export type OptionsAsked =
	{ kind: 'start'; options: StartOptions } | { kind: 'help' } | { kind: 'wrong'; why: string };

/** Each simulated node is an instance of the firmware with a timer: more than this and the machine is what is tested. */
const MAX_NODES = 50;

export const HELP = `npm start -- [options]

Builds Fieldbench if it has changed, starts an MQTT broker and simulated nodes, and serves the page.

  --port N           the page (4173)
  --ws-port N        the broker for browsers, MQTT over WebSocket (9001)
  --mqtt-port N      the broker for boards, MQTT over TCP (1883)
  --host ADDRESS     listen on this address only, e.g. 127.0.0.1 (all)
  --https            page and broker with a certificate of this machine's own, for phones (docs/https.md)
  --nodes N          how many simulated nodes, 0 to ${MAX_NODES} (2)
  --no-nodes         the same as --nodes 0
  --no-build         serve what was built last
  --allow-origin URL let a page from elsewhere use the broker; may be repeated
  --help             this

A port that is taken is named, and the next free one used.
`;

/** What the command line asks for. @param args without the program's own name */
export function readOptions(args: readonly string[]): OptionsAsked {
	const parsed = parse(args);
	if ('why' in parsed) return { kind: 'wrong', why: parsed.why };
	const { values } = parsed;
	if (values.help) return { kind: 'help' };
	const numbers = { port: 65535, 'ws-port': 65535, 'mqtt-port': 65535, nodes: MAX_NODES };
	for (const [name, max] of Object.entries(numbers)) {
		const text = values[name as keyof typeof numbers];
		if (!/^\d{1,5}$/u.test(text) || Number(text) > max)
			return { kind: 'wrong', why: `--${name} wants a number from 0 to ${max}, not "${text}"` };
	}
	for (const origin of values['allow-origin'])
		if (!URL.canParse(origin) || new URL(origin).origin !== origin)
			return {
				kind: 'wrong',
				why: `--allow-origin wants an origin like https://bench.example, not "${origin}"`
			};
	return {
		kind: 'start',
		options: {
			port: Number(values.port),
			wsPort: Number(values['ws-port']),
			mqttPort: Number(values['mqtt-port']),
			host: values.host,
			nodes: values['no-nodes'] ? 0 : Number(values.nodes),
			build: !values['no-build'],
			https: values.https,
			allowOrigins: values['allow-origin']
		}
	};
}

function parse(args: readonly string[]) {
	try {
		return parseArgs({
			args: [...args],
			options: {
				port: { type: 'string', default: '4173' },
				'ws-port': { type: 'string', default: '9001' },
				'mqtt-port': { type: 'string', default: '1883' },
				host: { type: 'string' },
				nodes: { type: 'string', default: '2' },
				'no-nodes': { type: 'boolean', default: false },
				'no-build': { type: 'boolean', default: false },
				https: { type: 'boolean', default: false },
				'allow-origin': { type: 'string', multiple: true, default: [] },
				help: { type: 'boolean', short: 'h', default: false }
			}
		});
	} catch (cause) {
		return { why: cause instanceof Error ? cause.message : String(cause) };
	}
}
