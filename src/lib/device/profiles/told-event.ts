import { labelOf, provenanceOf, textOf, type Told } from './loose-body';
import { toldTime } from './told-time';
import type { DecodedPart } from './profile';
import type { ToldEventKind } from '../device';
import { isFiniteNumber } from './metric-name';

type Detail = Readonly<Record<string, string | number>>;

/** An event of what a message tells. Members that are undefined are left out. */
export function eventOf(
	told: Told,
	kind: ToldEventKind,
	detail: Readonly<Record<string, string | number | undefined>>
): Extract<DecodedPart, { kind: 'event' }> {
	const { device, alias, hearsay } = told;
	const { timeMs } = toldTime(told.body, told.receivedMs);
	const there = Object.entries(detail).filter((e): e is [string, string | number] => e[1] !== undefined);
	return {
		kind: 'event',
		device,
		provenance: provenanceOf(told),
		event: { kind, atMs: timeMs, detail: Object.fromEntries(there) satisfies Detail },
		alias,
		...(hearsay ? { hearsay } : {})
	};
}

/** What a text or a number in `member` says; undefined for anything else. */
export const factOf = (told: Told, ...members: string[]): string | number | undefined => {
	const number = members.map((name) => told.body[name]).find(isFiniteNumber);
	return textOf(told.body, ...members) ?? number;
};

const OUTCOMES: Readonly<Record<string, string>> = {
	...outcome('done', 'success', 'succeeded', 'ok', 'completed', 'complete', 'done', 'executed', 'applied'),
	...outcome('failed', 'failed', 'failure', 'error', 'rejected', 'denied', 'timeout', 'timed_out', 'invalid'),
	...outcome('under way', 'pending', 'queued', 'sent', 'accepted', 'executing', 'in_progress', 'received')
};

function outcome(means: string, ...words: string[]): Readonly<Record<string, string>> {
	return Object.fromEntries(words.map((word) => [word, means]));
}

/** How a command ended that somebody else sent; undefined where the message does not say so. */
export function commandResultOf(told: Told): DecodedPart | undefined {
	const { body } = told;
	const said = body['status'] ?? body['result'] ?? body['outcome'] ?? body['success'];
	const word = typeof said === 'boolean' ? (said ? 'ok' : 'failed') : said;
	const means = typeof word === 'string' ? word.trim().toLowerCase() : '';
	if (!Object.hasOwn(OUTCOMES, means)) return undefined;
	return eventOf(told, 'command-result', {
		command: textOf(body, 'command', 'command_type', 'action'),
		outcome: OUTCOMES[means],
		message: textOf(body, 'message', 'error', 'error_message', 'reason', 'detail'),
		id: labelOf(body, 'command_id', 'id', 'request_id')
	});
}

const OVER = new Set(['resolved', 'cleared', 'over', 'ok', 'closed']);

/** What a device warns of, or that it is over; undefined where the message does not say of what. */
export function alertOf(told: Told): DecodedPart | undefined {
	const { body } = told;
	const message = textOf(body, 'message', 'text', 'description', 'alert', 'title');
	const kind = textOf(body, 'type', 'alert_type', 'code', 'name') ?? labelOf(body, 'code');
	if (message === undefined && kind === undefined) return undefined;
	const state = textOf(body, 'status', 'state')?.toLowerCase() ?? '';
	const over = body['resolved'] === true || body['cleared'] === true || OVER.has(state);
	return eventOf(told, over ? 'alert-over' : 'alert', {
		severity: textOf(body, 'severity', 'level', 'priority'),
		type: kind,
		message: message ?? kind,
		value: factOf(told, 'value')
	});
}

/** A firmware that is there, or how an update goes; undefined where it says neither. */
export function updateOf(told: Told): DecodedPart | undefined {
	const { body } = told;
	const version = labelOf(body, 'version', 'firmware_version', 'new_version', 'latest_version');
	const status = textOf(body, 'status', 'state', 'phase', 'type');
	if (version === undefined && status === undefined) return undefined;
	return eventOf(told, 'update', {
		version,
		status,
		device: textOf(body, 'device_id', 'device'),
		progress: factOf(told, 'progress', 'percent'),
		message: textOf(body, 'message', 'description', 'error')
	});
}
