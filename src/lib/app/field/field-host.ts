import {
	pipeOverPort,
	serve,
	type Clock,
	type FromService,
	type Pipe,
	type PortLike,
	type ToService
} from '$lib/base';
import type { LoopbackPort } from '$lib/link';
import { Leadership, type FieldTalk, type LockApi } from './leadership';
import type { CoreHandlers, FieldHello, FieldService, TabHello } from './messages';
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

/** One attempt to be served by a leader, asked again at each heartbeat until it is answered. */
interface Joining {
	readonly attempt: number;
	/** Carries the calls of all our pages, from the moment the leader has answered over it: then both ends are known to be open. */
	readonly channel: ChannelLike;
	/** What takes the leader's replies: one for each page, which knows its own by their ids. */
	readonly takers: Set<(reply: FromService, ports: readonly MessagePort[]) => void>;
	readonly lab: MessagePort | undefined;
	readonly bridge: ChannelLike | undefined;
	/** The leader has answered over every channel of the two. */
	done: boolean;
}

/** A leader's answer, over each channel that it has opened for a follower. */
const JOINED = 'joined';

interface Follower {
	readonly attempt: number;
	/** Says once more that we hear it. */
	readonly answer: () => void;
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
	/** The leader we follow, and how far we have come in joining it. */
	#leader: { readonly id: string; joining: Joining | undefined } | undefined;
	#attempts = 0;
	/** Our life lock is ours. */
	#alive: boolean;
	#lab: MessagePort | undefined;
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
		this.#alive = parts.locks === undefined;
		// Whoever asks for this lock gets it when this worker is dead: that is how a leader learns of it. So nobody may be made to
		// ask before we have it.
		void parts.locks?.request(lifeLock(parts.id), {}, () => {
			this.#alive = true;
			this.#join();
			return new Promise(() => {});
		});
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
		this.#leave();
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
		} else if (this.#leader?.joining?.done) {
			relay.attach(pipeTo(this.#leader.joining));
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
				if (talk.leader === this.#parts.id) this.#admit(talk);
				return;
		}
	}

	/**
	 * Asks the leader to serve us. Both open their ends, and its answer comes over those very channels: one that came over another
	 * might be here before the browser knows of the leader's ends, and what we then ask would be heard by nobody.
	 */
	#join(): void {
		const leader = this.#leader;
		if (!leader || !this.#alive) return;
		const { lab, attempt } = (leader.joining ??= this.#openEnds(leader.id));
		this.#say({
			type: 'join',
			leader: leader.id,
			follower: this.#parts.id,
			attempt,
			lab: lab !== undefined
		});
	}

	#openEnds(leader: string): Joining {
		const { id, openChannel } = this.#parts;
		const [lab, attempt] = [this.#lab, ++this.#attempts];
		const channel = openChannel(followerChannel(id, leader, attempt));
		const bridge = lab && openChannel(labChannel(id, leader, attempt));
		const joining: Joining = { attempt, channel, takers: new Set(), lab, bridge, done: false };
		const open = { calls: false, lab: bridge === undefined };
		const opened = (which: keyof typeof open) => {
			open[which] = true;
			if (open.calls && open.lab && !joining.done) this.#joined(joining);
		};
		channel.onmessage = ({ data }: MessageEvent<FromService | typeof JOINED>) => {
			if (data === JOINED) opened('calls');
			else for (const take of joining.takers) take(data, []);
		};
		if (bridge)
			bridge.onmessage = ({ data }: MessageEvent<unknown>) => {
				if (data === JOINED) opened('lab');
				else lab.postMessage(data);
			};
		return joining;
	}

	/** The leader hears us. */
	#joined(joining: Joining): void {
		joining.done = true;
		const { lab, bridge } = joining;
		if (lab && bridge) lab.onmessage = (event) => bridge.postMessage(event.data);
		for (const relay of this.#relays) this.#attach(relay);
	}

	/** Ends an attempt, or what came of it. While we follow, our lab's messages go over its bridge, which cannot carry a port. */
	#giveUp(): void {
		const joining = this.#leader?.joining;
		if (!this.#leader || !joining) return;
		this.#leader.joining = undefined;
		if (joining.done) for (const relay of this.#relays) relay.detach();
		joining.channel.close();
		if (joining.lab && joining.done) joining.lab.onmessage = null;
		joining.bridge?.close();
	}

	#leave(): void {
		this.#giveUp();
		this.#leader = undefined;
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
			this.#leave();
			this.#leader = { id: leader, joining: undefined };
		}
		if (!this.#leader?.joining?.done) this.#join();
	}

	/** A follower asks to be served. */
	#admit({ follower, attempt, lab }: Extract<FieldTalk, { type: 'join' }>): void {
		const core = this.#core;
		if (!core) return; // not up yet: it asks again at the next heartbeat
		const known = this.#followers.get(follower);
		if (known?.attempt === attempt) return known.answer(); // it did not hear us, or asked twice
		this.#dismiss(follower);
		const served = new AbortController();
		const channel = this.#parts.openChannel(followerChannel(follower, this.#parts.id, attempt));
		serve<FieldService>(pipeOverPort(portOf(channel)), this.#handlersOf(core), served.signal);
		const bridge = lab ? this.#parts.openChannel(labChannel(follower, this.#parts.id, attempt)) : undefined;
		const lostLab = bridge ? core.attachLab(bridge) : () => {};
		const answer = () => {
			channel.postMessage(JOINED);
			bridge?.postMessage(JOINED);
		};
		this.#followers.set(follower, { attempt, answer, core: served, lostLab });
		answer();
		void this.#parts.locks
			?.request(lifeLock(follower), { signal: served.signal }, async () => this.#dismiss(follower))
			.catch(() => {}); // aborted: dismissed otherwise
	}

	#dismiss(follower: string): void {
		const known = this.#followers.get(follower);
		this.#followers.delete(follower);
		known?.core.abort(new DOMException('the follower left', 'AbortError'));
		known?.lostLab();
	}

	#takeLab(port: MessagePort): void {
		this.#lab?.close();
		this.#lab = port;
		if (this.#core) this.#core.attachLab(keptOpen(port));
		else if (this.#leader?.joining) {
			this.#giveUp(); // again, now with a lab
			this.#join();
		}
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
const followerChannel = (follower: string, leader: string, attempt: number): string =>
	`fieldbench-field-${follower}-${leader}-${attempt}`;
const labChannel = (follower: string, leader: string, attempt: number): string =>
	`fieldbench-lab-${follower}-${leader}-${attempt}`;

/** One page's share of the channel to the leader. */
function pipeTo({ channel, takers }: Joining): Pipe<FromService, ToService> {
	let take: (reply: FromService, ports: readonly MessagePort[]) => void = () => {};
	return {
		send: (message) => channel.postMessage(message),
		receive: (fn) => {
			takers.delete(take);
			takers.add((take = fn));
		},
		close: () => void takers.delete(take)
	};
}

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
