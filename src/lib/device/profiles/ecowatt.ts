import { foreignDeviceId, type DeviceId } from '$lib/model';
import type { LinkMessage } from '$lib/link';
import { textOf as utf8TextOf } from '$lib/base';
import { isSharedSecretEnvelope } from '../batch';
import { isRecord, parseJsonObject } from './json';
import { readingsOf, telemetryOf, textOf, type Told } from './loose-body';
import { openEnvelope } from './sealed-body';
import { presenceOf, statusOf } from './told-status';
import { alertOf, commandResultOf, updateOf } from './told-event';
import type { Decoded, DecodedPart, Profile, Refusal } from './profile';

const DEVICES = 'ecowatt/devices/';
const SYSTEM = 'ecowatt/system/';
/** What the system says of itself is one device's. */
const SERVER = foreignDeviceId('ecowatt-system', 'server');
const MAX_ROWS = 256;
const MAX_ALERTS = 16;

/** docs/profiles.md: solar inverters behind an ESP32 and the server that they belong to. */
export function ecowattProfile(): Profile {
	return {
		name: 'ecowatt',
		filters: [
			...Object.keys(OF_DEVICE).map((kind) => `${DEVICES}+/${kind}`),
			...Object.keys(OF_SYSTEM).map((kind) => SYSTEM + kind)
		],
		decode(message) {
			const { topic } = message;
			if (topic.startsWith(SYSTEM)) {
				const read = own(OF_SYSTEM, topic.slice(SYSTEM.length));
				return read && SERVER && decodeBody(read, SERVER, 'EcoWatt server', message);
			}
			if (!topic.startsWith(DEVICES)) return undefined;
			const slash = topic.indexOf('/', DEVICES.length);
			const read = slash < 0 ? undefined : own(OF_DEVICE, topic.slice(slash + 1));
			if (!read) return undefined;
			const segment = topic.slice(DEVICES.length, slash);
			const device = foreignDeviceId('ecowatt', segment);
			return device ? decodeBody(read, device, segment, message) : refused(undefined, 'bad-device-id');
		}
	};
}

/** What a body says; a refusal where it says nothing. */
type Read = (told: Told) => readonly DecodedPart[] | Refusal;

const OF_DEVICE: Readonly<Record<string, Read>> = {
	power: readPower,
	status: readStatus,
	commands: (told) => listed(commandResultOf(told), 'bad-event'),
	alerts: readAlerts
};
const OF_SYSTEM: Readonly<Record<string, Read>> = {
	health: readStatus,
	updates: (told) => listed(updateOf(told), 'bad-event')
};

const own = (all: Readonly<Record<string, Read>>, name: string): Read | undefined =>
	Object.hasOwn(all, name) ? all[name] : undefined;

const refused = (device: DeviceId | undefined, cause: Refusal): Decoded => ({
	kind: 'refused',
	device,
	cause
});

const listed = (part: DecodedPart | undefined, otherwise: Refusal): readonly DecodedPart[] | Refusal =>
	part ? [part] : otherwise;

function decodeBody(read: Read, device: DeviceId, alias: string, message: LinkMessage): Decoded {
	const { payload, receivedMs, retained } = message;
	const told = (body: Readonly<Record<string, unknown>>): Told => ({
		device,
		alias,
		body,
		receivedMs,
		retained
	});
	if (read === readStatus && payload.length <= 'disconnected'.length) {
		// A last will is often a bare word; an emptied retained status says that nothing is known any more.
		const state = payload.length === 0 ? 'unknown' : presenceOf(utf8TextOf(payload));
		const status = state && statusOf(told({ state: 'online' }));
		if (status) return { ...status, status: { ...status.status, state } };
	}
	const json = parseJsonObject(payload);
	if (!json.ok) return refused(device, json.error);
	if (isSharedSecretEnvelope(json.value))
		return openEnvelope(json.value, told, (body) => read(unwrapped(told(body))));
	const parts = read(unwrapped(told(json.value)));
	if (typeof parts === 'string') return refused(device, parts);
	return parts.length === 1 ? parts[0]! : { kind: 'several', device, parts };
}

/** `{"topic":…,"payload":{…}}`, as some publishers log and send it, means the payload. */
function unwrapped(told: Told): Told {
	const { topic, payload } = told.body;
	return typeof topic === 'string' && isRecord(payload) ? { ...told, body: payload } : told;
}

/** One measurement, or several in `samples`, each with its own time. */
function readPower(told: Told): readonly DecodedPart[] | Refusal {
	const rows: unknown = told.body['samples'];
	if (!Array.isArray(rows)) return readings(told, 'no-metrics');
	if (rows.length > MAX_ROWS) return 'batch-bomb';
	const parts: DecodedPart[] = [];
	for (const row of rows) {
		if (!isRecord(row)) return 'bad-value';
		const taken = readings({ ...told, body: row }, 'no-metrics');
		if (typeof taken === 'string') return taken;
		parts.push(...taken);
	}
	return parts.length === 0 ? 'no-metrics' : parts;
}

function readings(told: Told, none: Refusal): readonly DecodedPart[] | Refusal {
	const counted: Refusal[] = [];
	const values = readingsOf(told.body, counted);
	if (!values) return 'too-many-metrics';
	const telemetry = telemetryOf(told, values, counted);
	return telemetry ? [telemetry] : (counted[0] ?? none);
}

/** How a device is, and the figures beside it; of a retained one only how it is. */
function readStatus(told: Told): readonly DecodedPart[] | Refusal {
	const status = statusOf(told);
	if (!status && textOf(told.body, 'state', 'status') !== undefined) return 'bad-state';
	const taken = told.retained && status ? [] : readings(told, status ? 'no-metrics' : 'bad-state');
	if (!status) return taken;
	// Figures first: they say that it is there, and it may say that it leaves.
	return typeof taken === 'string' ? [status] : [...taken, status];
}

function readAlerts(told: Told): readonly DecodedPart[] | Refusal {
	const rows: unknown = told.body['alerts'];
	if (!Array.isArray(rows)) return listed(alertOf(told), 'bad-event');
	if (rows.length > MAX_ALERTS) return 'batch-bomb';
	const parts = rows.map((row: unknown) => (isRecord(row) ? alertOf({ ...told, body: row }) : undefined));
	return parts.length > 0 && parts.every((part) => part !== undefined) ? parts : 'bad-event';
}
