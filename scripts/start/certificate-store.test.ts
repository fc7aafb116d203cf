import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, createServer } from 'node:tls';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeServerCertificate, type KeyAndCertificate } from './certificate';
import { certificatesFor, userDataFolder } from './certificate-store';
import { listenNear } from './ports';

const NOW = Date.now();
const DAY_MS = 86_400_000;
const addresses = { lan: ['192.168.1.7', '203.0.113.9'], names: ['localhost', 'bench', 'bench.local'] };

let folder: string;
beforeEach(async () => {
	folder = await mkdtemp(join(tmpdir(), 'fieldbench-certificates-'));
});
afterEach(() => rm(folder, { recursive: true }));

/** What a client that trusts only `authority` says of the server when it asks for `servername`; undefined when content. */
async function handshake(server: KeyAndCertificate, authority: string, servername: string) {
	const listener = createServer(server);
	listener.on('tlsClientError', () => undefined); // the client's refusal is what we look at
	const { port } = await listenNear(listener, 0, '127.0.0.1');
	const socket = connect({ port, host: '127.0.0.1', servername, ca: authority });
	try {
		await once(socket, 'secureConnect');
		return undefined;
	} catch (cause) {
		return String(cause);
	} finally {
		socket.destroy();
		await once(listener.close(), 'close');
	}
}

describe('the certificates of --https', () => {
	it('hold for every private name and address of the machine', async () => {
		const { server, authority, newAuthority } = await certificatesFor(addresses, folder, NOW);
		expect(newAuthority).toBe(true);
		for (const name of ['localhost', 'bench', 'bench.local'])
			expect(await handshake(server, authority, name), name).toBeUndefined();
		const leaf = new X509Certificate(server.cert);
		for (const ip of ['127.0.0.1', '192.168.1.7']) expect(leaf.checkIP(ip), ip).toBe(ip);
		expect(leaf.checkIP('203.0.113.9')).toBeUndefined(); // public: not ours to vouch for
		expect(leaf.verify(new X509Certificate(authority).publicKey)).toBe(true);
	});

	it('cannot vouch for a site on the internet', async () => {
		const { authority } = await certificatesFor(addresses, folder, NOW);
		const key = await readFile(join(folder, 'authority.key'), 'utf8');
		for (const host of ['bank.example', '8.8.8.8']) {
			const forged = await makeServerCertificate({ key, cert: authority }, [host], NOW);
			expect(await handshake(forged, authority, host), host).toContain('permitted subtree violation');
		}
	});

	it('are kept, the key from everyone else', async () => {
		const first = await certificatesFor(addresses, folder, NOW);
		const second = await certificatesFor(addresses, folder, NOW + DAY_MS);
		expect(second).toEqual({ ...first, newAuthority: false });
		for (const name of ['authority.key', 'server.key'])
			expect((await stat(join(folder, name))).mode & 0o777, name).toBe(0o600);
	});

	it('follow the machine to a new address under the same authority', async () => {
		const first = await certificatesFor(addresses, folder, NOW);
		const moved = await certificatesFor({ ...addresses, lan: ['10.1.2.3'] }, folder, NOW);
		expect(moved.authority).toBe(first.authority);
		expect(new X509Certificate(moved.server.cert).checkIP('10.1.2.3')).toBe('10.1.2.3');
	});

	it('are made anew in time, and under a new authority for a new machine name', async () => {
		const first = await certificatesFor(addresses, folder, NOW);
		const later = await certificatesFor(addresses, folder, NOW + 370 * DAY_MS);
		expect(later.authority).toBe(first.authority);
		expect(later.server.cert).not.toBe(first.server.cert);
		const renamed = await certificatesFor({ lan: [], names: ['localhost', 'attic'] }, folder, NOW);
		expect(renamed.newAuthority).toBe(true);
		expect(await handshake(renamed.server, renamed.authority, 'attic')).toBeUndefined();
	});
});

it('keeps them where this user keeps such things', () => {
	expect(userDataFolder({ XDG_DATA_HOME: '/data' })).toBe('/data/fieldbench');
	expect(userDataFolder({ XDG_DATA_HOME: '' })).toMatch(/\.local\/share\/fieldbench$/u);
});
