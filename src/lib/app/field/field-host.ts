import { pipeOverPort, serve, type Clock, type FromService, type PortLike, type ToService } from '$lib/base';
import type { LoopbackPort } from '$lib/link';
import type { CoreHandlers } from './field-core';
import { Leadership, type FieldTalk, type LockApi } from './leadership';
import type { FieldHello, FieldService, TabHello } from './messages';
import { joinedPipes, Relay } from './relay';

/** Raised when a leader could not serve a follower of another build. Such a follower waits until the old leader ends. */
export const FIELD_PROTOCOL = 1;
const TALK = 'fieldbench-field';
/** How long a new leader waits for the first page's sentinel before it opens the store without. */
const HELLO_WAIT_MS = 1000;
/** After a failed start, e.g. of the storage. */
const RESTART_MS = 2000;

/** A BroadcastChannel, as far as it is used. */
export interface ChannelLike {
	postMessage(message: unknown): void;
	onmessage: ((event: MessageEvent) => void) | null;
	close(): void;
}

export interface HostedCore {
	readonly handlers: CoreHandlers;
	/** @returns what to call when the lab behind the port is gone */
	attachLab(port: LoopbackPort): () => void;
	close(): Promise<void>;
}

export interface HostParts {
	/** Names this worker among those of its origin. */
	readonly id: string;
	readonly buildId: string;
	readonly shared: boolean;
	readonly secretsAvailable: boolean;
	readonly clock: Clock;
	readonly random: () => number;
	readonly locks: LockApi | undefined;
	readonly openChannel: (name: string) => ChannelLike;
	/** The core could not start: it is tried again. */
	readonly onFault: (cause: unknown) => void;
	/** Takes a fence number, opens the storage and starts to work. `sentinel` is what a page kept, null where none did. */
	readonly startCore: (sentinel: string | null, onFenced: () => void) => Promise<HostedCore>;
}

type Handlers = Parameters<typeof serve<FieldService>>[1];

interface Follower {
	readonly core: AbortController;
	readonly lostLab: () => void;
}

/**
 * One worker's place among the workers of its origin. Its pages talk to it and never know who answers: while it leads, its own
 * core does; while it follows, it passes their calls to the leader over a channel of the two, and repeats them to the next leader
 * where one comes. The same in a SharedWorker (many pages) and in a dedicated worker (one).
 */
export class FieldHost {
	readonly #parts: HostParts;
	readonly #talk: ChannelLike;
	readonly #leadership: Leadership;
	readonly #relays = new Set<Relay>();
	readonly #roleWatchers = new Map<string, (hello: FieldHello) => void>();
	readonly #followers = new Map<string, Follower>();
	/** Resolves with the first page's sentinel, or null where none came in time. */
	readonly #sentinel: Promise<string | null>;
	#giveSentinel: (text: string | null) => void = () => {};
	#core: HostedCore | undefined;
	/** The leader we follow, and whether it has opened its end of our channel. */
	#leader: { readonly id: string; joined: boolean } | undefined;
	#lab: MessagePort | undefined;
	#labBridge: ChannelLike | undefined;
	#followed = false;

