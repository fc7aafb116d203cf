import type { Clock } from '$lib/base';

/** The part of the Web Locks API that is used (w3c.github.io/web-locks). */
export interface LockApi {
	request(
		name: string,
		options: { steal?: boolean; signal?: AbortSignal },
		hold: () => Promise<void>
	): Promise<unknown>;
}

/** What workers of one origin say to each other on the channel that all of them hear. */
export type FieldTalk =
	| { type: 'heartbeat'; leader: string; buildId: string; protocol: number }
	/** Who leads? A leader answers with a heartbeat at once. */
	| { type: 'who' }
	/** Asks to be served over channels of the two, named by the attempt. The answer comes over those (`JOINED`). */
	| { type: 'join'; leader: string; follower: string; attempt: number; lab: boolean };

export interface LeadershipParts {
	/** Absent on plain http: then heartbeats alone decide, and the store's fence keeps it to one writer. */
	readonly locks: LockApi | undefined;
	readonly clock: Clock;
	readonly random: () => number;
	readonly say: (talk: { type: 'heartbeat' | 'who' }) => void;
	/** We lead from now on, until `signal` aborts. */
	readonly onLead: (signal: AbortSignal) => void;
}

export const LEADER_LOCK = 'fieldbench-field';
export const HEARTBEAT_MS = 1000;
/** A leader not heard for so long is frozen or gone without letting its lock go. */
export const SILENCE_MS = 5000;
/** Followers that notice together do not steal together. */
const STEAL_JITTER_MS = 2000;
const STEAL_EVERY_MS = 10_000;
/** Without locks: how long to listen for a leader before leading. */
const ANSWER_MS = 250;

/**
 * Exactly one worker leads. It holds a Web Lock and says so each second; a frozen one keeps its lock, so followers who hear nothing
 * for five seconds steal it. Whoever was robbed learns it when it thaws; until then the fence number in the store keeps it from
 * writing.
 */
export class Leadership {
	#lastHeardMs: number;
	#everHeard = false;
	#lastStealMs = -Infinity;
	#leading: AbortController | undefined;
	#release: () => void = () => {};
	#waiting: AbortController | undefined;
	#cancelWatch: () => void = () => {};
	#cancelBeat: () => void = () => {};
	#stopped = false;

	constructor(private readonly parts: LeadershipParts) {
		this.#lastHeardMs = parts.clock.now();
	}

	get leading(): boolean {
		return this.#leading !== undefined;
	}

	start(): void {
		this.#lastHeardMs = this.parts.clock.now();
		this.parts.say({ type: 'who' });
		if (this.parts.locks) this.#wait(this.parts.locks);
		this.#watch();
	}

	/** Another worker's heartbeat. */
	heard(): void {
		this.#lastHeardMs = this.parts.clock.now();
		this.#everHeard = true;
	}

	/** Without locks two may lead for a moment: the one whose name sorts lower gives way. */
	rivalHeard(rivalSortsHigher: boolean): void {
		if (!this.parts.locks && this.#leading && rivalSortsHigher) this.stepDown();
	}

	/** Somebody asks who leads. */
	asked(): void {
		if (this.#leading) this.parts.say({ type: 'heartbeat' });
	}

	/** Gives the lead away: a store with a higher fence number told us that we no longer have it. */
	stepDown(): void {
		this.#lose('another worker leads');
		this.#everHeard = true; // by its fence number
	}

	stop(): void {
		this.#stopped = true;
		this.#cancelWatch();
		this.#waiting?.abort();
		this.#lose('the worker ends');
	}

	/** Stands in the queue for the lock, again and again. */
	#wait(locks: LockApi): void {
		if (this.#stopped || this.#waiting) return;
		const waiting = (this.#waiting = new AbortController());
		const over = () => {
			if (this.#waiting === waiting) this.#waiting = undefined;
			// Granted and given back, or robbed: stand in the queue again. Not where a steal has the lock for us.
			if (!waiting.signal.aborted) this.#wait(locks);
		};
		locks
			.request(LEADER_LOCK, { signal: waiting.signal }, () => this.#hold())
			.then(over, () => {
				this.#lose('the lock was stolen');
				over();
			});
	}

	#steal(locks: LockApi): void {
		this.#lastStealMs = this.parts.clock.now();
		this.#waiting?.abort(); // the steal takes the place of our turn in the queue
		this.#waiting = undefined;
		const again = () => this.#wait(locks);
		locks
			.request(LEADER_LOCK, { steal: true }, () => this.#hold())
			.then(again, () => {
				this.#lose('the lock was stolen');
				again();
			});
	}

	/** Leads for as long as the returned promise is open. */
	#hold(): Promise<void> {
		if (this.#stopped) return Promise.resolve();
		return new Promise((resolve) => {
			this.#release = resolve;
			this.#lead();
		});
	}

	#lead(): void {
		const leading = (this.#leading = new AbortController());
		this.#beat();
		this.parts.onLead(leading.signal);
	}

	#beat(): void {
		if (!this.#leading) return;
		this.parts.say({ type: 'heartbeat' });
		this.#cancelBeat = this.parts.clock.after(HEARTBEAT_MS, () => this.#beat());
	}

	#lose(why: string): void {
		const leading = this.#leading;
		this.#leading = undefined;
		// We listened to nobody while we led: whoever has it now gets its five seconds too.
		if (leading) this.#lastHeardMs = this.parts.clock.now();
		this.#cancelBeat();
		leading?.abort(new DOMException(why, 'AbortError'));
		this.#release();
		this.#release = () => {};
	}

	#watch(): void {
		if (this.#stopped) return;
		const everyMs = this.parts.locks ? HEARTBEAT_MS : ANSWER_MS;
		this.#cancelWatch = this.parts.clock.after(everyMs, () => {
			this.#judge();
			this.#watch();
		});
	}

	#judge(): void {
		if (this.#leading) return;
		const { clock, locks, random } = this.parts;
		const silentMs = clock.now() - this.#lastHeardMs;
		if (!locks) {
			if (silentMs >= (this.#everHeard ? SILENCE_MS : ANSWER_MS)) this.#lead();
			return;
		}
		if (silentMs < SILENCE_MS || clock.now() - this.#lastStealMs < STEAL_EVERY_MS) return;
		this.#lastStealMs = clock.now(); // one plan at a time
		clock.after(random() * STEAL_JITTER_MS, () => {
			const stillSilent = clock.now() - this.#lastHeardMs >= SILENCE_MS;
			if (!this.#leading && !this.#stopped && stillSilent) this.#steal(locks);
		});
	}
}
