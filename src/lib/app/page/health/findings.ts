import { SUBSCRIPTION_REFUSED, sessionProblemWords } from '$lib/link/view';
import { storeFailingWords } from '$lib/telemetry/view';
import { formatBytes, formatNumber, formatUptime, type Words } from '$lib/ui';
import type { HealthReport } from '../../field/messages';
import { formatMs, reasonWord } from './health-words';

/** A figure that is bad: what it means, and what to do about it. */
export interface Finding {
	readonly id: string;
	readonly tone: 'late' | 'failing';
	readonly words: Words;
}

/** The store could not be opened: a notice above every screen says so too, until it is dismissed. */
export const STORE_CLOSED = 'store-closed';

/** From here on a person notices, or data is at stake. */
const SLOW = { roundTripMs: 1000, appendMs: 1500, rangeMs: 500 } as const;
/** Fewer than these say nothing yet. */
const LEAST_CALLS = 20;
const MANY_RECONNECTS = 4;
const REFUSED_SHARE = 0.01;
const QUOTA_SHARE = 0.8;
const RECENT_MS = 10 * 60_000;

/** All that is not as it should be, the worst first. @param crashed names of virtual devices whose firmware has crashed */
export function findings(report: HealthReport, crashed: readonly string[]): readonly Finding[] {
	const all = [
		...sessionFindings(report),
		...storeFindings(report),
		...intakeFindings(report),
		...deviceFindings(report, crashed)
	];
	return all.toSorted((a, b) => Number(b.tone === 'failing') - Number(a.tone === 'failing'));
}

function* sessionFindings({ session }: HealthReport): Iterable<Finding> {
	const { state, times, roundTrip } = session;
	if (state.kind === 'waiting' || state.kind === 'failed')
		// One that is tried again by itself is amber on every screen.
		yield {
			id: 'session',
			tone: state.kind === 'waiting' ? 'late' : 'failing',
			words: sessionProblemWords(state.problem)
		};
	if (state.kind === 'live' && state.subscriptionRefused)
		yield { id: 'subscription', tone: 'late', words: SUBSCRIPTION_REFUSED };
	const reconnects = Object.entries(times.reconnects).toSorted(([, a], [, b]) => b - a);
	const count = reconnects.reduce((sum, [, n]) => sum + n, 0);
	if (count >= MANY_RECONNECTS)
		yield late('reconnects', {
			what: `The session broke off ${count} times in the last day`,
			means: `Most often: ${reasonWord(reconnects[0]?.[0] ?? '').toLowerCase()}. What devices with a log of their own measured meanwhile is fetched afterwards; of others it is lost.`,
			todo: 'Look in the broker’s log for the times below. Two clients with one id, a weak Wi-Fi and a broker that restarts are the usual causes.'
		});
	if (roundTrip.count > 0 && roundTrip.p50Ms > SLOW.roundTripMs)
		yield late('round-trip', {
			what: `The broker takes ${formatMs(roundTrip.p50Ms)} to answer`,
			means: 'Values come late, and commands may time out.',
			todo: 'Try another network, or a broker that is nearer. Where only this page is slow, close other tabs that work hard.'
		});
}

function* storeFindings({ store, atMs }: HealthReport): Iterable<Finding> {
	const { failing: closed, figures, latencies, troubles } = store;
	if (closed !== undefined)
		yield { id: STORE_CLOSED, tone: 'failing', words: storeFailingWords(closed, false) };
	if (figures?.fault !== undefined)
		yield { id: 'store', tone: 'failing', words: storeFailingWords(figures.fault, false) };
	const stats = figures?.stats;
	const append = latencies['append'];
	const trouble = troubles.newest.at(-1);
	if (append && append.failed > 0)
		yield failing('not-written', {
			what: `${formatNumber(append.failed)} writes of the last ten minutes were refused`,
			means:
				'What they held waits in memory and is tried again. It is lost where the last tab is closed before.',
			todo: 'Keep this tab open, free some disk space, and look at the troubles below.',
			...(trouble ? { details: `${trouble.kind} ${trouble.detail}` } : {})
		});
	if (stats && stats.dropped > 0)
		yield failing('dropped', {
			what: `${formatNumber(stats.dropped)} samples were dropped`,
			means:
				'More waited to be written than memory may hold. What devices still have in their log is fetched again.',
			todo: 'See why writing was slow or refused, below; then nothing more is dropped.'
		});
	if (stats?.usedBytes !== undefined && stats.quotaBytes !== undefined)
		if (stats.usedBytes > QUOTA_SHARE * stats.quotaBytes)
			yield late('quota', {
				what: 'The browser’s room for this site is nearly full',
				means: `${formatBytes(stats.usedBytes)} of ${formatBytes(stats.quotaBytes)} are used. When it is full, the oldest samples go.`,
				todo: 'Keep less under Settings, Storage, or free disk space: the browser gives a share of what is free.'
			});
	if (stats && stats.damagedBlocks > 0)
		yield late('damaged', {
			what: `${formatNumber(stats.damagedBlocks)} stored blocks were damaged`,
			means: 'They were set aside, so that the rest can be read. What devices still have is fetched again.',
			todo: 'Save what is set aside, under Store below, for a bug report. Where it happens again, the disk may be failing: make a backup elsewhere.'
		});
	if (append && append.count >= LEAST_CALLS && append.p95Ms > SLOW.appendMs)
		yield late('slow-writes', {
			what: `Writing takes up to ${formatMs(append.p95Ms)}`,
			means: 'What was measured in that time would be lost if the browser were killed.',
			todo: 'Close programs that use the disk, or lower how often devices send.'
		});
	const range = latencies['range'];
	if (range && range.count >= LEAST_CALLS && range.p95Ms > SLOW.rangeMs)
		yield late('slow-reads', {
			what: `Charts wait up to ${formatMs(range.p95Ms)} for their history`,
			means: 'The disk or the processor is busy.',
			todo: 'Close programs and tabs that work hard. Nothing is lost.'
		});
	if (trouble?.kind === 'made-room' && atMs - trouble.atMs < RECENT_MS)
		yield late('made-room', {
			what: 'The oldest samples were deleted to make room',
			means: 'The browser took no more bytes for this site. Their minutes, hours and days stay.',
			todo: 'Free disk space, or keep less under Settings, Storage.'
		});
}

