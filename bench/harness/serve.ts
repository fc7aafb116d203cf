import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import sirv from 'sirv';
import { headersFor } from '../../scripts/headers.mjs';
import { appFolder, build } from '../../scripts/start/build';
import { pageServer } from '../../scripts/start/page-server';
import svelteConfig from '../../svelte.config.js';
import { buildPages } from './pages';

export interface Served {
	readonly url: string;
	/** Every request so far, in order. */
	readonly requests: readonly Asked[];
	/** Stops it: from then on nothing answers. */
	close(): Promise<void>;
}

/** One request as the browser described it. */
export interface Asked {
	readonly path: string;
	/** What for (`Sec-Fetch-Dest`, w3c.github.io/webappsec-fetch-metadata): script, style, sharedworker, empty … */
	readonly destination: string;
}

/** The app as `npm start` builds and serves it, offering the broker at `brokerUrl` where there is one. */
export async function serveApp(signal: AbortSignal, brokerUrl?: string): Promise<Served> {
	const built = await build(signal);
	if (built.kind === 'failed') throw new Error(built.said);
	const brokers = brokerUrl === undefined ? [] : [{ name: 'Bench', url: brokerUrl }];
	return listen(await pageServer({ folder: appFolder, brokersFor: () => brokers }));
}

/** The pages of bench/pages, under the app's headers and its policy. */
export async function servePages(): Promise<Served> {
	const files = sirv(await buildPages(), { dev: false, etag: false });
	const policy = pagePolicy();
	return listen((request, response) => {
		const { pathname } = new URL(request.url ?? '/', 'http://localhost');
		for (const [name, value] of Object.entries(headersFor(pathname))) response.setHeader(name, value);
		// xterm.js writes style sheets of its own: it is measured as it is meant to work.
		if (pathname.endsWith('/console.html'))
			response.setHeader('Content-Security-Policy', "object-src 'none'");
		else if (pathname.endsWith('.html')) response.setHeader('Content-Security-Policy', policy);
		files(request, response, () => void response.writeHead(404).end());
	});
}

/** What SvelteKit writes into each page's <meta>. */
function pagePolicy(): string {
	const keyword = /^(self|none|wasm-unsafe-eval|script)$/u;
	return Object.entries(svelteConfig.kit?.csp?.directives ?? {})
		.map(([name, sources]) =>
			[name, ...(Array.isArray(sources) ? sources : []).map((s) => quoted(String(s)))].join(' ')
		)
		.join('; ');
	function quoted(source: string): string {
		return keyword.test(source) ? `'${source}'` : source;
	}
}

async function listen(answer: RequestListener): Promise<Served> {
	const requests: Asked[] = [];
	const server: Server = createServer((request, response) => {
		const { pathname } = new URL(request.url ?? '/', 'http://localhost');
		requests.push({ path: pathname, destination: request.headers['sec-fetch-dest'] ?? '' });
		answer(request, response);
	}).listen(0, '127.0.0.1');
	await once(server, 'listening');
	const { port } = server.address() as AddressInfo;
	return {
		url: `http://localhost:${port}`,
		requests,
		async close() {
			server.closeAllConnections();
			await new Promise((resolve) => server.close(resolve));
		}
	};
}
