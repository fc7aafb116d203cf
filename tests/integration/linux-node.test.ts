import { execFileSync } from 'node:child_process';
import { createHmac, hkdfSync, randomBytes } from 'node:crypto';
import { lstat, mkdtemp, readFile, readlink, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import mqtt from 'mqtt';
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { linuxNode } from '../../scripts/linux-node.mjs';
import { AnswerQueue } from './contract/link';
import { openPty } from './contract/pty';
import { runLinuxNode, startLinuxNode, type LinuxNode } from './linux-node';
import { freePort, startMosquitto, type Mosquitto } from './mosquitto';

const FLASH_SIZE = 4 << 20;
const USAGE = 64;
const TAKEN = 69;
const STORAGE = 74;

// Processes start, and brokers: far longer than that takes on a machine with nothing else to do.
vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 });

let folder: string;
const ends: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
	await linuxNode();
}, 300_000);
beforeEach(async () => void (folder = await mkdtemp(join(tmpdir(), 'fieldbench-linux-'))));
afterEach(async () => {
	for (const end of ends.splice(0).reverse()) await end();
	await rm(folder, { recursive: true, force: true });
});

/** A node that ends with the test. */
async function node(args: readonly string[], env?: Readonly<Record<string, string>>): Promise<LinuxNode> {
	const started = await startLinuxNode(args, env);
	ends.push(() => started.stop());
	return started;
}

async function broker(options?: Parameters<typeof startMosquitto>[0]): Promise<Mosquitto> {
	const started = await startMosquitto(options);
	ends.push(() => started.stop());
	return started;
}

interface Told {
	readonly topic: string;
	readonly text: string;
	readonly retain: boolean;
}

/** Everything that a broker carries, and a wait for some of it. */
async function listen(url: string, options: mqtt.IClientOptions = {}) {
	const client = await mqtt.connectAsync(url, options);
	ends.push(() => client.endAsync(true));
	const heard: Told[] = [];
	const waits = new Set<() => void>();
	client.on('message', (topic, payload, { retain }) => {
		heard.push({ topic, text: payload.toString(), retain });
		waits.forEach((look) => look());
	});
	await client.subscribeAsync('iot/#', { qos: 1 });
	const until = (wanted: (told: Told) => boolean, what: string) =>
		new Promise<Told>((resolve, reject) => {
			const timer = setTimeout(() => reject(new Error(`never heard: ${what}`)), 15_000);
			const look = () => {
				const found = heard.find(wanted);
				if (!found) return;
				clearTimeout(timer);
				waits.delete(look);
				resolve(found);
			};
			waits.add(look);
			look();
		});
	const status = (state: string) =>
		until(
			(m) => m.topic.endsWith('/status') && (JSON.parse(m.text) as { state: string }).state === state,
			state
		);
	return { client, heard, until, status };
}

interface HttpAnswer {
	readonly status: number;
	readonly headers: Headers;
	readonly body: unknown;
}

async function http(
	base: string | undefined,
	method: string,
	path: string,
	body?: unknown,
	headers: Record<string, string> = {}
): Promise<HttpAnswer> {
	const answer = await fetch(`${base ?? ''}${path}`, {
		method,
		headers: { ...(body === undefined ? {} : { 'Content-Type': 'application/json' }), ...headers },
		...(body === undefined ? {} : { body: JSON.stringify(body) })
	});
	const text = await answer.text();
	const json = answer.headers.get('Content-Type') === 'application/json';
	return { status: answer.status, headers: answer.headers, body: json ? JSON.parse(text) : text };
}

