import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, request, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { pageServer } from './page-server';
import { listenNear } from './ports';

const LAN = { mqtt: 'mqtt://192.168.1.7:8', ws: 'ws://192.168.1.7:9' };
let folder: string;
let server: Server;
let port: number;

beforeAll(async () => {
	folder = await mkdtemp(join(tmpdir(), 'fieldbench-page-'));
	await mkdir(join(folder, '_app/immutable/workers'), { recursive: true });
	await writeFile(join(folder, '404.html'), '<h1>shell</h1>');
	await writeFile(join(folder, 'index.html'), '<h1>home</h1>');
	await writeFile(join(folder, '_headers'), '/*');
	await writeFile(join(folder, '_app/immutable/workers/field-x.js'), '1');
	server = createServer(
		await pageServer({
			folder,
			brokersFor: (name) => [{ name: 'Local broker', url: `ws://${name}:9`, lan: [LAN] }],
			extras: { '/fieldbench-ca.crt': { type: 'application/x-x509-ca-cert', body: Buffer.from('PEM') } }
		})
	);
	({ port } = await listenNear(server, 0, '127.0.0.1'));
});

afterAll(async () => {
	server.closeAllConnections();
	await once(server.close(), 'close');
	await rm(folder, { recursive: true });
});

/** With fetch the Host header could not be chosen. */
async function get(path: string, headers: Record<string, string> = {}, method = 'GET') {
	const asked = request({ port, path, method, headers, host: '127.0.0.1' }).end();
	const [response] = (await once(asked, 'response')) as [import('node:http').IncomingMessage];
	const parts: Buffer[] = [];
	for await (const part of response) parts.push(part as Buffer);
	return { status: response.statusCode, headers: response.headers, text: Buffer.concat(parts).toString() };
}

const navigation = { 'sec-fetch-mode': 'navigate', accept: 'text/html' };

it('answers a route it does not know with the shell, as success', async () => {
	const deep = await get('/devices/sim-bench-1?range=1h', navigation);
	expect(deep).toMatchObject({ status: 200, text: '<h1>shell</h1>' });
	expect(deep.headers['cache-control']).toBe('no-cache');
	expect(deep.headers['content-security-policy']).toBe("frame-ancestors 'none'");
	expect((await get('/', navigation)).text).toBe('<h1>home</h1>');
	expect((await get('/404.html')).status).toBe(200); // the service worker keeps it
});

it('lets a script that is gone fail', async () => {
	expect((await get('/_app/immutable/old.js', { 'sec-fetch-mode': 'cors' })).status).toBe(404);
	expect((await get('/_app/immutable/old.js', { accept: 'text/html' })).status).toBe(404);
	expect((await get('/_headers')).status).toBe(404);
});

it('sends worker scripts with a policy of their own, for ever', async () => {
	const { headers } = await get('/_app/immutable/workers/field-x.js');
	expect(headers['content-security-policy']).toContain("default-src 'none'");
	expect(headers['cache-control']).toContain('immutable');
	expect(headers['x-content-type-options']).toBe('nosniff');
});

it('offers the local broker under the name the page was asked for', async () => {
	const { text, headers } = await get('/local-broker.json', { host: '192.168.1.7:4173' });
	expect(JSON.parse(text)).toEqual({
		brokers: [{ name: 'Local broker', url: 'ws://192.168.1.7:9', lan: [LAN] }]
	});
	expect(headers['cache-control']).toBe('no-cache');
});

it('hands out the extras and refuses to be written to', async () => {
	expect((await get('/fieldbench-ca.crt')).headers['content-type']).toBe('application/x-x509-ca-cert');
	expect((await get('/', {}, 'POST')).status).toBe(405);
	expect(await get('/fieldbench-ca.crt', {}, 'HEAD')).toMatchObject({ status: 200, text: '' });
});

it('does not leave its folder', async () => {
	for (const path of ['/../package.json', '/%2e%2e/package.json', '/..%2fpackage.json', '/%zz'])
		expect((await get(path)).status, path).toBe(404);
});
