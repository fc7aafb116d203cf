import { delay, type Clock, type Result } from '$lib/base';
import type { ClockQuality, DeviceId, Sample, SampleIdentity } from '$lib/model';
import type { SeriesKey, TelemetryStore } from './store';

/** What a device's log answered: a page of it (docs/protocol.md §4.4). */
export interface BackfillPage {
	readonly epoch: number;
	readonly first: number;
	readonly seq: number;
	readonly samples: readonly Sample[];
	readonly undated: number;
	readonly next: number | undefined;
}

/**
 * Why a device's log was not read. `waiting`: not reachable, or too busy now; it is asked again. `refused`: it wants a key or a role
 * that this page has not. `unsupported`: it has no such log.
 */
export type BackfillFault = 'waiting' | 'refused' | 'unsupported';

export interface LogRange {
	readonly epoch: number;
	/** Both ends inclusive. */
	readonly from: number;
	readonly to: number;
}

export interface BackfillParts {
	readonly clock: Clock;
	readonly store: Pick<
		TelemetryStore,
		'missing' | 'gaps' | 'abandoned' | 'giveUp' | 'disown' | 'guessed' | 'settleTimes'
	>;
	/** One page of a device's log over whatever link is up. Rejects only with the signal's reason. */
	readonly ask: (
		source: SeriesKey,
		range: LogRange,
		signal: AbortSignal
	) => Promise<Result<BackfillPage, BackfillFault>>;
	/** Stores what came. @returns whether it is safe; else it is asked for again later */
	readonly keep: (samples: readonly Sample[]) => Promise<boolean>;
	readonly onChange: (source: SeriesKey) => void;
}

export interface BackfillView {
	/** `idle`: nothing is missing that could be had. `unheard`: the device has not been heard since this worker began. */
	readonly state: 'idle' | 'unheard' | 'filling' | BackfillFault;
	/** Numbers yet to come, and since this worker began: those that came, and those that nobody has any more. */
	readonly missing: number;
	readonly filled: number;
	readonly lost: number;
	/** Numbers that never came and are not asked for, since there were more gaps than are remembered; of all time. */
	readonly abandoned: number;
	/** Samples that came without a time that can be told. */
	readonly undated: number;
	/** Numbers that were heard, and that the device's log says it never gave: of a damaged message, or not its own. */
	readonly disowned: number;
}

/** Devices at once: a broker and a phone have other things to do too. */
const MOST_AT_ONCE = 3;
/** Between two pages of one device, ms: at 4 KB a page some 40 KB/s, and live samples get in between. */
const PAGE_PAUSE_MS = 100;
/** A gap that a late batch fills by itself is not asked for, ms. */
const SETTLE_MS = 5000;
const RETRY_MS = [30_000, 120_000, 600_000];
/** Numbers asked for in one go, so that the newest of a long gap come first. */
const STRIDE = 2000;
/** Pages of one stride; a device that needs more gives no progress. */
const MOST_PAGES = 500;
/** Numbers passed over at once that are believed before the device's log has confirmed them: more than a day, one a second. */
const MOST_PASSED_OVER = 100_000;

interface Work {
	readonly source: SeriesKey;
	/** Highest number heard and believed of the log that is being written. */
	newest: SampleIdentity | undefined;
	/** Its clock was right when it took that one: it can tell now when it took those before. */
	clockSet: boolean;
	state: BackfillView['state'];
	filled: number;
	lost: number;
	undated: number;
	disowned: number;
	failures: number;
	cancel: (() => void) | undefined;
	running: boolean;
	/** Something was heard while it ran. */
	again: boolean;
}

/**
 * Closes the holes in history: what a device numbered and this browser did not get is asked from the device's own log, newest first,
 * a page at a time. Nothing is remembered between runs but the ledger, so it can stop anywhere. What the device no longer has is
 * marked as lost and not asked for again. Once a device's clock is right, times that were guessed are asked for too. Only numbers below the highest that was heard are missing: newer ones are on their way.
 */