describe('the command line', () => {
	it.each([
		['an option that is none', ['--bad']],
		['a word', ['start']],
		['a real device’s id', ['--id', 'fb-1']],
		['an id with a topic’s separator', ['--id', 'sim-a/b']],
		['a broker that is not spoken to', ['--broker', 'ws://localhost']],
		['no device', ['--count', '0']],
		['a time that stands', ['--speed', '0.5']],
		['a port beyond all', ['--http', '65536']],
		['ports beyond all', ['--http', '65535', '--count', '2']],
		['a level that is none', ['--log', 'loud']],
		['a certificate without its key', ['--cert', 'x.pem']],
		['a configuration that is not there', ['--config', '/nowhere']]
	])('refuses %s, with exit code 64 and a word about it', async (_, args) => {
		const { code, log } = await runLinuxNode(args);
		expect(code).toBe(USAGE);
		expect(log).toMatch(/^fieldbench-node: .+\nSee --help\.\n$/u);
	});

	it('tells its options and exit codes', async () => {
		const { code, log } = await runLinuxNode(['--help']);
		expect(code).toBe(0);
		expect(log).toMatch(/--serial-pty PATH[^]*69 an address is taken/u);
	});

	it('refuses a world that is none, naming what does not fit', async () => {
		const file = join(folder, 'world.json');
		await writeFile(file, '{"cloudiness":7}');
		const { code, log } = await runLinuxNode(['--world', file]);
		expect(code).toBe(USAGE);
		expect(log).toContain('--world: cloudiness does not fit');
	});

	it('leaves with 69 where the port is taken', async () => {
		const server = createServer();
		await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
		ends.push(async () => server.close());
		const { port } = server.address() as { port: number };
		expect((await runLinuxNode(['--http', String(port)])).code).toBe(TAKEN);
	});

	it('starts with the configuration it is given', async () => {
		const file = join(folder, 'config.json');
		const components = [{ id: 'roof', type: 'bme280', config: {} }];
		await writeFile(file, JSON.stringify({ complete: true, components }));
		const { devices } = await node(['--config', file, '--http', '0']);
		const { body } = await http(devices[0]?.http, 'GET', '/api/components');
		expect(body).toMatchObject({ components: [{ id: 'roof', type: 'bme280', state: 'active' }] });
	});
});

describe('its flash', () => {
	const flash = () => join(folder, 'flash.bin');
	const base = (started: LinuxNode) => started.devices[0]?.http;

	it('is a chip’s, byte for byte as large, and kept by one process alone', async () => {
		await node(['--flash-image', flash()]);
		expect((await lstat(flash())).size).toBe(FLASH_SIZE);
		const second = await runLinuxNode(['--flash-image', flash()]);
		expect(second.code).toBe(TAKEN);
		expect(second.log).toContain('in use by another process');
	});

	it('is not made of a file that is something else', async () => {
		await writeFile(flash(), 'my diary');
		const { code } = await runLinuxNode(['--flash-image', flash()]);
		expect(code).toBe(STORAGE);
		expect(await readFile(flash(), 'utf8')).toBe('my diary');
	});

	it('leaves with 74 where it cannot be', async () => {
		expect((await runLinuxNode(['--flash-image', '/nowhere/flash.bin'])).code).toBe(STORAGE);
	});

	it('keeps configuration, acts and samples over a kill', async () => {
		const args = ['--flash-image', flash(), '--http', '0', '--speed', '50'];
		const first = await startLinuxNode(args);
		await http(base(first), 'PUT', '/api/components/climate', { config: { base_c: -7 } });
		const key = { 'Idempotency-Key': 'once' };
		await http(base(first), 'POST', '/api/components/led/execute', { on: true }, key);
		const rpc = (started: LinuxNode, method: string, params: object = {}) =>
			http(base(started), 'POST', '/api/rpc', { jsonrpc: '2.0', id: method, method, params }).then(
				({ body }) => (body as { result: Record<string, unknown> }).result
			);
		await expect
			.poll(async () => (await rpc(first, 'telemetry.info'))['seq'], { timeout: 30_000 })
			.toBeGreaterThan(20);
		const before = await rpc(first, 'telemetry.info');
		const samples = await rpc(first, 'telemetry.query', { epoch: before['epoch'], from: 0, to: 9 });
		await first.kill();

		const second = await node(args);
		expect((await http(base(second), 'GET', '/api/components/climate')).body).toMatchObject({
			config: { base_c: -7 }
		});
		const again = await http(base(second), 'POST', '/api/components/led/execute', { on: false }, key);
		expect(again.body).toMatchObject({ output: { on: true } });
		expect((await http(base(second), 'GET', '/api/system/status')).body).toMatchObject({ boot: 2 });
		const after = await rpc(second, 'telemetry.info');
		expect(after['epoch']).toBe(before['epoch']);
		expect(after['seq']).toBeGreaterThanOrEqual(Number(before['seq']));
		const kept = await rpc(second, 'telemetry.query', { epoch: before['epoch'], from: 0, to: 9 });
		expect(samples['samples']).toMatchObject([{ rows: { length: 10 } }]);
		expect(kept['samples']).toEqual(samples['samples']);
	});

	it('without a file is forgotten', async () => {
		const first = await startLinuxNode(['--http', '0']);
		await http(base(first), 'PUT', '/api/components/climate', { config: { base_c: -7 } });
		await first.stop();
		const second = await node(['--http', '0']);
		expect((await http(base(second), 'GET', '/api/components/climate')).body).toMatchObject({
			config: { base_c: 21 }
		});
	});

	it('stays where the device is told to restart', async () => {
		const started = await node(['--flash-image', flash(), '--http', '0']);
		const restart = { jsonrpc: '2.0', id: 'r', method: 'system.restart' };
		expect((await http(base(started), 'POST', '/api/rpc', restart)).body).toMatchObject({ result: {} });
		await expect
			.poll(async () => (await http(base(started), 'GET', '/api/system/status')).body, { timeout: 30_000 })
			.toMatchObject({ boot: 2, reset: 'restart' });
	});
});

