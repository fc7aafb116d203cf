import type { Clock } from '$lib/base';
import type { SessionProblem, SessionState } from '$lib/model';

/** A stretch of time in which the session stood, did not though it was wanted, or was not wanted. What no span covers is unknown. */
export interface SessionSpan {
	readonly fromMs: number;
	readonly toMs: number;
	readonly kind: 'up' | 'down' | 'off';
	/** The broker's name; '' while none is wanted. */
	readonly broker: string;
	/** Of `down`: a {@link SessionProblem}'s kind, `refused-…` by its reason, or `connecting` before anything failed. */
	readonly reason: string;
	/** Of `down`: tries that failed. */
	readonly tries: number;
}

/** What the log says of the last `windowMs`. The four times make up the window. */
export interface SessionTimes {
	readonly windowMs: number;
	readonly upMs: number;
	readonly downMs: number;
	readonly offMs: number;
	/** No tab was open, or the machine slept. */
	readonly unknownMs: number;
	/** Times the session came back, by why it had gone. */
	readonly reconnects: Readonly<Record<string, number>>;
}

/** Beats come every ten seconds: one so late means that the worker slept. */
const ASLEEP_MS = 45_000;
const MAX_SPANS = 400;
const KEEP_MS = 31 * 24 * 3600_000;

/** When the session stood and when it did not, over restarts of the worker, bounded to a month and 400 spans. */
export class SessionLog {
	readonly #clock: Clock;
	#spans: SessionSpan[] = [];
	/** The last span is of this run, and goes on. */
	#open = false;

	constructor(clock: Clock) {
		this.#clock = clock;
	}

	/** Takes up what an earlier worker kept. Call once, first. */
	restore(spans: readonly SessionSpan[]): void {
		const now = this.#clock.now();
		this.#spans = spans.filter(({ fromMs, toMs }) => fromMs <= toMs && toMs <= now);
	}

	get spans(): readonly SessionSpan[] {
		return this.#spans;
	}

	/** The session's state changed. */
	note(state: SessionState): void {
		this.beat();
		const before = this.#open ? this.#spans.at(-1) : undefined;
		const span = spanOf(state, before, this.#clock.now());
		const failed = state.kind === 'waiting' || state.kind === 'failed' ? 1 : 0;
		if (before && sameKind(before, span)) this.#replaceLast({ ...before, tries: before.tries + failed });
		else this.#spans.push({ ...span, tries: failed });
		this.#open = true;
		this.#bound();
	}

	/** Time has passed and nothing has changed. */
	beat(): void {
		const last = this.#spans.at(-1);
		if (!this.#open || !last) return;
		const now = this.#clock.now();
		if (now - last.toMs <= ASLEEP_MS) return this.#replaceLast({ ...last, toMs: Math.max(last.toMs, now) });
		this.#spans.push({ ...last, fromMs: now, toMs: now, tries: 0 });
		this.#bound();
	}

	times(windowMs: number): SessionTimes {
		this.beat();
		const toMs = this.#clock.now();
		const fromMs = toMs - windowMs;
		const sums = { up: 0, down: 0, off: 0 };
		for (const span of this.#spans)
			sums[span.kind] += Math.max(0, Math.min(span.toMs, toMs) - Math.max(span.fromMs, fromMs));
		return {
			windowMs,
			upMs: sums.up,
			downMs: sums.down,
			offMs: sums.off,
			unknownMs: Math.max(0, windowMs - sums.up - sums.down - sums.off),
			reconnects: reconnects(this.#spans, fromMs)
		};
	}

	#replaceLast(span: SessionSpan): void {
		this.#spans[this.#spans.length - 1] = span;
	}

	#bound(): void {
		const sinceMs = this.#clock.now() - KEEP_MS;
		const late = this.#spans.findIndex(({ toMs }) => toMs >= sinceMs);
		const tooMany = this.#spans.length - MAX_SPANS;
		if (late > 0 || tooMany > 0) this.#spans.splice(0, Math.max(late, tooMany));
	}
}

/** Share of the time in which it was wanted and known; undefined where there was none. */
export function availability({ upMs, downMs }: Pick<SessionTimes, 'upMs' | 'downMs'>): number | undefined {
	return upMs + downMs > 0 ? upMs / (upMs + downMs) : undefined;
}

export const problemKey = (problem: SessionProblem): string =>
	problem.kind === 'refused' ? `refused-${problem.reason}` : problem.kind;

function spanOf(state: SessionState, before: SessionSpan | undefined, nowMs: number): SessionSpan {
	const span = { fromMs: nowMs, toMs: nowMs, reason: '', tries: 0 };
	switch (state.kind) {
		case 'none':
			return { ...span, kind: 'off', broker: '' };
		case 'live':
			return { ...span, kind: 'up', broker: state.broker };
		case 'connecting': {
			const goesOn = before?.kind === 'down' && before.broker === state.broker;
			return { ...span, kind: 'down', broker: state.broker, reason: goesOn ? before.reason : 'connecting' };
		}
		case 'waiting':
		case 'failed':
			return { ...span, kind: 'down', broker: state.broker, reason: problemKey(state.problem) };
	}
}

const sameKind = (a: SessionSpan, b: SessionSpan): boolean =>
	a.kind === b.kind && a.reason === b.reason && a.broker === b.broker;

/** Times a span `up` followed one of the same broker, with nothing unknown in between, by the first reason in between. */
function reconnects(spans: readonly SessionSpan[], fromMs: number): Record<string, number> {
	const counts: Record<string, number> = {};
	let wasUp = false;
	let lost: string | undefined;
	let before: SessionSpan | undefined;
	for (const span of spans) {
		const joined =
			before !== undefined && span.broker === before.broker && span.fromMs - before.toMs <= ASLEEP_MS;
		if (!joined) [wasUp, lost] = [false, undefined];
		if (span.kind === 'down' && wasUp) lost ??= span.reason;
		if (span.kind === 'up') {
			if (lost !== undefined && span.fromMs >= fromMs) counts[lost] = (counts[lost] ?? 0) + 1;
			[wasUp, lost] = [true, undefined];
		}
		before = span;
	}
	return counts;
}

/** A span as it lies in the keep, or undefined where it is not one. */
export function parseSessionSpan(raw: unknown): SessionSpan | undefined {
	if (typeof raw !== 'object' || raw === null) return undefined;
	const { fromMs, toMs, kind, broker, reason, tries } = raw as Readonly<Record<string, unknown>>;
	if (typeof fromMs !== 'number' || typeof toMs !== 'number' || !(fromMs <= toMs)) return undefined;
	if (kind !== 'up' && kind !== 'down' && kind !== 'off') return undefined;
	if (typeof broker !== 'string' || typeof reason !== 'string') return undefined;
	return { fromMs, toMs, kind, broker, reason, tries: typeof tries === 'number' ? tries : 0 };
}
