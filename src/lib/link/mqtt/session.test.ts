import { describe, expect, test } from 'vitest';
import { done, ManualClock, utf8 } from '$lib/base';
import type { SessionState } from '$lib/model';
import type { PageFacts } from './address';
import type { MqttConnector, WireEvents, WireOptions } from './connector';
import { MqttSession, type SessionTarget } from './session';

const target = (more: Partial<SessionTarget> = {}): SessionTarget => ({
	...{ id: 'b', name: 'Bench', url: 'ws://192.168.1.5:9001', username: '', password: { kind: 'none' } },
	...{ protocol: 'auto', keepaliveS: 30, persistentSession: false, clientId: 'fb-x', lastVersion: undefined },
	...more
});

/** A broker that does what the test says. */
function bench(page: Partial<PageFacts> = {}) {
	const clock = new ManualClock();
	const tries: {
		options: WireOptions;
		events: WireEvents;
		closed: boolean;
		mute: boolean;
		published: string[];
	}[] = [];
	const broker = { grants: true };
	const connector: MqttConnector = async (options, events) => {
		const attempt = { options, events, closed: false, mute: false, published: [] as string[] };
		tries.push(attempt);
		return {
			subscribe: async () => broker.grants,
			unsubscribe: () => {},
			ping: () => {},
			publish: async (topic) => {
				attempt.published.push(topic);
				return attempt.mute ? new Promise(() => {}) : done;
			},
			close: async () => void (attempt.closed = true)
		};
	};
	const versions: number[] = [];
	const session = new MqttSession({
		...{ connector, clock, random: () => 0.5, filters: ['iot/#'] },
		page: () => ({ origin: 'http://localhost:4173', online: true, localNetwork: 'unknown', ...page }),
		onVersion: (_, version) => versions.push(version)
	});
	const states: SessionState[] = [];
	session.watch((state) => states.push(state), new AbortController().signal);
	const last = () => tries.at(-1)!;
	return { clock, session, tries, last, states, versions, broker };
}

/** Lets the connector's promise settle. */
const settled = () => new Promise<void>((resolve) => setImmediate(resolve));

async function connected(b: ReturnType<typeof bench>, more: Partial<SessionTarget> = {}) {
	b.session.connect(target(more));
	await settled();
	b.last().events.connected(false);
}

describe('what cannot work is not tried', () => {
	test.each([
		['not a url', {}, { kind: 'bad-url', reason: 'unparsable' }],
		['http://broker', {}, { kind: 'bad-url', reason: 'scheme' }],
		['ws://me:secret@broker', {}, { kind: 'bad-url', reason: 'credentials-in-url' }],
		['ws://broker.lan', { origin: 'https://bench.example' }, { kind: 'mixed-content' }],
		[
			'ws://192.168.1.5',
			{ origin: 'https://bench.example', localNetwork: 'prompt' },
			{ kind: 'local-network-permission', state: 'prompt' }
		],
		[
			'ws://bench.local',
			{ origin: 'https://bench.example', localNetwork: 'denied' },
			{ kind: 'local-network-permission', state: 'denied' }
		]
	] as const)('%s', async (url, page, problem) => {
		const b = bench(page);
		b.session.connect(target({ url }));
		await settled();
		expect(b.session.state).toMatchObject({ kind: 'failed', problem });
		expect(b.tries).toHaveLength(0);
	});

	test('a locked password', () => {
		const b = bench();
		b.session.connect(target({ password: { kind: 'locked' } }));
		expect(b.session.state).toMatchObject({ kind: 'failed', problem: { kind: 'secret-locked' } });
	});
});

test.each(['ws://localhost:9001', 'ws://127.0.0.1:9001', 'ws://[::1]:9001', 'wss://anywhere.example'])(
	'an https page may try %s',
	async (url) => {
		const b = bench({ origin: 'https://bench.example', localNetwork: 'prompt' });
		b.session.connect(target({ url }));
		await settled();
		expect(b.tries).toHaveLength(1);
	}
);

test('says so where the broker does not grant every subscription', async () => {
	const b = bench();
	b.broker.grants = false;
	await connected(b);
	await settled();
	expect(b.session.state).toMatchObject({ kind: 'live', subscriptionRefused: true });
});