describe('its broker', () => {
	it('hears it come, obey and go', async () => {
		const { tcpUrl } = await broker();
		const { client, heard, until, status } = await listen(tcpUrl);
		const started = await node(['--id', 'sim-m', '--broker', tcpUrl]);
		await status('online');
		await until((m) => m.topic === 'iot/node/sim-m/telemetry', 'a sample');
		await client.publishAsync('iot/node/sim-m/shadow/desired', '{"led":{"brightness":30,"on":true}}', {
			qos: 1,
			retain: true
		});
		await until(
			(m) => m.topic.endsWith('/shadow/reported') && m.text === '{"led":{"on":true,"brightness":30}}',
			'the lamp'
		);
		expect(await started.stop()).toBe(0);
		await status('offline');
		expect(JSON.parse(heard.at(-1)!.text)).toEqual({ state: 'offline', sim: true });

		const late = await listen(tcpUrl);
		const kept = await late.status('offline');
		expect(kept.retain).toBe(true);
	});

	it('tells its last will when it is killed', async () => {
		const { tcpUrl } = await broker();
		const { status } = await listen(tcpUrl);
		const started = await node(['--broker', tcpUrl]);
		await status('online');
		await started.kill();
		await status('offline');
	});

	it('gets it back after it was away', async () => {
		const away = await broker();
		const started = await node(['--broker', away.tcpUrl, '--http', '0']);
		const state = async () =>
			(
				(
					await http(started.devices[0]?.http, 'POST', '/api/rpc', {
						jsonrpc: '2.0',
						id: 's',
						method: 'mqtt.status'
					})
				).body as { result: unknown }
			).result;
		await expect.poll(state, { timeout: 30_000 }).toMatchObject({ state: 'connected' });
		await away.kill();
		await expect.poll(state, { timeout: 30_000 }).toMatchObject({ state: 'failed', reason: 'unreachable' });
		await away.start();
		await expect.poll(state, { timeout: 30_000 }).toMatchObject({ state: 'connected' });
	}, 60_000);

	it('says why there is none', async () => {
		const guarded = await broker({ users: { node: 'right' } });
		const port = await freePort();
		const expectReason = async (
			reason: string,
			args: readonly string[],
			env: Record<string, string> = {}
		) => {
			const started = await node(['--http', '0', ...args], env);
			const ask = async () => {
				const question = { jsonrpc: '2.0', id: 's', method: 'mqtt.status' };
				const { body } = await http(started.devices[0]?.http, 'POST', '/api/rpc', question);
				return (body as { result: { reason?: string } }).result.reason;
			};
			// Before its first try, and between two, it has none or another.
			await expect.poll(ask).toBe(reason);
		};
		const wrong = { FIELDBENCH_MQTT_PASSWORD: 'wrong' };
		await expectReason('not-authorised', ['--broker', guarded.tcpUrl, '--username', 'node'], wrong);
		await expectReason('unreachable', ['--broker', `mqtt://127.0.0.1:${port}`]);
		await expectReason('name-not-found', ['--broker', 'mqtt://nobody.invalid']);
	});

	it('lets it in with its password, over a name too', async () => {
		const guarded = await broker({ users: { node: 'right', page: 'right' } });
		const { status } = await listen(guarded.tcpUrl, { username: 'page', password: 'right' });
		const byName = guarded.tcpUrl.replace('127.0.0.1', 'localhost');
		await node(['--broker', byName, '--username', 'node'], { FIELDBENCH_MQTT_PASSWORD: 'right' });
		await status('online');
	});

	it('is believed over TLS only with a certificate of the given authority', async () => {
		const { ca, cert, key, other } = await certificates(folder);
		const port = await freePort();
		const secure = await broker({
			extraConfig: [`listener ${port} 127.0.0.1`, `cafile ${ca}`, `certfile ${cert}`, `keyfile ${key}`]
		});
		const { heard, status } = await listen(secure.tcpUrl);
		await node(['--id', 'sim-fooled', '--broker', `mqtts://localhost:${port}`, '--ca', other]);
		await node(['--id', 'sim-tls', '--broker', `mqtts://localhost:${port}`, '--ca', ca]);
		await status('online');
		expect(heard.filter((m) => m.topic.startsWith('iot/node/sim-fooled'))).toEqual([]);
	});
});

