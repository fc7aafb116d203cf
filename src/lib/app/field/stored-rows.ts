import { parseRetention } from './retention-plan';
import {
	NO_PAGES,
	TOLD_EVENTS,
	type Alert,
	type DeviceEvent,
	type EventPage,
	type EventPages,
	type StoredDevice
} from '$lib/device';
import { parseDeviceId, type Command, type CommandState, type DeviceId, type LinkKind } from '$lib/model';
import type { LetGo, LostStretch, Refilled, Unfilled } from '$lib/telemetry';
import { parseErrorCounts } from './health/error-counts';
import { parseSessionSpan } from './health/session-log';
import type { Notice } from './messages';
import type { SettingRow, StoredBroker } from './storage';
import type { TakenRow } from './taken-batches';

/**
 * Parsers of the rows this room keeps. Total: a row of a later version, or a damaged one, gives undefined and is left alone.
 * A member that may be missing in older rows gets its default here, so nothing else must know of it.
 */
type Fields = Record<string, unknown>;

const fieldsOf = (row: unknown): Fields | undefined =>
	typeof row === 'object' && row !== null ? (row as Fields) : undefined;
const isText = (v: unknown): v is string => typeof v === 'string';
const isNumber = (v: unknown): v is number => typeof v === 'number' && Number.isFinite(v);
const optionalText = (v: unknown) => (isText(v) ? v : undefined);
const optionalNumber = (v: unknown) => (isNumber(v) ? v : undefined);

export function parseSetting(row: unknown): SettingRow | undefined {
	const f = fieldsOf(row);
	if (f?.['key'] === 'client-id' && isText(f['text'])) return { key: 'client-id', text: f['text'] };
	if (f?.['key'] === 'chosen-broker' && (isText(f['brokerId']) || f['brokerId'] === null))
		return { key: 'chosen-broker', brokerId: f['brokerId'] };
	if (f?.['key'] === 'retention') {
		const plan = parseRetention(f['plan']);
		return plan && { key: 'retention', plan };
	}
	if (f?.['key'] === 'session-log')
		return {
			key: 'session-log',
			spans: listOf(f['spans'])
				.map(parseSessionSpan)
				.filter((span) => span !== undefined)
		};
	if (f?.['key'] === 'error-counts' && isNumber(f['sinceMs']))
		return { key: 'error-counts', sinceMs: f['sinceMs'], counts: parseErrorCounts(f['counts']) };
	if (
		isText(f?.['key']) &&
		f['key'].startsWith('mqtt-version:') &&
		(f['version'] === 4 || f['version'] === 5)
	)
		return { key: f['key'] as `mqtt-version:${string}`, version: f['version'] };
	return undefined;
}

export function parseBroker(row: unknown): StoredBroker | undefined {
	const f = fieldsOf(row);
	if (!f || !isText(f['id']) || !isText(f['name']) || !isText(f['url'])) return undefined;
	const protocol = f['protocol'];
	return {
		id: f['id'],
		name: f['name'],
		url: f['url'],
		username: optionalText(f['username']) ?? '',
		protocol: protocol === 'mqtt5' || protocol === 'mqtt311' ? protocol : 'auto',
		keepaliveS: optionalNumber(f['keepaliveS']) ?? 30,
		persistentSession: f['persistentSession'] === true,
		local: f['local'] === true
	};
}

const LINKS: readonly string[] = ['mqtt', 'loopback', 'serial', 'ble', 'http'] satisfies LinkKind[];
const EVENTS: readonly string[] = [
	'online',
	'offline',
	'sleeping',
	'silent',
	'heard',
	'restarted',
	'new-epoch',
	'firmware-changed',
	'first-seen',
	'gap',
	'clock',
	...TOLD_EVENTS
] satisfies DeviceEvent['kind'][];