const FORGED = ['forged-batch', 'forged-answer'] as const;

function* intakeFindings(report: HealthReport): Iterable<Finding> {
	const { intake, errors, sinceMs, atMs, refusedIds, commands } = report;
	const forged = FORGED.reduce((sum, kind) => sum + (errors.messages[kind] ?? 0), 0);
	if (forged > 0)
		yield late('forged', {
			what: `${formatNumber(forged)} ${forged === 1 ? 'message has a seal that does' : 'messages have seals that do'} not fit`,
			means:
				'Either somebody else speaks in a device’s name, or the device has another key than this browser. Nothing of them was stored.',
			todo: 'The topics are below. Open the device, About: where its key was made anew, type that in. Else find out who else may publish at your broker.'
		});
	const refused = Object.values(intake.refused).reduce((a, b) => a + b, 0);
	if (refused > Math.max(2, REFUSED_SHARE * intake.messages))
		yield late('refused', {
			what: `${formatNumber(refused)} of ${formatNumber(intake.messages)} messages were not taken`,
			means: `Counted over ${formatUptime((atMs - sinceMs) / 1000)}. They were not stored.`,
			todo: 'The causes and the newest examples are below: they say which device or program sends what.'
		});
	if (refusedIds > 0)
		yield late('devices', {
			what: `${formatNumber(refusedIds)} devices are beyond what this page keeps`,
			means: 'Their messages are dropped.',
			todo: 'Forget devices you no longer need, or let the broker’s ACL hide those that are not yours.'
		});
	const recent = commands.failures.filter((failure) => atMs - failure.atMs < RECENT_MS).length;
	if (recent > 0)
		yield late('commands', {
			what: `${recent} ${recent === 1 ? 'command' : 'commands'} of the last ten minutes did not end well`,
			means: 'What was asked was refused, came too late, or nobody knows what became of it.',
			todo: 'Each is named below with what the device said; its Control page can send it again.'
		});
}

function* deviceFindings({ devices }: HealthReport, crashed: readonly string[]): Iterable<Finding> {
	const stuck = (['refused', 'unsupported', 'waiting'] as const).map((state) => ({
		state,
		count: devices.filter(({ backfill }) => backfill.state === state && backfill.missing > 0).length
	}));
	for (const { state, count } of stuck) if (count > 0) yield late(`backfill-${state}`, HOLES[state](count));
	if (crashed.length > 0)
		yield failing('crashed', {
			what: `${crashed.length === 1 ? 'A virtual device has' : `${crashed.length} virtual devices have`} crashed`,
			means: `The firmware of ${crashed.join(', ')} stopped by itself. It is a fault of the firmware.`,
			todo: 'Remove it under Settings and make it anew; copy this report for whoever mends the firmware.'
		});
}

const devicesHave = (n: number): string => (n === 1 ? 'One device has' : `${n} devices have`);
const HOLES = {
	refused: (n: number) => ({
		what: `${devicesHave(n)} history that this browser may not fetch`,
		means: 'The device gives its log only to who has its key.',
		todo: 'Open the device, About, and type in its secret.'
	}),
	unsupported: (n: number) => ({
		what: `${devicesHave(n)} holes that cannot be filled`,
		means: 'The firmware keeps no log that could be asked.',
		todo: 'Update its firmware, or keep a tab open while it measures.'
	}),
	waiting: (n: number) => ({
		what: `${devicesHave(n)} holes that wait to be filled`,
		means: 'The device does not answer now. It is asked again by itself.',
		todo: 'Nothing, where it sleeps. Else see that it is on and reaches the broker.'
	})
};

const late = (id: string, words: Words): Finding => ({ id, tone: 'late', words });
const failing = (id: string, words: Words): Finding => ({ id, tone: 'failing', words });
