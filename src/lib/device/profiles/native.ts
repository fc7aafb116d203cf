import {
	conventionOf,
	isBelievedTime,
	parseDeviceId,
	presentUntil,
	type ClockQuality,
	type DeviceId,
	type Presence,
	type SampleIdentity
} from '$lib/model';
import type { LinkMessage } from '$lib/link';
import { textOf } from '$lib/base';
import { decodeBatch, parseBatchEnvelope, samplesOf, type EnvelopeError } from '../batch';
import { isSeverity } from '../severity';
import { parseResponse } from '../rpc';
import { isRecord, parseJsonObject } from './json';
import { isFiniteNumber, isMetricName, MAX_METRICS } from './metric-name';
import { BATCH_REFUSALS, type Decoded, type Profile, type Refusal, type StatusReport } from './profile';

const PREFIX = 'iot/node/';
/** Names and versions are shown to people: what is longer is cut. */
const MAX_TEXT_CHARS = 128;
/** Topics remembered, so that the id of a device that is known is not checked again with each message. */
const MAX_ADDRESSES = 8192;

interface Address {
	readonly device: DeviceId | undefined;
	readonly kind: string;
}

/** docs/protocol.md §1–§4: the convention of our own firmware and of other people's plain nodes. */
export function nativeProfile(): Profile {
	const addresses = new Map<string, Address>();
	const addressOf = (topic: string): Address | undefined => {
		const known = addresses.get(topic);
		if (known) return known;
		const address = parseAddress(topic);
		if (!address) return undefined;
		if (addresses.size >= MAX_ADDRESSES) addresses.clear();
		addresses.set(topic, address);
		return address;
	};
	return {
		name: 'native',
		filters: Object.keys(DECODERS).map((kind) => `${PREFIX}+/${kind}`),
		decode(message) {
			const address = addressOf(message.topic);
			if (!address) return undefined;
			const { device, kind } = address;
			if (device && UNREAD.has(kind)) return { kind: 'unread', device };
			const decode = Object.hasOwn(DECODERS, kind) ? DECODERS[kind] : undefined;
			if (!decode) return undefined;
			if (!device) return refused(undefined, 'bad-device-id');
			return decode(device, message);
		}
	};
}

type Decoder = (device: DeviceId, message: LinkMessage) => Decoded;

/** A page does not subscribe to these, but the loopback brings everything: a page asks for them where it shows them. */
const UNREAD: ReadonlySet<string> = new Set(['log', 'diagnostics']);

const DECODERS: Readonly<Record<string, Decoder>> = {
	telemetry: decodeTelemetry,
	batch: decodeBatchMessage,
	status: decodeStatus,
	alerts: decodeAlert,
	response: decodeResponse,
	'shadow/reported': decodeReported
};

function parseAddress(topic: string): Address | undefined {
	if (!topic.startsWith(PREFIX)) return undefined;
	const slash = topic.indexOf('/', PREFIX.length);
	if (slash < 0) return undefined;
	const id = parseDeviceId(topic.slice(PREFIX.length, slash));
	const native = id.ok && conventionOf(id.value) === undefined;
	return { device: native ? id.value : undefined, kind: topic.slice(slash + 1) };
}

const refused = (device: DeviceId | undefined, cause: Refusal): Decoded => ({
	kind: 'refused',
	device,
	cause
});