export class Backfill {
	readonly #work = new Map<string, Work>();
	readonly #waiting: Work[] = [];
	readonly #ended: AbortSignal;
	#running = 0;

	constructor(
		private readonly parts: BackfillParts,
		signal: AbortSignal
	) {
		this.#ended = signal;
		signal.addEventListener('abort', () => this.#work.forEach(({ cancel }) => cancel?.()), { once: true });
	}

	/** A numbered sample came live, or in a batch. Cheap where nothing is missing. @param clock how its time is known */
	heard(source: SeriesKey, identity: SampleIdentity, clock: ClockQuality): void {
		if (this.#ended.aborted) return;
		const key = keyOf(source);
		const known = this.#work.get(key);
		const before = known?.newest;
		const clockSet = clock === 'synchronised';
		if (known && before?.epoch === identity.epoch && identity.seq <= before.seq + 1) {
			if (identity.seq <= before.seq) return; // one of the past tells nothing of the clock now
			const wasSet = known.clockSet;
			known.newest = identity;
			known.clockSet = clockSet;
			if (clockSet && !wasSet) this.#checkIn(known);
			return;
		}
		if (known && before?.epoch === identity.epoch && identity.seq - before.seq > MOST_PASSED_OVER)
			return this.#checkIn(known); // the log will tell whether it ever got there
		// The first of this run, a jump, or a new log.
		const work = known ?? this.#begin(key, source);
		work.newest = identity;
		work.clockSet = clockSet;
		this.#checkIn(work);
	}

	/** The device can be reached again: what was given up for now is tried at once. */
	reachable(source: SeriesKey): void {
		const work = this.#work.get(keyOf(source));
		if (work?.state === 'waiting' && !work.running) this.#schedule(work, 0);
	}

	forget(device: DeviceId): void {
		for (const [key, work] of this.#work) {
			if (work.source.device !== device) continue;
			work.cancel?.();
			this.#work.delete(key);
		}
	}

	/** A series that is stored: what it lacks is told before its device is heard. */
	know(source: SeriesKey): void {
		if (!this.#work.has(keyOf(source))) this.#begin(keyOf(source), source);
	}

	view(source: SeriesKey): BackfillView {
		const { store } = this.parts;
		const work = this.#work.get(keyOf(source));
		const { state, filled, lost, undated, disowned } = work ?? {
			state: 'idle' as const,
			...{ filled: 0, lost: 0, undated: 0, disowned: 0 }
		};
		const newest = work?.newest;
		const earlier = store
			.gaps(source)
			.filter((gap) => !gap.lost && gap.epoch !== newest?.epoch)
			.map(({ from, to }) => [from, to] as const);
		const present = newest ? clip(store.missing(source, newest.epoch), 0, newest.seq) : [];
		const missing = count([...present, ...earlier]);
		return {
			...{ missing, filled, lost, undated, disowned, abandoned: store.abandoned(source) },
			state: missing > 0 && !newest && state === 'idle' ? 'unheard' : state
		};
	}

	/** Of each series that lacks or has abandoned something, or has lost or disowned something since this worker began. */
	unfinished(): readonly (SeriesKey & BackfillView)[] {
		return Array.from(this.#work.values(), ({ source }) => ({ ...source, ...this.view(source) })).filter(
			({ missing, lost, disowned, abandoned }) => missing + lost + disowned + abandoned > 0
		);
	}

	#begin(key: string, source: SeriesKey): Work {
		const work: Work = {
			...{ source, newest: undefined, state: 'idle', filled: 0, lost: 0, undated: 0, failures: 0 },
			disowned: 0,
			...{ clockSet: false, cancel: undefined, running: false, again: false }
		};
		this.#work.set(key, work);
		return work;
	}

	/** One look at a time is ahead, however much is heard until then: neither put off by losses that go on, nor hastened after a fault. */
	#checkIn(work: Work): void {
		if (work.state === 'unsupported') return;
		if (work.running) work.again = true;
		else if (!work.cancel) this.#schedule(work, SETTLE_MS);
	}

	#schedule(work: Work, ms: number): void {
		work.cancel?.();
		work.cancel = this.parts.clock.after(ms, () => {
			work.cancel = undefined;
			if (this.#waiting.includes(work)) return;
			this.#waiting.push(work);
			this.#next();
		});
	}

	#next(): void {
		while (this.#running < MOST_AT_ONCE && !this.#ended.aborted) {
			const work = this.#waiting.shift();
			if (!work) return;
			this.#running++;
			work.running = true;
			void this.#run(work)
				.catch((cause: unknown) => {
					if (!this.#ended.aborted) throw cause;
				})
				.finally(() => {
					this.#running--;
					work.running = false;
					const again = work.again && work.cancel === undefined;
					work.again = false;
					if (again) {
						this.#checkIn(work);
					}
					this.#next();
				});
		}
	}

	async #run(work: Work): Promise<void> {
		const { store } = this.parts;
		const epoch = work.newest?.epoch;
		if (epoch === undefined) return this.#turn(work, 'idle');
		if (store.missing(work.source, epoch).length > 0) this.#turn(work, 'filling');
		// Nothing to ask; and who numbers anew has made its log anew.
		else this.#loseOlderLogs(work, epoch);
		for (;;) {
			if (this.#work.get(keyOf(work.source)) !== work) return this.#turn(work, 'idle');
			const missing = store.missing(work.source, epoch).at(-1);
			const guessed = work.clockSet ? store.guessed(work.source, epoch).at(-1) : undefined;
			const last = missing ?? guessed;
			if (!last) return this.#turn(work, 'idle');
			const [from, to] = last;
			const range = { epoch, from: Math.max(from, to - STRIDE + 1), to };
			const fault = await (missing ? this.#fill(work, range) : this.#redate(work, range));
			if (fault) return this.#stopped(work, fault);
			work.failures = 0;
		}
	}

	/** Asks for times that were guessed, once: what the device does not know better by now stays as it is. @returns why it could not */
	async #redate(work: Work, { epoch, from, to }: LogRange): Promise<BackfillFault | undefined> {
		const { store, ask, keep, clock } = this.parts;
		const { source } = work;
		let next: number | undefined = from;
		for (let pages = 0; next !== undefined && next <= to; pages++) {
			const answer = await ask(source, { epoch, from: next, to }, this.#ended);
			if (!answer.ok) return answer.error;
			const page: BackfillPage = answer.value;
			if (page.epoch !== epoch) break; // its log is a new one: nobody can tell any more
			const samples = page.samples.filter(
				({ identity, clock: quality }) =>
					quality !== 'unsynchronised' &&
					identity?.epoch === epoch &&
					identity.seq >= from &&
					identity.seq <= to
			);
			if (samples.length > 0 && !(await keep(samples))) return 'waiting';
			if (page.next !== undefined && (page.next <= next || pages >= MOST_PAGES)) return 'unsupported';
			next = page.next;
			await delay(PAGE_PAUSE_MS, clock, this.#ended);
		}
		store.settleTimes(source, { epoch, from, to });
		return undefined;
	}

	/** Asks for a range to its end, and gives up what of it the device does not have. @returns why it could not */
	async #fill(work: Work, { epoch, from, to }: LogRange): Promise<BackfillFault | undefined> {
		const { store, ask, keep, clock } = this.parts;
		const { source } = work;
		let next: number | undefined = from;
		for (let pages = 0; next !== undefined && next <= to; pages++) {
			const answer = await ask(source, { epoch, from: next, to }, this.#ended);
			if (!answer.ok) return answer.error;
			const page: BackfillPage = answer.value;
			if (page.epoch !== epoch) {
				// Its log is a new one: what the old one had is gone.
				for (const [first, last] of store.missing(source, epoch)) this.#lose(work, epoch, first, last);
				return undefined;
			}
			if (page.seq <= to) {
				this.#disown(work, { epoch, from: page.seq, to });
				await delay(PAGE_PAUSE_MS, clock, this.#ended);
				return undefined;
			}
			if (pages === 0) {
				this.#loseOlderLogs(work, epoch);
				this.#believe(work, epoch, to);
			}
			const samples = page.samples.filter(
				({ identity }) => identity?.epoch === epoch && identity.seq >= from && identity.seq <= to
			);
			// Of this range: while it is stored, newer ones may go missing.
			const left = () => count(clip(store.missing(source, epoch), from, to));
			const before = left();
			if (samples.length > 0 && !(await keep(samples))) return 'waiting';
			work.filled += before - left();
			work.undated += page.undated;
			if (page.first > next) this.#lose(work, epoch, 0, Math.min(to, page.first - 1));
			this.parts.onChange(source);
			if (page.next !== undefined && (page.next <= next || pages >= MOST_PAGES)) return 'unsupported';
			next = page.next;
			await delay(PAGE_PAUSE_MS, clock, this.#ended);
		}
		for (const [first, last] of clip(store.missing(source, epoch), from, to))
			this.#lose(work, epoch, first, last);
		return undefined;
	}

	/** A device has one log: it has said which, so what is missing of others is gone. */
	#loseOlderLogs(work: Work, present: number): void {
		for (const { epoch, from, to, lost } of this.parts.store.gaps(work.source))
			if (epoch !== present && !lost) this.#lose(work, epoch, from, to);
	}

	/** The device's log got as far as this. */
	#believe(work: Work, epoch: number, seq: number): void {
		if (work.newest?.epoch === epoch && work.newest.seq < seq) work.newest = { epoch, seq };
	}

	/**
	 * The device's log ends before numbers that are missing: what was heard behind them was never given by it. What came while it was
	 * asked lies between its end and them, and stays.
	 * @param range from the log's end to the last that is missing
	 */
	#disown(work: Work, { epoch, from, to }: LogRange): void {
		const { store, onChange } = this.parts;
		work.disowned += store.disown(work.source, { epoch, from: to + 1, to: MAX_SEQ });
		if (work.newest?.epoch === epoch && work.newest.seq > to)
			work.newest = from > 0 ? { epoch, seq: from - 1 } : undefined;
		onChange(work.source);
	}

	#lose(work: Work, epoch: number, from: number, to: number): void {
		const gone = clip(this.parts.store.missing(work.source, epoch), from, to);
		work.lost += count(gone);
		for (const [first, last] of gone) this.parts.store.giveUp(work.source, { epoch, from: first, to: last });
		this.parts.onChange(work.source);
	}

	#stopped(work: Work, fault: BackfillFault): void {
		this.#turn(work, fault);
		if (fault === 'unsupported') return;
		this.#schedule(work, RETRY_MS[Math.min(work.failures++, RETRY_MS.length - 1)]!);
	}

	#turn(work: Work, state: BackfillView['state']): void {
		if (work.state === state) return;
		work.state = state;
		this.parts.onChange(work.source);
	}
}

const MAX_SEQ = 2 ** 32 - 1;

const keyOf = ({ device, provenance }: SeriesKey): string => `${provenance}/${device}`;

const count = (ranges: readonly (readonly [number, number])[]): number =>
	ranges.reduce((sum, [from, to]) => sum + to - from + 1, 0);

const clip = (
	ranges: readonly (readonly [number, number])[],
	from: number,
	to: number
): readonly (readonly [number, number])[] =>
	ranges
		.map(([first, last]) => [Math.max(first, from), Math.min(last, to)] as const)
		.filter(([first, last]) => first <= last);
