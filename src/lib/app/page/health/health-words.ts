import type { CommandState } from '$lib/model';
import type { HealthReport } from '../../field/messages';

/** Names come from the worker, which may be newer than this page: one without words of ours is told as it is. */
const wordOf = (words: ReadonlyMap<string, string>, name: string): string =>
	words.get(name) ?? name.replaceAll('-', ' ');

const REASONS: ReadonlyMap<string, string> = new Map([
	['connecting', 'Connecting'],
	['bad-url', 'The address could not be opened'],
	['mixed-content', 'The browser forbids the address'],
	['local-network-permission', 'No permission for the local network'],
	['offline', 'This machine had no network'],
	['unreachable', 'Nobody answered'],
	['not-mqtt', 'What answered was no MQTT broker'],
	['taken-over', 'Another client took over'],
	['keepalive-timeout', 'The broker fell silent'],
	['closed-by-broker', 'Closed from the other end'],
	['secret-locked', 'The password could not be read'],
	['refused-credentials', 'Wrong user name or password'],
	['refused-not-authorised', 'This account was not let in'],
	['refused-client-id', 'The client id was refused'],
	['refused-unavailable', 'The broker was busy or shutting down'],
	['refused-protocol', 'The MQTT version was refused'],
	['refused-banned', 'This client was banned'],
	['refused-other', 'The broker refused']
]);
export const reasonWord = (reason: string): string => wordOf(REASONS, reason);

const CALLS: ReadonlyMap<string, string> = new Map([
	['append', 'Write, until it is on disk'],
	['flush', 'Write what waits'],
	['range', 'Read a chart’s range'],
	['aggregate', 'Read averages and sums'],
	['scan', 'Read samples one by one'],
	['states', 'Read states'],
	['latest', 'Read newest values'],
	['extents', 'Read what there is'],
	['stats', 'Read figures'],
	['sizes', 'Read sizes'],
	['forget', 'Forget a device'],
	['ingest', 'Import']
]);
export const callWord = (call: string): string => wordOf(CALLS, call);

const TROUBLES: ReadonlyMap<string, string> = new Map([
	['lost', 'Stored measurements were lost'],
	['made-room', 'The oldest samples were deleted to make room'],
	['recovered', 'Storing works again'],
	['fenced', 'Another tab took over the store'],
	['quota', 'No room to store'],
	['unavailable', 'The browser refused to store'],
	['refused-time', 'Samples with a time that cannot be: not stored'],
	['refused-identity', 'Samples with a number that is none: not stored'],
	['refused-value', 'Readings that were no finite number: left out'],
	['dropped', 'Samples let go: too many waited'],
	['not-kept', 'A device’s name or a setting could not be stored']
]);
export const troubleWord = (kind: string): string => wordOf(TROUBLES, kind);

export const COMMAND_WORDS = {
	queued: 'Waiting to be sent',
	sent: 'Sent, not answered yet',
	acknowledged: 'Acknowledged',
	failed: 'Failed',
	'timed-out': 'Not answered in time',
	expired: 'Expired before it was sent',
	unknown: 'Outcome unknown'
} as const satisfies Record<CommandState, string>;

export const BROKER_WORDS = {
	version: 'Version',
	uptime: 'Up for',
	clients: 'Clients connected',
	clientsMost: 'Most clients at once',
	subscriptions: 'Subscriptions',
	retained: 'Retained messages',
	messagesIn: 'Messages received',
	messagesOut: 'Messages sent',
	messagesDropped: 'Messages dropped',
	bytesIn: 'Bytes received',
	bytesOut: 'Bytes sent',
	heap: 'Memory in use'
} as const satisfies Record<keyof HealthReport['broker']['sys'], string>;

/** Why there is nothing to show of the broker's own figures; '' where there is. */
export const BROKER_SILENCE = {
	told: '',
	none: 'No session with a broker.',
	asking: 'Asking the broker…',
	silent:
		'The broker publishes no figures about itself: it has no $SYS topics (the broker of npm start has none), sends them seldom, or not to this account. For mosquitto, give the account read access to $SYS/# in its ACL, and set sys_interval in mosquitto.conf.',
	refused:
		'The broker refused to tell about itself. Give this account read access to $SYS/# in the broker’s ACL, then open this screen again.',
	'hung-up':
		'This broker closes the connection when it is asked about itself, so it is not asked again while this page is open. Nothing is wrong with it.'
} as const satisfies Record<HealthReport['broker']['state'], string>;

const WHY_GONE = {
	age: 'older than you keep it',
	size: 'more than you keep',
	full: 'the browser’s room was full'
};
const WHAT_GONE = {
	samples: 'samples; their minutes and hours stay',
	all: 'samples and what they add up to'
};
export const letGoWords = (what: keyof typeof WHAT_GONE, why: keyof typeof WHY_GONE): string =>
	`${WHAT_GONE[what]} (${WHY_GONE[why]})`;

/** 0.2 ms, 4.5 ms, 320 ms, 2.4 s. @param ms ≥ 0 */
export function formatMs(ms: number): string {
	if (ms >= 10_000) return `${Math.round(ms / 1000)} s`;
	if (ms >= 1000) return `${(ms / 1000).toFixed(1)} s`;
	return `${ms.toFixed(ms < 10 ? 1 : 0)} ms`;
}

/** A rate in few digits: 0, 0.4, 12. */
export const formatRate = (perSecond: number): string =>
	perSecond.toFixed(perSecond > 0 && perSecond < 9.95 ? 1 : 0);
