import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const TYPES: Readonly<Record<string, string>> = { '.html': 'text/html', '.js': 'text/javascript' };

export interface HarnessSite {
	readonly url: string;
	close(): Promise<void>;
}

/** Builds a harness page with the product's own modules and serves it on a free port of the loopback. */
export async function serveHarness(folder: 'store' | 'field' = 'store'): Promise<HarnessSite> {
	const outDir = await mkdtemp(join(tmpdir(), 'fieldbench-harness-'));
	await build({
		configFile: false,
		root: here(`../${folder}/harness`),
		define: { __BUILD_ID__: JSON.stringify('harness') },
		logLevel: 'error',
		resolve: { alias: { $lib: here('../../src/lib') } },
		build: { outDir, emptyOutDir: true, modulePreload: false },
		worker: { format: 'es' }
	});
	const server = createServer((request, response) => {
		const path = normalize(new URL(request.url ?? '/', 'http://site').pathname);
		const file = join(outDir, path === '/' ? 'index.html' : path);
		readFile(file).then(
			(bytes) => response.writeHead(200, { 'content-type': TYPES[extname(file)] ?? 'text/plain' }).end(bytes),
			() => response.writeHead(404).end()
		);
	});
	await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
	const { port } = server.address() as AddressInfo;
	return {
		url: `http://127.0.0.1:${port}/`,
		async close() {
			server.closeAllConnections();
			await new Promise((resolve) => server.close(resolve));
			await rm(outDir, { recursive: true, force: true });
		}
	};
}
