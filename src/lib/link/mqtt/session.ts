import { backoffMs, err, utf8, type Clock, type Result } from '$lib/base';
import type { SessionProblem, SessionState } from '$lib/model';
import type { LinkMessage, MessageLink, PublishError } from '../message-link';
import { forbidden, parseBrokerUrl, whyUnopened, type BrokerAddress, type PageFacts } from './address';
import type { MqttConnector, MqttWire, WireEnd } from './connector';
import { disconnection, needsPerson, refusal, refusesVersion } from './refusals';

/** The broker to hold a session with. */
export interface SessionTarget {
	readonly id: string;
	readonly name: string;
	readonly url: string;
	readonly username: string;
	/** `locked`: there is one, but the vault does not give it out now. */
	readonly password: { kind: 'none' } | { kind: 'known'; text: string } | { kind: 'locked' };
	readonly protocol: 'auto' | 'mqtt5' | 'mqtt311';
	readonly keepaliveS: number;
	readonly persistentSession: boolean;
	/** Stable for this browser, so that a persistent session is found again. */
	readonly clientId: string;
	/** The version that worked last with this broker, tried first under `auto`. */
	readonly lastVersion: 4 | 5 | undefined;
}

export interface SessionParts {
	readonly connector: MqttConnector;
	readonly clock: Clock;
	readonly random: () => number;
	/** What is subscribed at each connection. */
	readonly filters: readonly string[];
	readonly page: () => PageFacts;
	/** Told once for each connection that came to stand with a version that was asked for, or that the broker drove us to. */
	readonly onVersion?: (targetId: string, version: 4 | 5) => void;
	/** Told how long the broker took to answer a PINGREQ, ms. */
	readonly onRoundTrip?: (ms: number) => void;
}

const BACKOFF = { baseMs: 1000, maxMs: 60_000 };
/** A connection that stood this long starts the backoff afresh; a shorter one was no success. */
const SETTLED_MS = 10_000;
const PUBLISH_TIMEOUT_MS = 10_000;

/** What this try varies: the version spoken, and whether a last will is asked for. */
interface Variant {
	readonly version: 4 | 5;
	readonly will: boolean;
}

/**
 * One session with one broker at a time: connects, tells why it cannot, waits and tries again until told to stop.
 *
 *     none → connecting → live → waiting → connecting …
 *                       ↘ waiting, or failed where only a person can help
 */
export class MqttSession implements MessageLink {
	readonly kind = 'mqtt';
	#state: SessionState = { kind: 'none' };
	#target: SessionTarget | undefined;
	#address: BrokerAddress | undefined;
	#variant: Variant = { version: 5, will: true };
	/** Told by a broker that drops the connection without a word: both versions were tried in this round. */
	#otherVersionTried = false;
	/** The present version was taken up because the other met silence, which a moment's trouble may have been. */
	#versionGuessed = false;
	#attempt = 0;
	#wire: MqttWire | undefined;
	/** Publishes at QoS 1 on this wire that nobody has answered. */
	#inFlight = 0;
	/** Names the current try; what an older one still says is not heard. */
	#round = 0;
	#cancelTimer: () => void = () => {};
	readonly #listeners = new Set<(message: LinkMessage) => void>();
	readonly #watchers = new Set<(state: SessionState) => void>();
	/** What others asked to hear besides. */
	readonly #more = new Set<{ readonly filters: readonly string[]; readonly onRefused: () => void }>();

	constructor(private readonly parts: SessionParts) {}

	get name(): string {
		return this.#target?.name ?? '';
	}

	/** The profile it is to hold a session with; undefined where it is to stay down. */
	get targetId(): string | undefined {
		return this.#target?.id;
	}

	get up(): boolean {
		return this.#state.kind === 'live';
	}

	get state(): SessionState {
		return this.#state;
	}

	/** Publishes that the broker has not confirmed yet. */
	get inFlight(): number {
		return this.up ? this.#inFlight : 0;
	}

	/** Asks the broker for a sign of life besides the keepalive's; `onRoundTrip` tells how long it took. */
	ping(): void {
		if (this.up) this.#wire?.ping();
	}

