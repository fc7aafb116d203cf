import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';

/** How one address of another host answers. */
export interface HostAnswer {
	readonly status?: number;
	readonly body: string | Uint8Array;
	/** Default true: other pages may read it. */
	readonly cors?: boolean;
	/** Announced, whatever comes; the connection ends after the body. */
	readonly announcedBytes?: number;
}

/** Another host, of whatever faults a test gives it, by path. */
export async function startFirmwareHost(
	answers: Readonly<Record<string, HostAnswer>>
): Promise<{ url: string; close: () => Promise<void> }> {
	const server = createServer((request, response) => {
		const answer = answers[request.url ?? ''] ?? { status: 404, body: 'not here' };
		const headers = {
			...(answer.cors === false ? {} : { 'access-control-allow-origin': '*' }),
			...(answer.announcedBytes === undefined ? {} : { 'content-length': String(answer.announcedBytes) })
		};
		response.writeHead(answer.status ?? 200, headers);
		if (answer.announcedBytes === undefined) return void response.end(answer.body);
		response.write(answer.body, () => response.destroy());
	});
	server.listen(0, '127.0.0.1');
	await once(server, 'listening');
	return {
		url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
		close: async () => {
			server.closeAllConnections();
			server.close();
			await once(server, 'close');
		}
	};
}
