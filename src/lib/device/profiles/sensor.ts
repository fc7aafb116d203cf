import { foreignDeviceId, MODEL_INPUT, type DeviceId } from '$lib/model';
import type { LinkMessage } from '$lib/link';
import { textOf as utf8TextOf } from '$lib/base';
import { audioBytes, loudnessOf, MAX_AUDIO_BYTES, WINDOW_S } from './audio';
import { isRecord, parseJson, parseJsonObject } from './json';
import { readingsOf, telemetryOf, textOf, type Told } from './loose-body';
import { isFiniteNumber, isMetricName, MAX_METRICS } from './metric-name';
import { quantityOf } from './quantities';
import { eventOf } from './told-event';
import { presenceOf, statusOf } from './told-status';
import type { Decoded, Profile, Refusal } from './profile';

/** docs/profiles.md: rooms whose windows a model moves. Its three topics speak of the same devices. */
export function sensorProfile(): Profile {
	return {
		name: 'sensor',
		filters: ['sensor/+/+', 'ml/inference/request/+', 'window/+/control'],
		decode(message) {
			const parts = message.topic.split('/');
			if (parts[0] === 'sensor' && parts.length === 3)
				return of(parts[1]!, message, (told) => readSensor(told, parts[2]!, message));
			if (message.topic.startsWith('ml/inference/request/') && parts.length === 4)
				return of(parts[3]!, message, (told) => readRequest(told, message));
			if (parts[0] === 'window' && parts[2] === 'control' && parts.length === 3)
				return of(parts[1]!, message, (told) => readControl(told, message));
			return undefined;
		}
	};
}

function of(segment: string, message: LinkMessage, read: (told: Told) => Decoded): Decoded {
	const device = foreignDeviceId('sensor', segment);
	if (!device) return refused(undefined, 'bad-device-id');
	const { receivedMs, retained } = message;
	return read({ device, alias: segment, body: {}, receivedMs, retained });
}

const refused = (device: DeviceId | undefined, cause: Refusal): Decoded => ({
	kind: 'refused',
	device,
	cause
});

const AUDIO_TYPES = new Set(['audio', 'microphone', 'mic']);

/** A bare number, or `{"value", "unit"?, "timestamp"?}`, or an object of several readings. */
function readSensor(told: Told, type: string, { payload }: LinkMessage): Decoded {
	const { device } = told;
	if (AUDIO_TYPES.has(type)) return readAudio(told, payload);
	if (type === 'status') {
		const state = payload.length <= 'disconnected'.length ? presenceOf(utf8TextOf(payload)) : undefined;
		const body = state ? undefined : parseJsonObject(payload);
		if (body && !body.ok) return refused(device, body.error);
		return statusOf({ ...told, body: body?.value ?? { state } }) ?? refused(device, 'bad-state');
	}
	const json = parseJson(payload);
	if (!json.ok) return refused(device, json.error);
	const body = isRecord(json.value) ? json.value : { value: json.value };
	const member = ['value', 'reading', type].find((name) => body[name] !== undefined);
	const counted: Refusal[] = [];
	const read = { ...told, body };
	if (member === undefined || isRecord(body[member])) {
		const values = readingsOf(body, counted);
		if (!values) return refused(device, 'too-many-metrics');
		return telemetryOf(read, values, counted) ?? refused(device, counted[0] ?? 'no-metrics');
	}
	const value = body[member];
	if (!isFiniteNumber(value) || !isMetricName(type)) return refused(device, 'bad-value');
	const quantity = quantityOf(type, value, textOf(body, 'unit', 'units'));
	if (!quantity.ok) return refused(device, quantity.error);
	const { metric } = quantity.value;
	return telemetryOf(read, { [metric]: quantity.value.value }, counted) ?? refused(device, 'no-metrics');
}

