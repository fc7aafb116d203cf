import { expect, it } from 'vitest';
import { ManualClock } from '$lib/base';
import { SimBrokerSession } from './sim-broker-session';

/** Opens a session to `uri`; what was dialled and noted, and how the session stands once no answer came. */
function opened(uri: string) {
	const clock = new ManualClock();
	const dialled: string[] = [];
	const notes: string[] = [];
	const session = new SimBrokerSession({
		connector: () => new Promise(() => {}),
		dial: (to) => {
			dialled.push(to);
			return { kind: 'url', url: to };
		},
		routed: () => true,
		...{ clock, message: () => {}, changed: () => {}, note: (line) => notes.push(line) }
	});
	session.open({
		...{ uri, username: '', password: '', clientId: 'sim-1' },
		will: { topic: 'iot/node/sim-1/status', payload: 'offline' }
	});
	clock.advance(10_000);
	return { dialled, notes, state: session.state() };
}

it.each([
	'mqtt://localhost:1883',
	'mqtt://LOCALHOST:1883',
	'ws://broker.localhost',
	'ws://localhost.:9001',
	'ws://127.0.0.1:9001',
	'mqtt://127.1.2.3',
	'ws://[::1]:9001',
	'mqtt://[::1]:1883',
	'ws://[::ffff:127.0.0.1]:9001',
	'ws://0.0.0.0:9001',
	'ws://[::]:9001'
])('%s is the board itself', (uri) => {
	const { dialled, notes, state } = opened(uri);
	expect(dialled).toEqual([]);
	expect(notes.join()).toContain('this board itself');
	expect(state).toEqual({ state: 'failed', fault: 'unreachable' });
});

it.each(['ws://localhost-server.lan:9001', 'ws://127.example.com', 'mqtt://localhosts', 'wss://10.127.0.1'])(
	'%s is somebody else',
	(uri) => expect(opened(uri).dialled).toEqual([uri])
);

it.each(['http://broker.lan', 'mqtt:', 'broker.lan', ''])('"%s" is no address of a broker', (uri) => {
	expect(opened(uri)).toMatchObject({ dialled: [], state: { state: 'failed', fault: 'bad-uri' } });
});

it.each(['mqtt://no-such-broker.invalid:1883', 'ws://INVALID.'])('%s is a name that nobody knows', (uri) => {
	expect(opened(uri).state).toEqual({ state: 'failed', fault: 'name-not-found' });
});
