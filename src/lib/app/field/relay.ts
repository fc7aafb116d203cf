import type { FromService, Pipe, ToService } from '$lib/base';

/**
 * One page's calls and feeds, wherever they are answered. It remembers what is not answered yet and sends it again when the
 * answering side changes: a new leader, a restarted worker. Calls are idempotent, so asking twice does no harm.
 */
export class Relay {
	readonly #outstanding = new Map<string, ToService>();
	#backend: Pipe<FromService, ToService> | undefined;

	/** @param near answers what belongs to this side; true where it took the message */
	constructor(
		private readonly page: Pipe<ToService, FromService>,
		near: (message: ToService, ports: readonly MessagePort[]) => boolean = () => false
	) {
		page.receive((message, ports) => {
			if (near(message, ports)) return;
			if (message.type === 'cancel') this.#outstanding.delete(message.id);
			else this.#outstanding.set(message.id, message);
			this.#backend?.send(message, [...ports]);
		});
	}

	/** From now on `backend` answers, also what an earlier one left open. */
	attach(backend: Pipe<FromService, ToService>): void {
		this.detach();
		this.#backend = backend;
		backend.receive((reply) => {
			if (this.#backend !== backend || !this.#outstanding.has(reply.id)) return; // of another page, or too late
			if (reply.type !== 'value') this.#outstanding.delete(reply.id);
			this.page.send(reply);
		});
	}

	/** Asks the attached side all that is not answered yet. */
	resend(): void {
		for (const message of [...this.#outstanding.values()]) this.#backend?.send(message);
	}

	/** Calls wait until somebody else is attached. */
	detach(): void {
		const backend = this.#backend;
		this.#backend = undefined;
		backend?.close();
	}
}

/** Two ends of a pipe within one thread: what one sends the other receives in the same task, uncloned. */
export function joinedPipes(): [Pipe<FromService, ToService>, Pipe<ToService, FromService>] {
	let toService: (message: ToService, ports: readonly MessagePort[]) => void = () => {};
	let toPage: (message: FromService, ports: readonly MessagePort[]) => void = () => {};
	let open = true;
	const close = () => void (open = false);
	return [
		{
			send: (message, transfer = []) => {
				const ports = transfer.filter((t): t is MessagePort => 'postMessage' in t);
				if (open) toService(message, ports);
			},
			receive: (fn) => void (toPage = fn),
			close
		},
		{
			send: (message) => open && toPage(message, []),
			receive: (fn) => void (toService = fn),
			close
		}
	];
}