	/** Calls `fn` with the state now and at each change until `signal` aborts. */
	watch(fn: (state: SessionState) => void, signal: AbortSignal): void {
		if (signal.aborted) return;
		this.#watchers.add(fn);
		signal.addEventListener('abort', () => this.#watchers.delete(fn), { once: true });
		fn(this.#state);
	}

	listen(fn: (message: LinkMessage) => void, signal: AbortSignal): void {
		if (signal.aborted) return;
		this.#listeners.add(fn);
		signal.addEventListener('abort', () => this.#listeners.delete(fn), { once: true });
	}

	/**
	 * Subscribes to more, now and at each later connection, until `signal` aborts. The messages come to every listener.
	 * @param onRefused the broker did not grant all of it
	 */
	subscribe(filters: readonly string[], signal: AbortSignal, onRefused: () => void): void {
		if (signal.aborted) return;
		const wish = { filters, onRefused };
		this.#more.add(wish);
		signal.addEventListener(
			'abort',
			() => {
				this.#more.delete(wish);
				if (this.up) this.#wire?.unsubscribe(filters);
			},
			{ once: true }
		);
		if (this.up) this.#subscribe(wish);
	}

	/** Leaves whatever session there is and starts one with `target`; leaves alone one that stands with the very same. */
	connect(target: SessionTarget): void {
		const underWay = this.#state.kind === 'live' || this.#state.kind === 'connecting';
		if (underWay && this.#target && sameTarget(this.#target, target)) return;
		this.#leave();
		this.#target = target;
		this.#attempt = 0;
		this.#otherVersionTried = false;
		this.#versionGuessed = false;
		this.#variant = { version: firstVersion(target), will: true };
		const address = parseBrokerUrl(target.url);
		if (!address.ok) {
			const reason = address.error.kind;
			return this.#show({
				kind: 'failed',
				...named(target),
				problem: { kind: 'bad-url', url: target.url, reason }
			});
		}
		this.#address = address.value;
		this.#try();
	}

	/** Ends the session and stays down. Resolves when the broker has been told. */
	async disconnect(): Promise<void> {
		const wire = this.#wire;
		const clientId = this.#target?.clientId;
		const wasLive = this.up;
		this.#round++;
		this.#cancelTimer();
		this.#wire = undefined;
		this.#target = undefined;
		this.#address = undefined;
		this.#show({ kind: 'none' });
		if (!wire) return;
		if (wasLive && clientId !== undefined)
			void wire.publish(presenceTopic(clientId), new Uint8Array(), { qos: 0, retain: true });
		await wire.close();
	}

	/** Tries now instead of when the backoff ends; does nothing where a try is under way or the session is up. */
	retry(): void {
		if (!this.#target || !this.#address) return;
		if (this.#state.kind !== 'waiting' && this.#state.kind !== 'failed') return;
		this.#cancelTimer();
		this.#otherVersionTried = false;
		this.#try();
	}

	async publish(
		topic: string,
		payload: Uint8Array,
		options: { qos: 0 | 1; retain?: boolean; expirySeconds?: number },
		signal: AbortSignal
	): Promise<Result<void, PublishError>> {
		signal.throwIfAborted();
		const wire = this.#wire;
		if (!wire || !this.up) return err({ kind: 'not-connected' });
		const round = this.#round;
		this.#inFlight += options.qos;
		return new Promise((resolve, reject) => {
			const stop = () => {
				cancel();
				reject(signal.reason as Error);
			};
			const cancel = this.parts.clock.after(PUBLISH_TIMEOUT_MS, () => {
				signal.removeEventListener('abort', stop);
				resolve(err({ kind: 'timeout' }));
			});
			signal.addEventListener('abort', stop, { once: true });
			void wire.publish(topic, payload, options).then((result) => {
				if (round === this.#round) this.#inFlight -= options.qos;
				cancel();
				signal.removeEventListener('abort', stop);
				resolve(result);
			});
		});
	}

	#try(): void {
		const target = this.#target;
		const address = this.#address;
		if (!target || !address) return;
		const round = ++this.#round;
		this.#inFlight = 0;
		if (target.password.kind === 'locked') return this.#stop({ kind: 'secret-locked' });
		const problem = forbidden(address, this.parts.page());
		if (problem) return this.#stop(problem);

		this.#show({ kind: 'connecting', ...named(target), attempt: this.#attempt });
		const ours = () => round === this.#round;
		void this.parts
			.connector(
				{
					url: address.url,
					protocolVersion: this.#variant.version,
					clientId: target.clientId,
					username: target.username,
					password: target.password.kind === 'known' ? target.password.text : undefined,
					keepaliveS: target.keepaliveS,
					persistentSession: target.persistentSession,
					will: this.#variant.will
						? { topic: presenceTopic(target.clientId), payload: new Uint8Array(), retain: true }
						: undefined
				},
				{
					connected: () => ours() && this.#connected(target),
					message: (topic, payload, retained) => {
						if (ours()) this.#deliver(topic, payload, retained);
					},
					roundTrip: (ms) => {
						if (ours()) this.parts.onRoundTrip?.(ms);
					},
					ended: (end) => ours() && this.#ended(end)
				}
			)
			.then(
				(wire) => {
					if (!ours()) return void wire.close();
					this.#wire = wire;
				},
				() => ours() && this.#wait({ kind: 'unreachable', url: address.url }) // the library's chunk did not load
			);
	}

	#connected(target: SessionTarget): void {
		const { version } = this.#variant;
		const sinceMs = this.parts.clock.now();
		this.#cancelTimer();
		this.#cancelTimer = this.parts.clock.after(SETTLED_MS, () => (this.#attempt = 0));
		this.#otherVersionTried = false;
		if (!this.#versionGuessed) this.parts.onVersion?.(target.id, version);
		if (this.#variant.will)
			void this.#wire?.publish(presenceTopic(target.clientId), PRESENT, { qos: 0, retain: true });
		// Before anybody is told: a device that says it is there can be commanded at once.
		for (const wish of this.#more) this.#subscribe(wish);
		const live = { kind: 'live', ...named(target), protocolVersion: version, sinceMs } as const;
		this.#show(live);
		const round = this.#round;
		void this.#wire?.subscribe(this.parts.filters).then((granted) => {
			if (!granted && round === this.#round && this.up) this.#show({ ...live, subscriptionRefused: true });
		});
	}

	#subscribe({ filters, onRefused }: { filters: readonly string[]; onRefused: () => void }): void {
		const round = this.#round;
		void this.#wire?.subscribe(filters).then((granted) => {
			if (!granted && round === this.#round && this.up) onRefused();
		});
	}

	#deliver(topic: string, payload: Uint8Array, retained: boolean): void {
		const message: LinkMessage = { topic, payload, retained, receivedMs: this.parts.clock.now() };
		for (const listener of this.#listeners) listener(message);
	}

	#ended(end: WireEnd): void {
		const address = this.#address;
		if (!address) return;
		this.#round++; // whatever this wire still says is history
		this.#wire = undefined;
		const next = this.#nextVariant(end);
		if (next) {
			this.#variant = next;
			return this.#try();
		}
		const problem = this.#problemOf(end, address);
		if (needsPerson(problem)) this.#stop(problem);
		else this.#wait(problem);
	}

	/** Another way to ask, where this end says that another may do; each at most once in a round. */
	#nextVariant(end: WireEnd): Variant | undefined {
		const { version, will } = this.#variant;
		// Brokers check the will's topic against the ACL when connecting: without a will this account may be let in.
		if (end.kind === 'refused' && refusal(end.code).reason === 'not-authorised' && will)
			return { version, will: false };
		if (this.#target?.protocol !== 'auto' || this.#otherVersionTried) return undefined;
		const silent =
			(end.kind === 'closed' && end.opened && !end.connected) || (end.kind === 'no-answer' && end.opened);
		if (!silent && !(end.kind === 'refused' && refusesVersion(end.code))) return undefined;
		this.#otherVersionTried = true;
		this.#versionGuessed = silent;
		return { version: version === 5 ? 4 : 5, will };
	}

	#problemOf(end: WireEnd, address: BrokerAddress): SessionProblem {
		switch (end.kind) {
			case 'refused':
				return refusal(end.code);
			case 'disconnected':
				return disconnection(end.code);
			case 'keepalive-timeout':
				return { kind: 'keepalive-timeout' };
			case 'no-answer':
				return end.opened ? { kind: 'not-mqtt', url: address.url } : whyUnopened(address, this.parts.page());
			case 'closed':
				if (end.connected) return { kind: 'closed-by-broker', code: undefined };
				return end.opened ? { kind: 'not-mqtt', url: address.url } : whyUnopened(address, this.parts.page());
		}
	}

	#stop(problem: SessionProblem): void {
		this.#cancelTimer();
		if (this.#target) this.#show({ kind: 'failed', ...named(this.#target), problem });
	}

	#wait(problem: SessionProblem): void {
		const target = this.#target;
		if (!target) return;
		this.#cancelTimer();
		const waitMs = backoffMs(this.#attempt, this.parts.random, BACKOFF);
		const attempt = ++this.#attempt;
		this.#otherVersionTried = false;
		this.#cancelTimer = this.parts.clock.after(waitMs, () => this.#try());
		const retryAtMs = this.parts.clock.now() + waitMs;
		this.#show({ kind: 'waiting', ...named(target), problem, retryAtMs, attempt });
	}

	#leave(): void {
		this.#round++;
		this.#cancelTimer();
		void this.#wire?.close();
		this.#wire = undefined;
	}

	#show(state: SessionState): void {
		this.#state = state;
		for (const watcher of this.#watchers) watcher(state);
	}
}

const named = ({ id, name }: SessionTarget) => ({ id, broker: name });

const PRESENT = utf8('{"state":"online","app":"fieldbench"}');

/** Retained while this page's session stands; the last will empties it (docs/protocol.md §3.4). */
const presenceTopic = (clientId: string): string => `fieldbench/page/${clientId}`;

/** The version remembered may have changed meanwhile: by this very session. */
const sameTarget = (a: SessionTarget, b: SessionTarget): boolean =>
	JSON.stringify({ ...a, lastVersion: undefined }) === JSON.stringify({ ...b, lastVersion: undefined });

function firstVersion(target: SessionTarget): 4 | 5 {
	if (target.protocol === 'auto') return target.lastVersion ?? 5;
	return target.protocol === 'mqtt5' ? 5 : 4;
}
