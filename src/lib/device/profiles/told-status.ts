import type { Presence } from '$lib/model';
import { provenanceOf, textOf, type Told } from './loose-body';
import type { DecodedPart } from './profile';

const WORDS: Readonly<Record<string, Presence>> = {
	...words('online', 'online', 'connected', 'active', 'running', 'ok', 'healthy', 'up', 'alive'),
	...words('offline', 'offline', 'disconnected', 'inactive', 'stopped', 'down', 'lost', 'dead'),
	...words('sleeping', 'sleeping', 'sleep', 'asleep', 'deep_sleep')
};

function words(presence: Presence, ...all: string[]): Readonly<Record<string, Presence>> {
	return Object.fromEntries(all.map((word) => [word, presence]));
}

/** The presence that a word of another convention means. */
export function presenceOf(said: unknown): Presence | undefined {
	if (typeof said === 'boolean') return said ? 'online' : 'offline';
	const word = typeof said === 'string' ? said.trim().toLowerCase() : '';
	return Object.hasOwn(WORDS, word) ? WORDS[word] : undefined;
}

/** What a device's status says; undefined where no member says how it is. */
export function statusOf(told: Told): Extract<DecodedPart, { kind: 'status' }> | undefined {
	const { body, device, alias } = told;
	const member = ['state', 'status', 'presence', 'connection', 'online', 'connected'].find(
		(name) => body[name] !== undefined
	);
	const state = member === undefined ? undefined : presenceOf(body[member]);
	if (state === undefined) return undefined;
	const firmware = textOf(body, 'fw', 'firmware', 'firmware_version');
	const model = textOf(body, 'model', 'device_type', 'hardware');
	return {
		kind: 'status',
		device,
		status: {
			state,
			simulated: provenanceOf(told) === 'simulated',
			name: textOf(body, 'name', 'device_name') ?? alias,
			...(firmware === undefined ? {} : { firmware }),
			...(model === undefined ? {} : { model })
		}
	};
}