/** Two seconds of sound in base64, bare or as `{"data","sample_rate"?,"channels"?,"duration"?,"timestamp"?}`: only how loud it is is kept. */
function readAudio(told: Told, payload: Uint8Array): Decoded {
	const { device } = told;
	if (payload.length > MAX_AUDIO_BYTES) return refused(device, 'too-large');
	const bare = payload[0] === OPENING_BRACE ? undefined : utf8TextOf(payload);
	const json = bare === undefined ? parseJsonObject(payload, MAX_AUDIO_BYTES) : undefined;
	if (json && !json.ok) return refused(device, json.error);
	const body: Readonly<Record<string, unknown>> = json?.value ?? {};
	const text = bare ?? body['data'] ?? body['audio'] ?? body['audio_data'];
	const bytes = typeof text === 'string' ? audioBytes(text) : undefined;
	if (!bytes) return refused(device, 'bad-audio');
	const duration = body['duration'] ?? WINDOW_S;
	if (duration !== WINDOW_S) return refused(device, 'bad-audio-length');
	const rateHz = body['sample_rate'] ?? body['sampleRate'] ?? DEFAULT_RATE_HZ;
	const channels = body['channels'] ?? 1;
	if (typeof rateHz !== 'number' || typeof channels !== 'number') return refused(device, 'bad-audio');
	const loudness = loudnessOf(bytes, { rateHz, channels });
	if (!loudness.ok) return refused(device, loudness.error);
	const counted: Refusal[] = [];
	const values = { sound_level: loudness.value.levelDbfs, sound_rms: loudness.value.rms };
	return telemetryOf({ ...told, body }, values, counted) ?? refused(device, 'bad-audio');
}

const OPENING_BRACE = 0x7b;
const DEFAULT_RATE_HZ = 16_000;

/** What a model was asked with: numbers by name, in `features` or beside it, or a bare list of them. */
function readRequest(told: Told, { payload }: LinkMessage): Decoded {
	const { device } = told;
	const json = parseJsonObject(payload);
	if (!json.ok) return refused(device, json.error);
	const body = json.value;
	const { features } = body;
	const counted: Refusal[] = [];
	const named = Array.isArray(features) ? listed(features) : isRecord(features) ? features : body;
	const values = named && readingsOf(named, counted);
	if (!values) return refused(device, named ? 'too-many-metrics' : 'bad-value');
	const inputs = Object.entries(values)
		.map(([name, value]) => [MODEL_INPUT + name, value] as const)
		.filter(([name]) => isMetricName(name) || void counted.push('bad-value'));
	const read = { ...told, body, hearsay: true };
	return (
		telemetryOf(read, Object.fromEntries(inputs), counted) ?? refused(device, counted[0] ?? 'no-metrics')
	);
}

/** Undefined where one of them is no number, or there are too many. */
function listed(features: readonly unknown[]): Record<string, number> | undefined {
	if (features.length > MAX_METRICS || !features.every(isFiniteNumber)) return undefined;
	return Object.fromEntries(features.map((value, i) => [String(i), value]));
}

/** Per cent open. */
const POSITIONS: Readonly<Record<string, number>> = { open: 100, opened: 100, close: 0, closed: 0 };

/** Where a window is to go: a bare number or word, or `{"position"|"command","confidence"?,"timestamp"?}`. Not where it is: no one says that. */
function readControl(told: Told, { payload }: LinkMessage): Decoded {
	const { device } = told;
	const bare = utf8TextOf(payload.subarray(0, 16))?.trim().toLowerCase() ?? '';
	const json = Object.hasOwn(POSITIONS, bare) || bare === 'stop' ? undefined : parseJson(payload);
	if (json && !json.ok) return refused(device, json.error);
	const said = json?.value ?? bare;
	const body = isRecord(said) ? said : isFiniteNumber(said) ? { position: said } : { command: said };
	const word = textOf(body, 'command', 'action', 'state')?.toLowerCase();
	const position =
		body['position'] ??
		body['window_position'] ??
		(word !== undefined && Object.hasOwn(POSITIONS, word) ? POSITIONS[word] : undefined);
	const inRange = isFiniteNumber(position) && position >= 0 && position <= 100;
	if (position !== undefined && !inRange) return refused(device, 'bad-value');
	if (position === undefined && word === undefined) return refused(device, 'bad-event');
	const read = { ...told, body, hearsay: true };
	const { confidence } = body;
	const sure = isFiniteNumber(confidence) && confidence >= 0 && confidence <= 1 ? { confidence } : {};
	const event = eventOf(read, 'control', {
		command: word,
		position: inRange ? Math.round(position * 10) / 10 : undefined
	});
	const counted: Refusal[] = confidence !== undefined && !('confidence' in sure) ? ['bad-value'] : [];
	const telemetry =
		inRange && !told.retained
			? telemetryOf(read, { window_position: position, ...sure }, counted)
			: undefined;
	return telemetry ? { kind: 'several', device, parts: [telemetry, event] } : event;
}
