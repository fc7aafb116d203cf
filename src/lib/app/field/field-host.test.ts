import { expect, test } from 'vitest';
import {
	ManualClock,
	pipeOverPort,
	ServiceClient,
	type FromService,
	type PortLike,
	type ToService
} from '$lib/base';
import type { LoopbackPort } from '$lib/link';
import { FakeOrigin } from './fakes';
import { FieldHost, type HostedCore, tabLock } from './field-host';
import type { BrokerProfile, FieldService } from './messages';
import type { FieldTalk, LockApi } from './leadership';

/** A core that tells its name, so that a test sees who answered. */
function namedCore(name: string, log: string[]): HostedCore {
	const names = { calls: {}, feeds: {} } as HostedCore['handlers'];
	names.calls.listBrokers = () => [{ ...PROFILE, name }];
	names.calls.retry = async () => {
		log.push(`${name}: retry`);
		await new Promise(() => {}); // never answers: the worker dies under it
	};
	names.feeds.session = (_, emit, signal) => {
		emit({ kind: 'connecting', id: name, broker: name, attempt: 0 });
		signal.addEventListener('abort', () => log.push(`${name}: feed ended`));
	};
	return {
		handlers: names,
		attachLab: (port: LoopbackPort) => {
			port.onmessage = ({ data }) => log.push(`${name}: lab ${JSON.stringify(data)}`);
			port.postMessage({ type: 'deliver', topic: name, payload: new Uint8Array() });
			return () => {
				log.push(`${name}: lab lost`);
				port.close();
			};
		},
		close: async () => void log.push(`${name}: closed`)
	};
}

const PROFILE: BrokerProfile = {
	...{ id: 'p', name: '', url: 'ws://x', username: '', hasPassword: false, protocol: 'auto' },
	...{ keepaliveS: 30, persistentSession: false, local: false }
};

function origin() {
	const clock = new ManualClock();
	const fake = new FakeOrigin(clock, true);
	const log: string[] = [];
	const opened: MessagePort[] = [];
	const add = (id: string, { shared = false, lateLocks = false, onSay = (_: FieldTalk) => {} } = {}) => {
		const view = fake.as(id);
		const locks: LockApi = {
			request: async (...args) => {
				if (lateLocks)
					for (let i = 0; i < 60; i++) await new Promise<void>((resolve) => setImmediate(resolve));
				return view.locks.request(...args);
			}
		};
		const host = new FieldHost({
			...{ id, buildId: 'test', shared, secretsAvailable: true, random: () => 0 },
			...{ locks, clock: view.clock },
			openChannel: (name) => {
				const channel = view.openChannel(name);
				const post = channel.postMessage.bind(channel);
				channel.postMessage = (message: FieldTalk) => {
					post(message);
					if (name === 'fieldbench-field') onSay(message);
				};
				return channel;
			},
			onFault: (cause) => log.push(`${id}: ${String(cause)}`),
			startCore: async (sentinel) => {
				log.push(`${id}: starts with ${String(sentinel)}`);
				return namedCore(id, log);
			}
		});
		const page = (tab?: string) => {
			const { port1, port2 } = new MessageChannel();
			opened.push(port1, port2);
			host.addPage(port1);
			const client = new ServiceClient<FieldService>(pipeOverPort<FromService, ToService>(port2), tab ?? id);
			void client.call('hello', {
				sentinel: `s-${id}`,
				origin: 'http://x',
				secure: true,
				...(tab ? { tab } : {})
			});
			return client;
		};
		host.start();
		return { host, page };
	};
	const pass = async (ms: number) => {
		for (let left = ms; left > 0; left -= 250) {
			clock.advance(Math.min(250, left));
			for (let i = 0; i < 5; i++) await new Promise<void>((resolve) => setImmediate(resolve));
		}
	};
	const end = () => opened.forEach((port) => port.close());
	return { fake, log, add, pass, end };
}

const who = async (client: ServiceClient<FieldService>) => (await client.call('listBrokers', null))[0]?.name;

test('one worker answers its page itself, and opens the store with the page’s sentinel', async () => {
	const o = origin();
	const page = o.add('a').page();
	await o.pass(250);
	expect(await who(page)).toBe('a');
	expect(o.log).toEqual(['a: starts with s-a']);
	o.end();
});

test('a follower’s page is answered by the leader, and told that its worker follows', async () => {
	const o = origin();
	o.add('a').page();
	await o.pass(250);
	const page = o.add('b').page();
	await o.pass(2000);
	expect(await who(page)).toBe('a');
	expect(await page.call('hello', { sentinel: null, origin: '', secure: true })).toMatchObject({
		role: 'follower'
	});
	expect(o.log.filter((line) => line.includes('starts'))).toHaveLength(1);
	o.end();
});

test('what a page asked before its worker joined the leader is answered', async () => {
	const o = origin();
	o.add('a').page();
	await o.pass(250);
	const page = o.add('b').page();
	const seen: string[] = [];
	page.watch(
		'session',
		null,
		(s) => s.kind === 'connecting' && seen.push(s.broker),
		new AbortController().signal
	);
	await o.pass(2500);
	expect(seen).toEqual(['a']);
	o.end();
});