function decodeTelemetry(device: DeviceId, { payload, receivedMs }: LinkMessage): Decoded {
	const json = parseJsonObject(payload);
	if (!json.ok) return refused(device, json.error);
	const body = json.value;
	const { sensors, timestamp } = body;
	if (!isRecord(sensors)) return refused(device, 'no-sensors');
	if (typeof timestamp !== 'number') return refused(device, 'bad-timestamp');
	const identity = identityOf(body);
	if (identity === 'bad') return refused(device, 'bad-identity');

	const counted: Refusal[] = [];
	const values = metricsOf(sensors, counted);
	if (values === undefined) return refused(device, 'too-many-metrics');
	let metrics = 0;
	for (const name in values) if (values[name] !== undefined) metrics++;
	if (metrics === 0) return refused(device, 'no-metrics');
	for (const name of ['wifi_rssi', 'uptime'] as const) {
		const value = body[name];
		if (value === undefined) continue;
		if (isFiniteNumber(value)) values[name] = value;
		else counted.push('bad-value');
	}
	const { clock, timeMs } = timeOf(timestamp, body['clock'], receivedMs, counted);
	return {
		kind: 'telemetry',
		device,
		sample: {
			device,
			provenance: isSimulated(device, body) ? 'simulated' : 'real',
			identity,
			timeMs,
			clock,
			values
		},
		alias: shortText(body['node_id']),
		firmware: shortText(body['fw']),
		counted
	};
}

/**
 * The parsed object itself, without what is no metric: the common message is not copied.
 * @returns undefined where there are too many
 */
function metricsOf(sensors: Record<string, unknown>, counted: Refusal[]): Record<string, number> | undefined {
	let seen = 0;
	for (const name in sensors) {
		if (++seen > MAX_METRICS) return undefined;
		if (isFiniteNumber(sensors[name]) && isMetricName(name)) continue;
		counted.push('bad-value');
		delete sensors[name];
	}
	return sensors as Record<string, number>;
}

function identityOf(body: Record<string, unknown>): SampleIdentity | undefined | 'bad' {
	const { epoch, seq } = body;
	if (epoch === undefined && seq === undefined) return undefined;
	if (!isUint32(epoch) || !isUint32(seq) || epoch === 0) return 'bad';
	return { epoch, seq };
}

const isUint32 = (value: unknown): value is number => typeof value === 'number' && value >>> 0 === value;

/** §2: what time a sample gets, and how far it can be believed. */
function timeOf(
	timestampS: number,
	said: unknown,
	receivedMs: number,
	counted: Refusal[]
): { clock: ClockQuality; timeMs: number } {
	const unsynchronised = { clock: 'unsynchronised', timeMs: receivedMs } as const;
	if (said === 'none') return unsynchronised;
	const stated = said === 'sync' || said === 'corrected';
	const timeMs = timestampS * 1000;
	if (!isBelievedTime(timeMs, stated ? undefined : presentUntil(receivedMs))) {
		counted.push('bad-timestamp');
		return unsynchronised;
	}
	return { clock: said === 'corrected' ? 'corrected' : 'synchronised', timeMs };
}

/** §1: either mark is enough. */
const isSimulated = (device: DeviceId, body: Record<string, unknown>): boolean =>
	device.startsWith('sim-') || body['sim'] === true;

/** §3.5, but for its seal: whoever has the device's key judges that. */
function decodeBatchMessage(device: DeviceId, { payload, receivedMs }: LinkMessage): Decoded {
	const envelope = parseBatchEnvelope(payload);
	if (!envelope.ok) return refused(device, envelopeRefusal(envelope.error));
	if (envelope.value.deviceId !== device) return refused(device, 'other-device');
	const batch = decodeBatch(envelope.value.payload);
	if (!batch.ok)
		return { kind: 'refused', device, cause: BATCH_REFUSALS[batch.error.kind], envelope: envelope.value };
	const { samples, dropped } = samplesOf(batch.value, device, receivedMs);
	const { epoch, firstSeq, timesMs } = batch.value;
	// Its last number: a batch that a device sends anew with more samples in it is another one.
	const place = { epoch, number: firstSeq + timesMs.length - 1 };
	return { kind: 'batch', device, envelope: envelope.value, place, samples, besides: [], counted: dropped };
}

const envelopeRefusal = (error: EnvelopeError): Refusal =>
	error.kind === 'bad-envelope' && error.member === 'compression_type' ? 'unknown-compression' : error.kind;