/** An authority, a certificate of it for localhost, and another authority. */
async function certificates(place: string) {
	const file = (name: string) => join(place, name);
	const openssl = (...args: string[]) => execFileSync('openssl', args, { stdio: 'ignore' });
	const authority = (name: string) =>
		openssl(
			'req',
			'-x509',
			'-newkey',
			'rsa:2048',
			'-nodes',
			'-days',
			'2',
			'-subj',
			`/CN=${name}`,
			'-keyout',
			file(`${name}.key`),
			'-out',
			file(`${name}.pem`)
		);
	authority('ca');
	authority('other');
	openssl(
		'req',
		'-newkey',
		'rsa:2048',
		'-nodes',
		'-subj',
		'/CN=localhost',
		'-keyout',
		file('broker.key'),
		'-out',
		file('broker.csr')
	);
	await writeFile(file('names'), 'subjectAltName=DNS:localhost');
	openssl(
		'x509',
		'-req',
		'-days',
		'2',
		'-in',
		file('broker.csr'),
		'-CA',
		file('ca.pem'),
		'-CAkey',
		file('ca.key'),
		'-CAcreateserial',
		'-extfile',
		file('names'),
		'-out',
		file('broker.pem')
	);
	return { ca: file('ca.pem'), cert: file('broker.pem'), key: file('broker.key'), other: file('other.pem') };
}

describe('its cable', () => {
	it('is a link to a terminal that goes with it, and replaces one that was left', async () => {
		const path = join(folder, 'tty');
		const first = await startLinuxNode(['--serial-pty', path]);
		const left = await readlink(path);
		expect(left).toMatch(/^\/dev\/pts\/\d+$/u);
		await first.kill();
		const second = await startLinuxNode(['--serial-pty', path]);
		await second.stop();
		await expect(lstat(path)).rejects.toThrow('ENOENT');
	});

	it('does not take the place of a file', async () => {
		const path = join(folder, 'letter');
		await writeFile(path, 'dear');
		expect((await runLinuxNode(['--serial-pty', path])).code).toBe(STORAGE);
		expect(await readFile(path, 'utf8')).toBe('dear');
	});

	it('carries frames, and log lines as a chip writes them, and is not disturbed by noise', async () => {
		const path = join(folder, 'tty');
		await node(['--id', 'sim-s', '--serial-pty', path]);
		const answers = new AnswerQueue();
		const lines: string[] = [];
		const cable = await openPty(path, {
			frame: (json) => answers.put(JSON.parse(json)),
			text: (line) => lines.push(line)
		});
		ends.push(async () => cable.close());
		cable.raw('noise\x1e00000000{"no":"frame"}\nIMPROV');
		cable.send('{"jsonrpc":"2.0","id":"1","method":"system.rename","params":{"name":"Attic"}}');
		expect(await answers.next('rename')).toMatchObject({ id: '1', result: { name: 'Attic' } });
		cable.send('{"jsonrpc":"2.0","id":"2","method":"mqtt.set","params":{"uri":"mqtt://127.0.0.1:1"}}');
		expect(await answers.next('mqtt.set')).toMatchObject({ id: '2', result: { trial_s: 60 } });
		await expect
			.poll(() => lines, { timeout: 30_000 })
			.toContainEqual(expect.stringMatching(/^W \(\d+\) mqtt: unreachable$/u));
	});

	it('can be pulled and plugged in again', async () => {
		const path = join(folder, 'tty');
		await node(['--serial-pty', path]);
		for (const id of ['1', '2', '3']) {
			const answers = new AnswerQueue();
			const cable = await openPty(path, { frame: (json) => answers.put(JSON.parse(json)) });
			cable.send(`{"jsonrpc":"2.0","id":"${id}","method":"system.info"}`);
			expect(await answers.next('system.info')).toMatchObject({ id });
			cable.close();
		}
	});
});

