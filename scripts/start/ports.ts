import { once } from 'node:events';
import { type AddressInfo, type Server } from 'node:net';

/** How far from the wanted port we look before we give up. */
const TRIES = 50;

export interface Listening {
	readonly port: number;
	/** Ports that were wanted and that another program holds. */
	readonly taken: readonly number[];
}

/**
 * Lets `server` listen on the first free port from `wanted` up; 0 is any.
 * @param host undefined for every address of this machine
 * @throws the system's error when it is not about a taken port, or none of the next fifty is free
 */
export async function listenNear(
	server: Server,
	wanted: number,
	host: string | undefined
): Promise<Listening> {
	const taken: number[] = [];
	for (let port = wanted; ; port += 1) {
		try {
			server.listen({ port, ...(host === undefined ? {} : { host }) });
			await once(server, 'listening'); // rejects with what the server emits as 'error'
			return { port: (server.address() as AddressInfo).port, taken };
		} catch (cause) {
			if (!isTaken(cause) || taken.length + 1 === TRIES || port === 65535) throw cause;
			taken.push(port);
		}
	}
}

function isTaken(cause: unknown): boolean {
	return cause instanceof Error && 'code' in cause && cause.code === 'EADDRINUSE';
}