export function parseStoredDevice(row: unknown): StoredDevice | undefined {
	const f = fieldsOf(row);
	const id = deviceIdOf(f?.['id']);
	if (!f || id === undefined) return undefined;
	return {
		id,
		provenance: f['provenance'] === 'simulated' ? 'simulated' : 'real',
		alias: optionalText(f['alias']),
		lastSeenMs: optionalNumber(f['lastSeenMs']) ?? 0,
		firmware: optionalText(f['firmware']),
		model: optionalText(f['model']),
		api: optionalNumber(f['api']),
		epoch: optionalNumber(f['epoch']),
		boot: optionalNumber(f['boot']),
		profile: optionalText(f['profile']) ?? '',
		links: listOf(f['links']).filter((l): l is LinkKind => isText(l) && LINKS.includes(l)),
		components: Object.fromEntries(
			Object.entries(fieldsOf(f['components']) ?? {}).filter((e): e is [string, string] => isText(e[1]))
		),
		reported: fieldsOf(f['reported']) ?? {},
		events: listOf(f['events']).filter(isDeviceEvent),
		eventPages: eventPagesOf(f['eventPages'])
	};
}

function eventPagesOf(value: unknown): EventPages {
	const f = fieldsOf(value);
	const isCount = (v: unknown): v is number => Number.isInteger(v) && (v as number) >= 0;
	if (!f || !isCount(f['first']) || !isCount(f['next']) || f['next'] < f['first']) return NO_PAGES;
	return { first: f['first'], next: f['next'], dropped: isCount(f['dropped']) ? f['dropped'] : 0 };
}

/** What of a page is no event is passed over. */
export function parseEventPage(row: unknown): EventPage | undefined {
	const f = fieldsOf(row);
	return f && { events: listOf(f['events']).filter(isDeviceEvent) };
}

function isDeviceEvent(value: unknown): value is DeviceEvent {
	const f = fieldsOf(value);
	return (
		isNumber(f?.['atMs']) &&
		isText(f['kind']) &&
		EVENTS.includes(f['kind']) &&
		fieldsOf(f['detail']) !== undefined
	);
}

export function parseAlert(row: unknown): Alert | undefined {
	const f = fieldsOf(row);
	const device = deviceIdOf(f?.['device']);
	if (!f || device === undefined || !isText(f['id']) || !isText(f['rule']) || !isText(f['text']))
		return undefined;
	const { id, rule, text, severity } = f as { id: string; rule: string; text: string; severity: unknown };
	if (severity !== 'info' && severity !== 'warning' && severity !== 'critical') return undefined;
	return {
		...{ id, device, rule, text, severity },
		provenance: f['provenance'] === 'simulated' ? 'simulated' : 'real',
		raisedMs: optionalNumber(f['raisedMs']),
		overMs: optionalNumber(f['overMs']),
		acknowledgedMs: optionalNumber(f['acknowledgedMs'])
	};
}

const STATES: readonly string[] = [
	'queued',
	'sent',
	'acknowledged',
	'failed',
	'timed-out',
	'expired',
	'unknown'
] satisfies CommandState[];

export function parseCommand(row: unknown): Command | undefined {
	const f = fieldsOf(row);
	const device = deviceIdOf(f?.['device']);
	if (!f || device === undefined || !isText(f['id']) || !isText(f['method']) || !isText(f['state']))
		return undefined;
	if (!STATES.includes(f['state']) || !isNumber(f['createdMs']) || !isNumber(f['expiresMs']))
		return undefined;
	const error = fieldsOf(f['error']);
	return {
		id: f['id'],
		device,
		method: f['method'],
		params: fieldsOf(f['params']) ?? {},
		state: f['state'] as CommandState,
		createdMs: f['createdMs'],
		expiresMs: f['expiresMs'],
		...(isNumber(f['sentMs']) ? { sentMs: f['sentMs'] } : {}),
		...(isNumber(f['settledMs']) ? { settledMs: f['settledMs'] } : {}),
		...('result' in f ? { result: f['result'] } : {}),
		...(isNumber(error?.['code']) && isText(error['message'])
			? { error: { code: error['code'], message: error['message'] } }
			: {})
	};
}

function refilledOf(row: unknown): Refilled | undefined {
	const f = fieldsOf(row);
	if (!f || !isNumber(f['samples']) || !isNumber(f['blocks'])) return undefined;
	const [samples, blocks] = [f['samples'], f['blocks']];
	return {
		...{ samples, blocks, toMs: optionalNumber(f['toMs']) },
		damagedFiles: optionalNumber(f['damagedFiles']) ?? 0,
		...(isNumber(f['thinned']) ? { thinned: f['thinned'] } : {})
	};
}

