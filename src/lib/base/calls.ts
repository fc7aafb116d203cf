/**
 * Typed calls over anything that carries structured clones: a MessagePort, a dedicated worker, a BroadcastChannel.
 *
 * A service is described by two maps: `Calls` (one answer each) and `Feeds` (a value now and on each change until the
 * caller stops). Every request has an id and each reply repeats it; a late reply to a cancelled call is dropped.
 */

export interface CallShape {
	args: unknown;
	result: unknown;
}
export interface FeedShape {
	args: unknown;
	value: unknown;
}
export interface ServiceShape {
	calls: Record<string, CallShape>;
	feeds: Record<string, FeedShape>;
}

export type ToService =
	| { type: 'call'; id: string; method: string; args: unknown }
	| { type: 'watch'; id: string; feed: string; args: unknown }
	| { type: 'cancel'; id: string };

export type FromService =
	| { type: 'result'; id: string; value: unknown }
	| { type: 'value'; id: string; value: unknown }
	| { type: 'fault'; id: string; message: string };

/** One end of a two-way pipe of structured clones. */
export interface Pipe<In, Out> {
	send(message: Out, transfer?: Transferable[]): void;
	/** One receiver at a time. */
	receive(fn: (message: In, transferred: readonly MessagePort[]) => void): void;
	close(): void;
}

export interface PortLike {
	postMessage(message: unknown, transfer: Transferable[]): void;
	onmessage: ((event: MessageEvent) => void) | null;
	close?(): void;
	start?(): void;
}

export function pipeOverPort<In, Out>(port: PortLike): Pipe<In, Out> {
	return {
		send: (message, transfer = []) => port.postMessage(message, transfer),
		receive(fn) {
			port.onmessage = (event) => fn(event.data as In, event.ports);
			port.start?.();
		},
		close: () => port.close?.()
	};
}

export type Handlers<S extends ServiceShape> = {
	calls: {
		[M in keyof S['calls']]: (
			args: S['calls'][M]['args'],
			context: { signal: AbortSignal; ports: readonly MessagePort[] }
		) => Answer<S['calls'][M]['result']> | Promise<Answer<S['calls'][M]['result']>>;
	};
	feeds: {
		[F in keyof S['feeds']]: (
			args: S['feeds'][F]['args'],
			emit: (value: S['feeds'][F]['value'], transfer?: Transferable[]) => void,
			signal: AbortSignal
		) => void;
	};
};

/** What a call's handler gives back: the result, or the result with the buffers to move. */
type Answer<R> = R | Transferred<R>;

/** Wraps a call's result when it holds buffers to move rather than copy. */
export class Transferred<T> {
	constructor(
		readonly value: T,
		readonly transfer: Transferable[]
	) {}
}

/** Serves one caller until `signal` aborts; then everything it asked for is cancelled. */
export function serve<S extends ServiceShape>(
	pipe: Pipe<ToService, FromService>,
	handlers: Handlers<S>,
	signal: AbortSignal
): void {
	const running = new Map<string, AbortController>();
	const fault = (id: string, cause: unknown) => {
		if (!running.has(id)) return; // cancelled: nobody waits
		running.delete(id);
		pipe.send({ type: 'fault', id, message: cause instanceof Error ? cause.message : String(cause) });
	};
	pipe.receive((message, ports) => {
		if (message.type === 'cancel') {
			running.get(message.id)?.abort(new DOMException('cancelled by the caller', 'AbortError'));
			running.delete(message.id);
			return;
		}
		if (running.has(message.id)) return; // sent again after a change of leader: already under way
		const controller = new AbortController();
		running.set(message.id, controller);
		try {
			if (message.type === 'watch') {
				const feed = handlers.feeds[message.feed];
				if (!feed) return fault(message.id, new Error(`no feed ${message.feed}`));
				feed(
					message.args,
					(value, transfer) => {
						if (running.has(message.id)) pipe.send({ type: 'value', id: message.id, value }, transfer);
					},
					controller.signal
				);
				return;
			}
			const call = handlers.calls[message.method];
			if (!call) return fault(message.id, new Error(`no method ${message.method}`));
			Promise.resolve(call(message.args, { signal: controller.signal, ports })).then(
				(value: unknown) => {
					if (!running.delete(message.id)) return;
					if (value instanceof Transferred)
						pipe.send({ type: 'result', id: message.id, value: value.value }, value.transfer);
					else pipe.send({ type: 'result', id: message.id, value });
				},
				(cause: unknown) => fault(message.id, cause)
			);
		} catch (cause) {
			fault(message.id, cause);
		}
	});
	signal.addEventListener(
		'abort',
		() => {
			for (const c of running.values()) c.abort(signal.reason);
			running.clear();
			pipe.close();
		},
		{ once: true }
	);
}

/** The caller's side. */
export class ServiceClient<S extends ServiceShape> {
	#next = 0;
	readonly #waiting = new Map<
		string,
		{ resolve: (v: unknown) => void; reject: (e: Error) => void } | { emit: (v: unknown) => void }
	>();

	constructor(
		private readonly pipe: Pipe<FromService, ToService>,
		/** Tells this caller's ids from those of other callers whose messages share a worker. */
		private readonly prefix: string
	) {
		pipe.receive((message) => {
			const waiting = this.#waiting.get(message.id);
			if (!waiting) return; // cancelled: a late reply is dropped
			if (message.type === 'value') {
				if ('emit' in waiting) waiting.emit(message.value);
				return;
			}
			this.#waiting.delete(message.id);
			if ('emit' in waiting) {
				// eslint-disable-next-line no-console -- nobody waits on a feed: a fault of ours must still be seen somewhere
				if (message.type === 'fault') console.error(`feed ended: ${message.message}`);
				return;
			}
			if (message.type === 'result') waiting.resolve(message.value);
			else waiting.reject(new Error(message.message));
		});
	}

	call<M extends keyof S['calls'] & string>(
		method: M,
		args: S['calls'][M]['args'],
		options: { signal?: AbortSignal; transfer?: Transferable[] } = {}
	): Promise<S['calls'][M]['result']> {
		const { signal, transfer } = options;
		return new Promise((resolve, reject) => {
			if (signal?.aborted) return reject(signal.reason as Error);
			const id = `${this.prefix}.${this.#next++}`;
			const stop = () => {
				this.#waiting.delete(id);
				this.pipe.send({ type: 'cancel', id });
				reject(signal!.reason as Error);
			};
			const settle = () => signal?.removeEventListener('abort', stop);
			this.#waiting.set(id, {
				resolve: (v) => {
					settle();
					resolve(v);
				},
				reject: (e) => {
					settle();
					reject(e);
				}
			});
			signal?.addEventListener('abort', stop, { once: true });
			this.pipe.send({ type: 'call', id, method, args }, transfer);
		});
	}

	/** Calls `emit` with each value until `signal` aborts. */
	watch<F extends keyof S['feeds'] & string>(
		feed: F,
		args: S['feeds'][F]['args'],
		emit: (value: S['feeds'][F]['value']) => void,
		signal: AbortSignal
	): void {
		if (signal.aborted) return;
		const id = `${this.prefix}.${this.#next++}`;
		this.#waiting.set(id, { emit });
		signal.addEventListener(
			'abort',
			() => {
				this.#waiting.delete(id);
				this.pipe.send({ type: 'cancel', id });
			},
			{ once: true }
		);
		this.pipe.send({ type: 'watch', id, feed, args });
	}
}