	constructor(parts: HostParts) {
		this.#parts = parts;
		this.#sentinel = new Promise((resolve) => (this.#giveSentinel = resolve));
		this.#talk = parts.openChannel(TALK);
		this.#leadership = new Leadership({
			...{ locks: parts.locks, clock: parts.clock, random: parts.random },
			say: ({ type }) =>
				this.#say(
					type === 'who'
						? { type }
						: { type, leader: parts.id, buildId: parts.buildId, protocol: FIELD_PROTOCOL }
				),
			onLead: (signal) => void this.#lead(signal)
		});
		this.#talk.onmessage = (event: MessageEvent<FieldTalk>) => this.#hear(event.data);
		// Whoever asks for this lock gets it when this worker is dead: that is how a leader learns of it.
		void parts.locks?.request(lifeLock(parts.id), {}, () => new Promise(() => {}));
	}

	start(): void {
		this.#leadership.start();
	}

	/** Serves a page until its port is closed, or the Web Lock that it named in its hello is free. */
	addPage(port: PortLike): void {
		const pipe = pipeOverPort<ToService, FromService>(port);
		const relay: Relay = new Relay(pipe, (message, ports) =>
			this.#near(message, ports, relay, (m) => pipe.send(m))
		);
		this.#relays.add(relay);
		this.#attach(relay);
	}

	stop(): void {
		this.#leadership.stop();
		this.#talk.onmessage = null;
		this.#talk.close();
	}

	get #role(): FieldHello | undefined {
		const { buildId, secretsAvailable, shared } = this.#parts;
		if (this.#leadership.leading) return { role: shared ? 'shared' : 'leader', buildId, secretsAvailable };
		return this.#followed ? { role: 'follower', buildId, secretsAvailable } : undefined; // not known yet
	}

	/** What is answered here, whoever leads. */
	#near(
		message: ToService,
		ports: readonly MessagePort[],
		relay: Relay,
		reply: (message: FromService) => void
	): boolean {
		if (message.type === 'cancel') {
			this.#roleWatchers.delete(message.id);
			return false;
		}
		const { id } = message;
		if (message.type === 'watch' && message.feed === 'role') {
			const emit = (hello: FieldHello) => reply({ type: 'value', id, value: hello });
			this.#roleWatchers.set(id, emit);
			if (this.#role) emit(this.#role);
			return true;
		}
		if (message.type !== 'call') return false;
		switch (message.method) {
			case 'ping':
				reply({ type: 'result', id, value: undefined });
				return true;
			case 'hello': {
				const hello = message.args as TabHello; // our own client made it
				this.#giveSentinel(hello.sentinel);
				if (hello.tab !== undefined) this.#dropWhenDead(relay, hello.tab);
				if (this.#role) reply({ type: 'result', id, value: this.#role });
				else
					this.#roleWatchers.set(id, (value) => {
						this.#roleWatchers.delete(id);
						reply({ type: 'result', id, value });
					});
				return true;
			}
			case 'attachLab':
				if (ports[0]) this.#takeLab(ports[0]);
				reply({ type: 'result', id, value: undefined });
				return true;
			default:
				return false;
		}
	}

	#dropWhenDead(relay: Relay, tab: string): void {
		void this.#parts.locks?.request(tabLock(tab), {}, async () => {
			this.#relays.delete(relay);
			relay.detach();
		});
	}

	async #lead(signal: AbortSignal): Promise<void> {
		this.#leader = undefined;
		this.#closeBridge();
		this.#tellRole();
		signal.addEventListener('abort', () => this.#follow(), { once: true });
		try {
			const stopWaiting = this.#parts.clock.after(HELLO_WAIT_MS, () => this.#giveSentinel(null));
			const sentinel = await this.#sentinel;
			stopWaiting();
			if (signal.aborted) return;
			const core = await this.#parts.startCore(sentinel, () => this.#leadership.stepDown());
			if (signal.aborted) return await core.close();
			this.#core = core;
			signal.addEventListener('abort', () => void core.close(), { once: true });
			for (const relay of this.#relays) this.#attach(relay);
			if (this.#lab) core.attachLab(keptOpen(this.#lab));
			this.#leadership.asked(); // followers that came before the core was up may join now
		} catch (cause) {
			this.#parts.onFault(cause);
			this.#parts.clock.after(RESTART_MS, () => this.#leadership.stepDown());
		}
	}

	/** No longer leading: pages wait for the next leader. */
	#follow(): void {
		this.#core = undefined;
		this.#followed = true;
		for (const relay of this.#relays) relay.detach();
		for (const id of [...this.#followers.keys()]) this.#dismiss(id);
		this.#tellRole();
	}

	#attach(relay: Relay): void {
		if (this.#core) {
			const [pageEnd, coreEnd] = joinedPipes();
			const gone = new AbortController();
			relay.attach({
				...pageEnd,
				close: () => {
					pageEnd.close();
					gone.abort(new DOMException('the page left', 'AbortError'));
				}
			});
			serve<FieldService>(coreEnd, this.#handlersOf(this.#core), gone.signal);
			relay.resend();
		} else if (this.#leader?.joined) {
			const channel = this.#parts.openChannel(followerChannel(this.#parts.id, this.#leader.id));
			relay.attach(pipeOverPort(portOf(channel)));
			relay.resend();
		}
	}

	#hear(talk: FieldTalk): void {
		switch (talk.type) {
			case 'who':
				return this.#leadership.asked();
			case 'heartbeat':
				return this.#heartbeat(talk);
			case 'join':
				if (talk.leader === this.#parts.id) this.#admit(talk.follower, talk.lab);
				return;
			case 'joined':
				if (talk.follower === this.#parts.id) this.#joined(talk.leader, talk.lab);
				return;
		}
	}

	/** The leader has opened its ends of our channels. */
	#joined(leader: string, lab: boolean): void {
		if (leader !== this.#leader?.id || this.#leader.joined) return;
		if (this.#lab && !lab) return this.#join(); // our lab came while the answer was under way
		this.#leader.joined = true;
		for (const relay of this.#relays) this.#attach(relay);
		this.#bridgeLab();
	}

	#join(): void {
		if (!this.#leader) return;
		this.#leader.joined = false;
		this.#say({
			type: 'join',
			leader: this.#leader.id,
			follower: this.#parts.id,
			lab: this.#lab !== undefined
		});
	}

	#heartbeat({ leader, protocol }: Extract<FieldTalk, { type: 'heartbeat' }>): void {
		this.#leadership.heard();
		if (this.#leadership.leading) return this.#leadership.rivalHeard(leader > this.#parts.id);
		if (!this.#followed) {
			this.#followed = true;
			this.#tellRole();
		}
		if (protocol !== FIELD_PROTOCOL) return; // it could not understand us: wait for its end
		if (this.#leader?.id !== leader) {
			for (const relay of this.#relays) relay.detach();
			this.#closeBridge();
			this.#leader = { id: leader, joined: false };
		}
		if (!this.#leader.joined) this.#join();
	}

	/** A follower asks to be served. */
	#admit(follower: string, lab: boolean): void {
		const core = this.#core;
		if (!core) return; // not up yet: it asks again at the next heartbeat
		this.#dismiss(follower);
		const served = new AbortController();
		const channel = this.#parts.openChannel(followerChannel(follower, this.#parts.id));
		serve<FieldService>(pipeOverPort(portOf(channel)), this.#handlersOf(core), served.signal);
		const bridge = lab ? this.#parts.openChannel(labChannel(follower, this.#parts.id)) : undefined;
		const lostLab = bridge ? core.attachLab(bridge) : () => {};
		this.#followers.set(follower, { core: served, lostLab });
		void this.#parts.locks
			?.request(lifeLock(follower), { signal: served.signal }, async () => this.#dismiss(follower))
			.catch(() => {}); // aborted: dismissed otherwise
		this.#say({ type: 'joined', leader: this.#parts.id, follower, lab });
	}

	#dismiss(follower: string): void {
		const known = this.#followers.get(follower);
		this.#followers.delete(follower);
		known?.core.abort(new DOMException('the follower left', 'AbortError'));
		known?.lostLab();
	}

	#takeLab(port: MessagePort): void {
		this.#closeBridge();
		this.#lab?.close();
		this.#lab = port;
		if (this.#core) this.#core.attachLab(keptOpen(port));
		else if (this.#leader?.joined) this.#join(); // again, now with a lab
	}

	/** While we follow, our lab's messages go to the leader over a channel, which cannot carry a port. */
	#bridgeLab(): void {
		const lab = this.#lab;
		if (!lab || !this.#leader) return;
		const bridge = this.#parts.openChannel(labChannel(this.#parts.id, this.#leader.id));
		this.#labBridge = bridge;
		lab.onmessage = (event) => bridge.postMessage(event.data);
		bridge.onmessage = (event) => lab.postMessage(event.data);
	}

	#closeBridge(): void {
		if (!this.#labBridge) return;
		if (this.#lab) this.#lab.onmessage = null;
		this.#labBridge.close();
		this.#labBridge = undefined;
	}

	#handlersOf(core: HostedCore): Handlers {
		const elsewhere = () => Promise.reject(new Error('answered by the page’s own worker'));
		return {
			calls: { ...core.handlers.calls, hello: elsewhere, ping: () => undefined },
			feeds: { ...core.handlers.feeds, role: () => {} }
		};
	}

	#tellRole(): void {
		const role = this.#role;
		if (role) for (const tell of [...this.#roleWatchers.values()]) tell(role);
	}

	#say(talk: FieldTalk): void {
		this.#talk.postMessage(talk);
	}
}

/** Held by a page while it lives, and named in its hello. */
export const tabLock = (tab: string): string => `fieldbench-tab-${tab}`;
const lifeLock = (worker: string): string => `fieldbench-worker-${worker}`;
const followerChannel = (follower: string, leader: string): string =>
	`fieldbench-field-${follower}-${leader}`;
const labChannel = (follower: string, leader: string): string => `fieldbench-lab-${follower}-${leader}`;

/** A channel carries clones; what could be moved is copied. Ports never get here: the host keeps them. */
const portOf = (channel: ChannelLike): PortLike => ({
	postMessage: (message) => channel.postMessage(message),
	get onmessage() {
		return channel.onmessage;
	},
	set onmessage(fn) {
		channel.onmessage = fn;
	},
	close: () => channel.close()
});

/** The lab's port outlives a core: the next leader, here or elsewhere, goes on with it. */
const keptOpen = (port: MessagePort): LoopbackPort => ({
	postMessage: (message) => port.postMessage(message),
	get onmessage() {
		return port.onmessage;
	},
	set onmessage(fn) {
		port.onmessage = fn;
	},
	addEventListener: (type, listener) => port.addEventListener(type, listener),
	close: () => {}
});