export function parseNotice(row: unknown): Notice | undefined {
	const f = fieldsOf(row);
	if (!f || !isText(f['id'])) return undefined;
	const id = f['id'];
	switch (f['kind']) {
		case 'store-failing':
			return isText(f['cause'])
				? { id, kind: 'store-failing', cause: f['cause'], resettable: f['resettable'] === true }
				: undefined;
		case 'outbox-failing':
			return isText(f['cause']) ? { id, kind: 'outbox-failing', cause: f['cause'] } : undefined;
		case 'copy-waits':
			return f['need'] === 'closed' || f['need'] === 'other'
				? { id, kind: 'copy-waits', need: f['need'] }
				: undefined;
		case 'quota':
			return isNumber(f['usedBytes']) && isNumber(f['quotaBytes'])
				? { id, kind: 'quota', usedBytes: f['usedBytes'], quotaBytes: f['quotaBytes'] }
				: undefined;
		case 'made-room':
			return isNumber(f['fromMs']) && isNumber(f['toMs']) && isNumber(f['samples'])
				? {
						...{ id, kind: 'made-room', fromMs: f['fromMs'], toMs: f['toMs'], samples: f['samples'] },
						helped: f['helped'] !== false
					}
				: undefined;
		case 'keep-lost':
			return isNumber(f['noticedMs']) ? { id, kind: 'keep-lost', noticedMs: f['noticedMs'] } : undefined;
		case 'store-lost': {
			const loss = fieldsOf(f['loss']);
			const cause = loss?.['cause'];
			if (!loss || !isLossCause(cause) || !isNumber(loss['noticedMs'])) return undefined;
			const number = (name: string) => optionalNumber(loss[name]) ?? 0;
			const refilled = refilledOf(loss['refilled']);
			const of = lostStretchOf(loss['of']);
			const unfilled = UNFILLED.find((why) => why === loss['unfilled']);
			return {
				id,
				kind: 'store-lost',
				settingsKept: f['settingsKept'] === true,
				loss: {
					noticedMs: loss['noticedMs'],
					cause,
					knownSeal: number('knownSeal'),
					knownWal: number('knownWal'),
					foundSeal: number('foundSeal'),
					foundWal: number('foundWal'),
					...(isNumber(loss['block']) ? { block: loss['block'] } : {}),
					...(of ? { of } : {}),
					...(refilled ? { refilled } : {}),
					...(unfilled ? { unfilled } : {})
				}
			};
		}
		default:
			return undefined;
	}
}

export function parseLetGo(row: unknown): LetGo | undefined {
	const { atMs, bytes, what, why } = fieldsOf(row) ?? {};
	const of = lostStretchOf(row);
	if (!of || !isNumber(atMs) || !isNumber(bytes)) return undefined;
	if (what !== 'samples' && what !== 'all') return undefined;
	return why === 'age' || why === 'size' || why === 'full' ? { ...of, atMs, what, why, bytes } : undefined;
}

/** Numbers are what counts: a row in which one is none is none. */
export function parseTaken(row: unknown): TakenRow | undefined {
	const epochs = fieldsOf(row)?.['epochs'];
	if (!Array.isArray(epochs)) return undefined;
	const read = epochs.map((one: unknown) => {
		const { epoch, numbers } = fieldsOf(one) ?? {};
		return isNumber(epoch) && Array.isArray(numbers) && numbers.every(isNumber)
			? { epoch, numbers }
			: undefined;
	});
	const device = deviceIdOf(fieldsOf(row)?.['device']);
	return read.every((one) => one !== undefined)
		? { ...(device === undefined ? {} : { device }), epochs: read }
		: undefined;
}

function lostStretchOf(value: unknown): LostStretch | undefined {
	const { device, provenance, fromMs, toMs, samples } = fieldsOf(value) ?? {};
	const id = deviceIdOf(device);
	if (!id || (provenance !== 'real' && provenance !== 'simulated')) return undefined;
	if (!isNumber(fromMs) || !isNumber(toMs) || !isNumber(samples)) return undefined;
	return { device: id, provenance, fromMs, toMs, samples };
}

const UNFILLED: readonly Unfilled[] = ['closed', 'no-room', 'failed', 'damaged'];

const isLossCause = (v: unknown) =>
	v === 'discarded-by-browser' || v === 'tail-missing' || v === 'corrupt-record' || v === 'unreadable';

function deviceIdOf(value: unknown): DeviceId | undefined {
	const id = isText(value) ? parseDeviceId(value) : undefined;
	return id?.ok ? id.value : undefined;
}

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