test('a worker that asks twice before it is answered is served once, and by the answer to its last question', async () => {
	const o = origin();
	o.add('a').page();
	await o.pass(250);
	const voice = o.fake.as('x').openChannel('fieldbench-field');
	let joins = 0;
	const { page } = o.add('b', {
		onSay: (talk) => {
			if (talk.type === 'join' && ++joins === 1)
				voice.postMessage({ type: 'heartbeat', leader: 'a', buildId: 'test', protocol: 1 });
		}
	});
	const seen: string[] = [];
	page().watch(
		'session',
		null,
		(s) => s.kind === 'connecting' && seen.push(s.broker),
		new AbortController().signal
	);
	await o.pass(2500);
	expect(joins).toBeGreaterThan(1);
	expect(seen).toEqual(['a']);
	o.end();
});

test('a worker is not taken for dead because the lock that says it lives came late', async () => {
	const o = origin();
	o.add('a').page();
	await o.pass(250);
	const page = o.add('b', { lateLocks: true }).page();
	const seen: string[] = [];
	page.watch(
		'session',
		null,
		(s) => s.kind === 'connecting' && seen.push(s.broker),
		new AbortController().signal
	);
	await o.pass(6000);
	expect(seen).toEqual(['a']);
	expect(o.log).not.toContain('a: feed ended');
	o.end();
});

test('when the leader dies, the follower leads and answers what was left open: feeds go on, calls are asked again', async () => {
	const o = origin();
	o.add('a').page();
	await o.pass(250);
	const page = o.add('b').page();
	await o.pass(2000);
	const seen: string[] = [];
	const roles: string[] = [];
	const { signal } = new AbortController();
	page.watch('session', null, (state) => state.kind === 'connecting' && seen.push(state.broker), signal);
	page.watch('role', null, ({ role }) => roles.push(role), signal);
	void page.call('retry', null);
	await o.pass(250);
	o.fake.kill('a');
	await o.pass(1000);
	expect(seen).toEqual(['a', 'b']);
	expect(roles).toEqual(['follower', 'leader']);
	expect(o.log).toContain('b: retry');
	o.end();
});

test('a frozen leader loses the lead and, thawed, serves nobody: its page is answered by the new leader', async () => {
	const o = origin();
	const first = o.add('a').page();
	await o.pass(250);
	const second = o.add('b').page();
	await o.pass(2000);
	o.fake.freeze('a');
	await o.pass(8000);
	expect(await who(second)).toBe('b');
	o.fake.thaw('a');
	await o.pass(3000);
	expect(await who(first)).toBe('b');
	expect(o.log).toContain('a: closed');
	o.end();
});

test('a follower that dies is noticed by its lock, and its feeds end', async () => {
	const o = origin();
	o.add('a').page();
	await o.pass(250);
	const page = o.add('b').page();
	await o.pass(2000);
	page.watch('session', null, () => {}, new AbortController().signal);
	await o.pass(250);
	o.fake.kill('b');
	await o.pass(250);
	expect(o.log).toContain('a: feed ended');
	o.end();
});

test('a shared worker drops a page when the lock named in its hello is free', async () => {
	const o = origin();
	const { page } = o.add('shared', { shared: true });
	const tabLocks = o.fake.as('tab-1').locks;
	void tabLocks.request(tabLock('t1'), {}, () => new Promise(() => {}));
	const client = page('t1');
	client.watch('session', null, () => {}, new AbortController().signal);
	await o.pass(500);
	expect(await client.call('hello', { sentinel: null, origin: '', secure: true })).toMatchObject({
		role: 'shared'
	});
	o.fake.kill('tab-1');
	await o.pass(250);
	expect(o.log).toContain('shared: feed ended');
	o.end();
});

test('a follower’s lab reaches the leader over a bridge, and the next leader without one', async () => {
	const o = origin();
	o.add('a').page();
	await o.pass(250);
	const page = o.add('b').page();
	await o.pass(1500);
	const lab = new MessageChannel();
	const delivered: string[] = [];
	lab.port2.onmessage = ({ data }: MessageEvent<{ topic: string }>) => delivered.push(data.topic);
	await page.call('attachLab', null, { transfer: [lab.port1 as unknown as Transferable] });
	await o.pass(1500);
	lab.port2.postMessage('up');
	await o.pass(500);
	expect(o.log).toContain('a: lab "up"');

	o.fake.kill('a');
	await o.pass(1000);
	lab.port2.postMessage('again');
	await o.pass(500);
	expect(o.log).toContain('b: lab "again"');
	expect(delivered).toContain('b');
	lab.port1.close();
	lab.port2.close();
	o.end();
});

test('a lab that comes between the join, which said there is none, and its answer is not lost', async () => {
	const o = origin();
	o.add('a').page();
	await o.pass(250);
	const lab = new MessageChannel();
	const port: PortLike = { postMessage: () => {}, onmessage: null };
	let given = false;
	const { host } = o.add('b', {
		onSay: (talk) => {
			if (talk.type !== 'join' || given) return;
			given = true;
			const data = { type: 'call', id: 'lab', method: 'attachLab', args: null };
			port.onmessage?.({ data, ports: [lab.port1] } as unknown as MessageEvent);
		}
	});
	host.addPage(port);
	await o.pass(2500);
	expect(given).toBe(true);
	lab.port2.postMessage('up');
	await o.pass(500);
	expect(o.log).toContain('a: lab "up"');
	lab.port1.close();
	lab.port2.close();
	o.end();
});