describe('its HTTP API', () => {
	it('answers by the paths of docs/http.md, as a simulation', async () => {
		const { devices } = await node(['--id', 'sim-h', '--http', '0']);
		const base = devices[0]?.http;
		const status = await http(base, 'GET', '/api/system/status');
		expect(status.body).toMatchObject({ id: 'sim-h', sim: true, model: 'linux' });
		expect(status.headers.get('X-Data-Source')).toBe('simulation');
		expect(await http(base, 'POST', '/api/components', { id: 'contacts', type: 'relay' })).toMatchObject({
			status: 200,
			body: { added: 'contacts' }
		});
		expect((await http(base, 'GET', '/api/components/contacts/options')).body).toHaveProperty('properties');
		expect(await http(base, 'DELETE', '/api/components/contacts')).toMatchObject({
			status: 200,
			body: { removed: 'contacts' }
		});
		expect(await http(base, 'GET', '/api/components/contacts')).toMatchObject({
			status: 404,
			body: { error: { code: -32000 } }
		});
		expect((await http(base, 'GET', '/nowhere')).status).toBe(404);
		expect(await http(base, 'PUT', '/api/rpc', {})).toMatchObject({ status: 405 });
		expect((await http(base, 'POST', '/api/rpc', 'x'.repeat(4096))).status).toBe(413);
		expect((await http(base, 'POST', '/api/rpc', 'x'.repeat(100_000))).status).toBe(413);
		expect((await http(base, 'GET', '/metrics')).body).toMatch(
			/^fieldbench_components_runs\{id="climate"\} \d+$/mu
		);
	});

	it('answers a preflight, and keeps foreign pages away from a device without a secret', async () => {
		const { devices } = await node(['--http', '0', '--http-origin', 'https://bench.example']);
		const base = devices[0]?.http;
		const preflight = await http(base, 'OPTIONS', '/api/components/led/execute', undefined, {
			Origin: 'https://bench.example',
			'Access-Control-Request-Method': 'POST',
			'Access-Control-Request-Private-Network': 'true'
		});
		expect(preflight.status).toBe(204);
		expect(preflight.headers.get('Access-Control-Allow-Origin')).toBe('https://bench.example');
		expect(preflight.headers.get('Access-Control-Allow-Private-Network')).toBe('true');
		const foreign = await http(
			base,
			'POST',
			'/api/components/led/execute',
			{ on: true },
			{ Origin: 'https://evil.example' }
		);
		expect(foreign.status).toBe(403);
		expect(foreign.headers.get('Access-Control-Allow-Origin')).toBeNull();
	});

	it('asks for a role’s token once it was given a secret over its cable', async () => {
		const path = join(folder, 'tty');
		const { devices } = await node(['--id', 'sim-k', '--http', '0', '--serial-pty', path]);
		const base = devices[0]?.http;
		expect((await http(base, 'GET', '/api/system/status')).status).toBe(200);
		const secret = randomBytes(32);
		const setKeys = {
			jsonrpc: '2.0',
			id: 'k',
			method: 'keys.set',
			params: { secret: secret.toString('base64') }
		};
		expect((await http(base, 'POST', '/api/rpc', setKeys)).status).toBe(403);
		const answers = new AnswerQueue();
		const cable = await openPty(path, { frame: (json) => answers.put(JSON.parse(json)) });
		ends.push(async () => cable.close());
		cable.send(JSON.stringify(setKeys).replace('"k"', '"k2"'));
		expect(await answers.next('keys.set')).toMatchObject({ result: { required: true } });

		// Node's own HKDF and HMAC: a second opinion on docs/http.md §2.
		const token = (role: string) => {
			const key = hkdfSync('sha256', secret, 'sim-k', `fieldbench/1/${role}/down`, 32);
			return createHmac('sha256', Buffer.from(key)).update('fieldbench/1/http').digest('hex');
		};
		const lamp = (headers: Record<string, string>) =>
			http(base, 'POST', '/api/components/led/execute', { on: true }, headers).then((a) => a.status);
		expect((await http(base, 'GET', '/api/system/status')).status).toBe(401);
		expect(await lamp({ Authorization: `Bearer ${token('viewer')}` })).toBe(403);
		expect(await lamp({ Authorization: `Bearer ${token('operator')}` })).toBe(200);
		expect(await lamp({ 'X-API-Key': token('admin') })).toBe(200);
		expect(await lamp({ 'X-API-Key': token('telemetry') })).toBe(401);
	});

	it('answers many at once, each with its own', async () => {
		const { devices } = await node(['--http', '0']);
		const asked = Array.from({ length: 60 }, (_, i) => `id-${i}`);
		const told = await Promise.all(
			asked.map((id) =>
				http(devices[0]?.http, 'POST', '/api/rpc', { jsonrpc: '2.0', id, method: 'system.info' })
			)
		);
		expect(told.map(({ body }) => (body as { id: string }).id)).toEqual(asked);
	});
});