function decodeStatus(device: DeviceId, { payload }: LinkMessage): Decoded {
	// An emptied retained status: whoever did it, nothing is known any more.
	if (payload.length === 0) return status(device, { state: 'unknown', simulated: device.startsWith('sim-') });
	if (payload.length <= 'offline'.length) {
		const word = textOf(payload);
		if (word === 'online' || word === 'offline') {
			return status(device, { state: word, simulated: device.startsWith('sim-') });
		}
	}
	const json = parseJsonObject(payload);
	if (!json.ok) return refused(device, json.error);
	const body = json.value;
	if (!isPresence(body['state'])) return refused(device, 'bad-state');
	const components = componentsOf(body['components']);
	return status(device, {
		state: body['state'],
		simulated: isSimulated(device, body),
		...present('name', shortText(body['name'])),
		...present('firmware', shortText(body['fw'])),
		...present('model', shortText(body['model'])),
		...present('epoch', isUint32(body['epoch']) ? body['epoch'] : undefined),
		...present('boot', isUint32(body['boot']) ? body['boot'] : undefined),
		...present('api', isUint32(body['api']) ? body['api'] : undefined),
		...present('wakeS', isFiniteNumber(body['wake_s']) ? body['wake_s'] : undefined),
		...present('components', components)
	});
}

const status = (device: DeviceId, report: StatusReport): Decoded => ({
	kind: 'status',
	device,
	status: report
});

const isPresence = (value: unknown): value is Presence =>
	value === 'online' || value === 'offline' || value === 'sleeping';

function componentsOf(value: unknown): Record<string, string> | undefined {
	if (!isRecord(value)) return undefined;
	const entries = Object.entries(value).filter((e): e is [string, string] => typeof e[1] === 'string');
	return Object.fromEntries(entries.slice(0, MAX_METRICS).map(([id, type]) => [cut(id), cut(type)]));
}

/** §3.7. An alert without a time that can be believed is of now. */
function decodeAlert(device: DeviceId, { payload, receivedMs }: LinkMessage): Decoded {
	const json = parseJsonObject(payload);
	if (!json.ok) return refused(device, json.error);
	const body = json.value;
	const [rule, text] = [shortText(body['rule']), shortText(body['text'])];
	const { severity = 'warning', raised, timestamp } = body;
	if (rule === undefined || text === undefined || !isSeverity(severity) || typeof raised !== 'boolean')
		return refused(device, 'bad-event');
	const timed = isFiniteNumber(timestamp) && isBelievedTime(timestamp * 1000, presentUntil(receivedMs));
	return {
		kind: 'event',
		device,
		provenance: isSimulated(device, body) ? 'simulated' : 'real',
		event: {
			kind: raised ? 'alert' : 'alert-over',
			atMs: timed ? timestamp * 1000 : receivedMs,
			detail: { rule, text, severity }
		},
		alias: undefined
	};
}

function decodeResponse(device: DeviceId, { payload }: LinkMessage): Decoded {
	const json = parseJsonObject(payload);
	if (!json.ok) return refused(device, json.error);
	const response = parseResponse(json.value);
	return response.ok
		? { kind: 'response', device, response: response.value }
		: refused(device, response.error);
}

function decodeReported(device: DeviceId, { payload }: LinkMessage): Decoded {
	if (payload.length === 0) return { kind: 'reported', device, reported: {} };
	const json = parseJsonObject(payload);
	return json.ok ? { kind: 'reported', device, reported: json.value } : refused(device, json.error);
}

const cut = (text: string): string => text.slice(0, MAX_TEXT_CHARS);
const shortText = (value: unknown): string | undefined =>
	typeof value === 'string' && value !== '' ? cut(value) : undefined;

/** A member that is absent rather than undefined. */
function present<K extends string, V>(key: K, value: V | undefined): { [P in K]?: V } {
	return value === undefined ? {} : ({ [key]: value } as { [P in K]: V });
}
