import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { listenNear } from './ports';

const open: Server[] = [];

afterEach(async () => {
	await Promise.all(open.splice(0).map((server) => once(server.close(), 'close')));
});

function server(): Server {
	const made = createServer();
	open.push(made);
	return made;
}

it('passes over ports that are taken, and names them', async () => {
	const first = await listenNear(server(), 0, '127.0.0.1');
	const second = await listenNear(server(), first.port, '127.0.0.1');
	expect(first.taken).toEqual([]);
	expect(second.taken[0]).toBe(first.port);
	expect(second.port).toBe(first.port + second.taken.length);
});

it('does not look for another port when the address is not ours', async () => {
	const never = createServer();
	await expect(listenNear(never, 0, '203.0.113.1')).rejects.toMatchObject({ code: 'EADDRNOTAVAIL' });
});
