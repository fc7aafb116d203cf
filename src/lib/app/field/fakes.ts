import type { Clock } from '$lib/base';
import type { ChannelLike } from './field-host';
import type { LockApi } from './leadership';

/**
 * Web Locks, broadcast channels and timers of one origin, for tests in Node. `as(worker)` gives each worker its own view, so that
 * a test can freeze one (it keeps its locks and nothing in it runs) or kill it (its locks are free).
 */
export class FakeOrigin {
	readonly #queues = new Map<string, Waiter[]>();
	readonly #held = new Map<string, Waiter>();
	readonly #channels = new Map<string, Set<FakeChannel>>();
	/** What waits in each frozen worker. */
	readonly #frozen = new Map<string, (() => void)[]>();
	readonly #dead = new Set<string>();

	/**
	 * @param lateEars a new channel hears nothing for one turn: the browser learns of it on a way of its own, and nothing orders
	 *   that against what is said over an older channel
	 */
	constructor(
		private readonly clock: Clock,
		private readonly lateEars = false
	) {}

	as(worker: string): { locks: LockApi; openChannel: (name: string) => ChannelLike; clock: Clock } {
		return {
			locks: { request: (name, options, hold) => this.#request(worker, name, options, hold) },
			openChannel: (name) => this.#open(worker, name),
			clock: {
				now: () => this.clock.now(),
				after: (delayMs, fn) => this.clock.after(delayMs, () => this.#run(worker, fn))
			}
		};
	}

	freeze(worker: string): void {
		this.#frozen.set(worker, []);
	}

	/** All that waited happens now, in order. */
	thaw(worker: string): void {
		const waiting = this.#frozen.get(worker) ?? [];
		this.#frozen.delete(worker);
		for (const fn of waiting) fn();
	}

	/** Ends it as the system does: without a word. */
	kill(worker: string): void {
		this.#dead.add(worker);
		for (const [name, queue] of this.#queues)
			this.#queues.set(
				name,
				queue.filter((w) => w.worker !== worker)
			);
		for (const [name, holder] of this.#held) if (holder.worker === worker) this.#free(name, holder);
		for (const all of this.#channels.values())
			for (const channel of [...all]) if (channel.worker === worker) all.delete(channel);
	}

	holder(name: string): string | undefined {
		return this.#held.get(name)?.worker;
	}

	#run(worker: string, fn: () => void): void {
		if (this.#dead.has(worker)) return;
		const frozen = this.#frozen.get(worker);
		if (frozen) frozen.push(fn);
		else fn();
	}

	#request(
		worker: string,
		name: string,
		{ steal, signal }: { steal?: boolean; signal?: AbortSignal },
		hold: () => Promise<void>
	): Promise<unknown> {
		return new Promise((resolve, reject) => {
			const waiter: Waiter = { worker, hold, resolve, reject };
			if (steal) {
				const robbed = this.#held.get(name);
				this.#held.delete(name);
				if (robbed) this.#run(robbed.worker, () => robbed.reject(new DOMException('stolen', 'AbortError')));
				return this.#grant(name, waiter);
			}
			const queue = this.#queues.get(name) ?? [];
			this.#queues.set(name, queue);
			queue.push(waiter);
			signal?.addEventListener('abort', () => {
				const at = queue.indexOf(waiter);
				if (at < 0) return; // granted already: an abort has no effect any more
				queue.splice(at, 1);
				reject(signal.reason as Error);
			});
			this.#next(name);
		});
	}

	#next(name: string): void {
		if (this.#held.has(name)) return;
		const waiter = this.#queues.get(name)?.shift();
		if (waiter) this.#grant(name, waiter);
	}

	#grant(name: string, waiter: Waiter): void {
		this.#held.set(name, waiter);
		queueMicrotask(() =>
			this.#run(waiter.worker, () => {
				void waiter.hold().then((value) => {
					if (this.#held.get(name) !== waiter) return; // stolen meanwhile: rejected already
					this.#free(name, waiter);
					waiter.resolve(value);
				});
			})
		);
	}

	#free(name: string, holder: Waiter): void {
		if (this.#held.get(name) === holder) this.#held.delete(name);
		this.#next(name);
	}

	#open(worker: string, name: string): ChannelLike {
		const all = this.#channels.get(name) ?? new Set();
		this.#channels.set(name, all);
		const channel = new FakeChannel(
			worker,
			(message) => {
				if (this.#dead.has(worker)) return;
				for (const other of [...all])
					// A task of its own: a channel never delivers within the sender's.
					if (other !== channel) queueMicrotask(() => this.#run(other.worker, () => other.deliver(message)));
			},
			() => {
				closed = true;
				all.delete(channel);
			}
		);
		const register = () => {
			if (!closed && !this.#dead.has(worker)) all.add(channel);
		};
		let closed = false;
		if (this.lateEars) setImmediate(register);
		else register();
		return channel;
	}
}

interface Waiter {
	readonly worker: string;
	readonly hold: () => Promise<void>;
	readonly resolve: (value: unknown) => void;
	readonly reject: (reason: Error) => void;
}

class FakeChannel implements ChannelLike {
	onmessage: ((event: MessageEvent) => void) | null = null;
	#open = true;

	constructor(
		readonly worker: string,
		private readonly send: (message: unknown) => void,
		private readonly leave: () => void
	) {}

	postMessage(message: unknown): void {
		if (!this.#open) throw new DOMException('the channel is closed', 'InvalidStateError');
		this.send(structuredClone(message));
	}

	deliver(message: unknown): void {
		if (this.#open) this.onmessage?.(new MessageEvent('message', { data: message }));
	}

	close(): void {
		this.#open = false;
		this.leave();
	}
}