describe('several devices in one process', () => {
	it('have each their own id, port, cable and flash', async () => {
		const port = 20_000 + ((await freePort()) % 10_000);
		const args = [
			'--count',
			'3',
			'--id',
			'sim-f',
			'--serial-pty',
			join(folder, 'tty'),
			'--http',
			String(port),
			'--flash-image',
			join(folder, 'flash')
		];
		const { devices } = await node(args);
		expect(devices).toEqual(
			[1, 2, 3].map((n) => ({
				id: `sim-f-${n}`,
				http: `http://127.0.0.1:${port + n - 1}`,
				pty: join(folder, `tty-${n}`)
			}))
		);
		await http(devices[1]?.http, 'POST', '/api/components/led/execute', { on: true });
		const lamps = await Promise.all(
			devices.map(({ http: base }) => http(base, 'GET', '/api/components/led'))
		);
		expect(lamps.map(({ body }) => (body as { report: { on: boolean } }).report.on)).toEqual([
			false,
			true,
			false
		]);
		expect((await lstat(join(folder, 'flash-3'))).size).toBe(FLASH_SIZE);
	});

	it('run faster than the wall without leaving a sample out', async () => {
		const { tcpUrl } = await broker();
		const { heard, until } = await listen(tcpUrl);
		const started = await node(['--count', '5', '--id', 'sim-q', '--speed', '600', '--broker', tcpUrl]);
		await until(
			(m) => m.topic === 'iot/node/sim-q-5/telemetry' && (JSON.parse(m.text) as { seq: number }).seq > 300,
			'ten minutes'
		);
		await started.stop();
		for (const { id } of started.devices) {
			const samples = heard
				.filter((m) => m.topic === `iot/node/${id}/telemetry`)
				.map((m) => JSON.parse(m.text) as { seq: number; timestamp: number });
			const first = samples[0]!;
			expect(samples.map((s) => s.seq)).toEqual(samples.map((_, i) => first.seq + i));
			const paces = samples.slice(1).map((s, i) => s.timestamp - samples[i]!.timestamp);
			expect(Math.max(...paces)).toBeLessThan(2.01);
		}
	}, 60_000);
});