describe('protocol version', () => {
	test('falls back to 3.1.1 where the broker refuses 5, at once, and tells what worked', async () => {
		const b = bench();
		b.session.connect(target());
		await settled();
		expect(b.last().options.protocolVersion).toBe(5);
		b.last().events.ended({ kind: 'refused', code: 1 });
		await settled();
		expect(b.last().options.protocolVersion).toBe(4);
		b.last().events.connected(false);
		expect(b.session.state).toMatchObject({ kind: 'live', protocolVersion: 4 });
		expect(b.versions).toEqual([4]);
	});

	test('falls back where the broker drops the connection without a word', async () => {
		const b = bench();
		b.session.connect(target());
		await settled();
		b.last().events.ended({ kind: 'closed', opened: true, connected: false });
		await settled();
		expect(b.last().options.protocolVersion).toBe(4);
	});

	test('does not tell a version as the one that works because the other met silence', async () => {
		const b = bench();
		b.session.connect(target());
		await settled();
		b.last().events.ended({ kind: 'closed', opened: true, connected: false });
		await settled();
		b.last().events.connected(false);
		expect(b.session.state).toMatchObject({ kind: 'live', protocolVersion: 4 });
		expect(b.versions).toEqual([]);
	});

	test('what answers neither version is no MQTT broker', async () => {
		const b = bench();
		b.session.connect(target());
		for (let i = 0; i < 2; i++) {
			await settled();
			b.last().events.ended({ kind: 'no-answer', opened: true });
		}
		expect(b.tries).toHaveLength(2);
		expect(b.session.state).toMatchObject({ kind: 'waiting', problem: { kind: 'not-mqtt' } });
	});

	test('starts with the version that worked last', async () => {
		const b = bench();
		await connected(b, { lastVersion: 4 });
		expect(b.last().options.protocolVersion).toBe(4);
	});

	test('a fixed version is not changed', async () => {
		const b = bench();
		b.session.connect(target({ protocol: 'mqtt5' }));
		await settled();
		b.last().events.ended({ kind: 'refused', code: 0x84 });
		expect(b.tries).toHaveLength(1);
		expect(b.session.state).toMatchObject({ kind: 'failed', problem: { reason: 'protocol' } });
	});
});

describe('a session that ended', () => {
	test('is taken up again with growing waits between half a step and a step, never over a minute', async () => {
		const b = bench();
		await connected(b);
		const waits: number[] = [];
		for (let i = 0; i < 9; i++) {
			b.last().events.ended({ kind: 'closed', opened: false, connected: false });
			const { state } = b.session;
			if (state.kind !== 'waiting') throw new Error(`is ${state.kind}`);
			waits.push(state.retryAtMs - b.clock.now());
			b.clock.advance(state.retryAtMs - b.clock.now());
			await settled();
		}
		expect(waits).toEqual([750, 1500, 3000, 6000, 12000, 24000, 45000, 45000, 45000]);
	});

	test('starts its waits afresh only after it stood for ten seconds', async () => {
		const b = bench();
		await connected(b);
		const drop = async () => {
			b.last().events.ended({ kind: 'closed', opened: true, connected: true });
			const { state } = b.session;
			if (state.kind !== 'waiting') throw new Error(`is ${state.kind}`);
			const wait = state.retryAtMs - b.clock.now();
			b.clock.advance(wait);
			await settled();
			b.last().events.connected(false);
			return wait;
		};
		expect(await drop()).toBe(750);
		expect(await drop()).toBe(1500);
		b.clock.advance(10_000);
		expect(await drop()).toBe(750);
	});

	test.each([
		[{ kind: 'disconnected', code: 0x8e }, 'failed', { kind: 'taken-over' }],
		[{ kind: 'disconnected', code: 0x8b }, 'waiting', { kind: 'closed-by-broker', code: 0x8b }],
		[{ kind: 'keepalive-timeout' }, 'waiting', { kind: 'keepalive-timeout' }],
		[{ kind: 'refused', code: 4 }, 'failed', { kind: 'refused', reason: 'credentials' }],
		[{ kind: 'refused', code: 0x86 }, 'failed', { kind: 'refused', reason: 'credentials' }],
		[{ kind: 'refused', code: 0x8a }, 'failed', { kind: 'refused', reason: 'banned' }],
		[{ kind: 'refused', code: 3 }, 'waiting', { kind: 'refused', reason: 'unavailable' }],
		[{ kind: 'refused', code: 2 }, 'failed', { kind: 'refused', reason: 'client-id' }]
	] as const)('%o is %s', async (end, kind, problem) => {
		const b = bench();
		b.session.connect(target());
		await settled();
		b.last().events.ended(end);
		expect(b.session.state).toMatchObject({ kind, problem });
	});

	test('is offline where the browser says so, unreachable where it does not', async () => {
		for (const [online, kind] of [
			[false, 'offline'],
			[true, 'unreachable']
		] as const) {
			const b = bench({ online });
			b.session.connect(target());
			await settled();
			b.last().events.ended({ kind: 'closed', opened: false, connected: false });
			expect(b.session.state).toMatchObject({ problem: { kind } });
		}
	});

	test('retry tries at once, and a second retry does not start a second try', async () => {
		const b = bench();
		await connected(b);
		b.last().events.ended({ kind: 'closed', opened: true, connected: true });
		b.session.retry();
		b.session.retry();
		await settled();
		expect(b.tries).toHaveLength(2);
		b.clock.advance(120_000);
		await settled();
		expect(b.tries).toHaveLength(2); // the backoff's own try was called off
	});
});

