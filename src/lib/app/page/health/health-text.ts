import { availability } from '../../field/health/session-log';
import type { HealthReport } from '../../field/messages';
import type { Finding } from './findings';
import { formatMs } from './health-words';

/** What a page knows beside the report. */
export interface AroundReport {
	readonly build: string;
	readonly browser: string;
	readonly role: string;
	readonly findings: readonly Finding[];
}

const MAX_ROWS = 40;

/**
 * The whole report as text for a bug report, in English and in ISO times. No address, user name, password or key is in it; names of
 * brokers, ids of devices and topics are.
 */
export function healthText(report: HealthReport, around: AroundReport): string {
	const { atMs, sinceMs, session, broker, rates, intake, errors, commands, store, devices } = report;
	const { stats, sizes, fault } = store.figures ?? { stats: undefined, sizes: [] };
	const share = availability(session.times);
	return [
		`Fieldbench ${around.build}, ${iso(atMs)}, counting since ${iso(sinceMs)}`,
		`${around.browser}; worker: ${around.role}`,
		'',
		section(
			'Findings',
			around.findings.map(({ tone, words }) => `${tone}: ${words.what}. ${words.means}`)
		),
		section('Session', [
			sessionText(session.state),
			`round trip p50 ${formatMs(session.roundTrip.p50Ms)}, p95 ${formatMs(session.roundTrip.p95Ms)}, max ${formatMs(session.roundTrip.maxMs)} (${session.roundTrip.count}); in flight ${session.inFlight}`,
			`last day: up ${minutes(session.times.upMs)}, down ${minutes(session.times.downMs)}, not wanted ${minutes(session.times.offMs)}, unknown ${minutes(session.times.unknownMs)}${share === undefined ? '' : `; available ${(100 * share).toFixed(2)} %`}`,
			`came back: ${list(session.times.reconnects)}`,
			...session.spans
				.slice(-MAX_ROWS)
				.map(({ fromMs, toMs, kind, reason, tries }) =>
					`${iso(fromMs)} … ${iso(toMs)} ${kind} ${reason} ${tries || ''}`.trimEnd()
				),
			...(session.notKept === undefined ? [] : [`log not kept: ${session.notKept}`])
		]),
		section('Broker', [
			broker.state,
			list(broker.sys),
			...broker.said.map(({ name, text }) => `${name}: ${text}`)
		]),
		section('Messages', [
			`now a second: ${rates.now.messages.toFixed(1)} messages, ${rates.now.samples.toFixed(1)} samples, ${rates.now.refused.toFixed(1)} refused`,
			`in all: ${intake.messages} messages, ${intake.samples} samples, ${intake.repeated} repeated`,
			...intake.examples.map(({ atMs: at, topic, cause }) => `${iso(at)} ${cause} ${topic}`)
		]),
		section('Errors', [
			`since ${iso(errors.sinceMs)}`,
			`messages: ${list(errors.messages)}`,
			`store: ${list(errors.store)}`
		]),
		section('Commands', [
			list(commands.counts),
			...commands.failures.map(({ atMs: at, device, method, state, message }) =>
				`${iso(at)} ${device} ${method} ${state} ${message}`.trimEnd()
			)
		]),
		section('Store', [
			...(fault === undefined ? [] : [`fault: ${fault}`]),
			...(stats ? [list({ ...stats, letGo: stats.letGo.length })] : []),
			...store.troubles.newest.map(({ atMs: at, kind, detail }) => `${iso(at)} ${kind} ${detail}`),
			...Object.entries(store.latencies).map(
				([call, l]) =>
					`${call}: ${l.count}, p50 ${formatMs(l.p50Ms)}, p95 ${formatMs(l.p95Ms)}, max ${formatMs(l.maxMs)}, failed ${l.failed}`
			)
		]),
		section('Sizes', rows(sizes.map((size) => list(size)))),
		section(
			'Devices',
			rows(
				devices.map(
					({ device, provenance, backfill, offlineTimes, restarts }) =>
						`${device} ${provenance}: ${list(backfill)}, offline ${offlineTimes}, restarts ${restarts}`
				)
			)
		)
	].join('\n');
}

function sessionText(state: HealthReport['session']['state']): string {
	switch (state.kind) {
		case 'none':
			return 'none';
		case 'connecting':
			return `connecting to ${state.broker}, try ${state.attempt}`;
		case 'live':
			return `live on ${state.broker} since ${iso(state.sinceMs)}, MQTT ${state.protocolVersion}${state.subscriptionRefused ? ', a subscription was refused' : ''}`;
		case 'waiting':
			return `waiting for ${state.broker}: ${state.problem.kind}, try ${state.attempt}`;
		case 'failed':
			return `failed on ${state.broker}: ${state.problem.kind}`;
	}
}

const iso = (ms: number): string => new Date(ms).toISOString();
const minutes = (ms: number): string => `${(ms / 60_000).toFixed(1)} min`;
const list = (of: object): string =>
	Object.entries(of)
		.map(([name, value]) => `${name} ${value === undefined ? 'unknown' : String(value)}`)
		.join(', ') || 'none';
const rows = (of: readonly string[]): readonly string[] =>
	of.length > MAX_ROWS ? [...of.slice(0, MAX_ROWS), `… and ${of.length - MAX_ROWS} more`] : of;
const section = (title: string, lines: readonly string[]): string =>
	`## ${title}\n${lines.length > 0 ? lines.join('\n') : 'none'}\n`;
