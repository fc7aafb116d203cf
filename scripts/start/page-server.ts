import { readFile } from 'node:fs/promises';
import { type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import sirv from 'sirv';
import { headersFor } from '../headers.mjs';

export interface PageServerOptions {
	/** The folder that `npm run build` fills. */
	readonly folder: string;
	/** What `/local-broker.json` offers, for a page that was asked for under this hostname. */
	readonly brokersFor: (hostname: string) => readonly LocalBroker[];
	/** More paths, each with its own body. */
	readonly extras?: Readonly<Record<string, { readonly type: string; readonly body: Uint8Array }>>;
}

/** As the page reads it from `/local-broker.json`: `{"brokers":[…]}`. */
export interface LocalBroker {
	readonly name: string;
	/** For a page: MQTT over WebSocket. */
	readonly url: string;
	/** For boards on the same network, by each address this machine has there; never loopback. */
	readonly lan?: readonly { readonly mqtt: string; readonly ws: string }[];
}

/**
 * Serves the built app as a static host should: every file with its headers, and the shell (404.html, as 200) for any
 * navigation that is no file, because the app's routes are made in the browser.
 */
export async function pageServer({
	folder,
	brokersFor,
	extras = {}
}: PageServerOptions): Promise<RequestListener> {
	const shell = await readFile(join(folder, '404.html'));
	const files = sirv(folder, {
		etag: true,
		ignores: false,
		setHeaders: (response, path) => setHeaders(response, path)
	});
	const answer = (request: IncomingMessage, response: ServerResponse) => {
		const path = pathOf(request);
		const extra = extras[path];
		setHeaders(response, path);
		if (request.method !== 'GET' && request.method !== 'HEAD')
			send(response, 405, 'text/plain', 'GET only\n');
		else if (path === '/local-broker.json')
			send(response, 200, 'application/json', JSON.stringify({ brokers: brokersFor(hostOf(request)) }));
		else if (extra) send(response, 200, extra.type, extra.body);
		else if (path === '/_headers' || path === '/404.html') missing(request, response);
		else files(request, response, () => missing(request, response));
	};
	const missing = (request: IncomingMessage, response: ServerResponse) => {
		const wanted = pathOf(request) === '/404.html' || isNavigation(request);
		if (wanted) send(response, 200, 'text/html;charset=utf-8', shell);
		else send(response, 404, 'text/plain', 'not found\n');
	};
	return answer;
}

/** A person going somewhere, as against a script or style that is gone: that must fail, not be the shell. */
function isNavigation(request: IncomingMessage): boolean {
	const mode = request.headers['sec-fetch-mode'];
	if (mode !== undefined) return mode === 'navigate';
	return (request.headers.accept ?? '').includes('text/html') && !pathOf(request).startsWith('/_app/');
}

function setHeaders(response: ServerResponse, path: string): void {
	for (const [name, value] of Object.entries(headersFor(path))) response.setHeader(name, value);
}

function send(response: ServerResponse, status: number, type: string, body: string | Uint8Array): void {
	response.writeHead(status, { 'Content-Type': type, 'Content-Length': Buffer.byteLength(body) });
	response.end(response.req.method === 'HEAD' ? undefined : body);
}

function pathOf(request: IncomingMessage): string {
	const url = request.url ?? '/';
	return URL.canParse(url, 'http://x') ? new URL(url, 'http://x').pathname : '/';
}

/** The hostname the client used, without the port; localhost where it says none that can be read. */
function hostOf(request: IncomingMessage): string {
	const url = `http://${request.headers.host ?? 'localhost'}`;
	return URL.canParse(url) ? new URL(url).hostname : 'localhost';
}