test('an account that may not leave a will is asked again without one, once', async () => {
	const b = bench();
	b.session.connect(target());
	await settled();
	b.last().events.ended({ kind: 'refused', code: 0x87 });
	await settled();
	expect(b.last().options.will).toBeUndefined();
	b.last().events.ended({ kind: 'refused', code: 0x87 });
	await settled();
	expect(b.tries).toHaveLength(2);
	expect(b.session.state).toMatchObject({ kind: 'failed', problem: { reason: 'not-authorised' } });
});

test('what an abandoned wire still says is not heard', async () => {
	const b = bench();
	await connected(b);
	const [old] = b.tries;
	const heard: string[] = [];
	b.session.listen(({ topic }) => heard.push(topic), new AbortController().signal);
	b.session.connect(target({ id: 'other', name: 'Other' }));
	await settled();
	b.last().events.connected(false);
	old!.events.message('iot/old', utf8(''), false);
	old!.events.ended({ kind: 'closed', opened: true, connected: true });
	b.last().events.message('iot/new', utf8(''), false);
	expect(heard).toEqual(['iot/new']);
	expect(old!.closed).toBe(true);
	expect(b.session.state).toMatchObject({ kind: 'live', id: 'other', broker: 'Other' });
});

test('disconnect empties the retained presence, closes and stays down', async () => {
	const b = bench();
	await connected(b);
	await b.session.disconnect();
	expect(b.last().closed).toBe(true);
	expect(b.last().published).toEqual(['fieldbench/page/fb-x', 'fieldbench/page/fb-x']);
	b.clock.advance(120_000);
	expect(b.tries).toHaveLength(1);
	expect(b.session.state).toEqual({ kind: 'none' });
});

test('connecting to the broker it stands with already changes nothing', async () => {
	const b = bench();
	await connected(b);
	b.session.connect(target({ lastVersion: 5 }));
	await settled();
	expect(b.tries).toHaveLength(1);
	b.session.connect(target({ username: 'ada' }));
	await settled();
	expect(b.tries).toHaveLength(2);
});

test('a publish with no session says so, and one that nobody acknowledges times out', async () => {
	const b = bench();
	const { signal } = new AbortController();
	expect(await b.session.publish('t', utf8(''), { qos: 1 }, signal)).toMatchObject({
		error: { kind: 'not-connected' }
	});
	await connected(b);
	b.last().mute = true;
	const published = b.session.publish('t', utf8(''), { qos: 1 }, signal);
	b.clock.advance(10_000);
	expect(await published).toMatchObject({ error: { kind: 'timeout' } });
});

test('counts what the broker has not confirmed, and begins anew with a new connection', async () => {
	const b = bench();
	await connected(b);
	const { signal } = new AbortController();
	await b.session.publish('t', new Uint8Array(), { qos: 1 }, signal);
	expect(b.session.inFlight).toBe(0);
	b.last().mute = true;
	void b.session.publish('t', new Uint8Array(), { qos: 1 }, signal);
	void b.session.publish('t', new Uint8Array(), { qos: 0 }, signal);
	expect(b.session.inFlight).toBe(1);
	b.last().events.ended({ kind: 'keepalive-timeout' });
	b.clock.advance(60_000);
	await settled();
	b.last().events.connected(false);
	expect(b.session.inFlight).toBe(0);
});
