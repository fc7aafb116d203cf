import { err, ok, type Clock, type Result } from '$lib/base';
import { SerialDeviceApi, type CallOptions, type DeviceApiError } from '$lib/device';
import type { SerialLine } from '$lib/link';
import { parseDeviceId, type DeviceId } from '$lib/model';
import type { BrokerForm, BrokerProblem, WifiProblem } from './setup-state';

export interface BoardIdentity {
	readonly id: DeviceId;
	readonly name: string;
}

export interface WifiStatus {
	readonly kind: 'wifi' | 'ethernet';
	readonly state: 'off' | 'joining' | 'joined' | 'failed';
	readonly ssid: string;
	/** Empty until it has one. */
	readonly ip: string;
	readonly reason?: WifiProblem['kind'];
}

type BrokerFault = Exclude<BrokerProblem['kind'], 'board-refused' | 'no-answer' | 'trial-over' | 'not-heard'>;

export interface MqttStatus {
	readonly uri: string;
	readonly state: 'off' | 'connecting' | 'connected' | 'failed';
	readonly reason?: BrokerFault;
}

/** Besides what the Device API says: an answer that is not as docs/protocol.md §4.1 has it. */
export type BoardCallError = DeviceApiError | { kind: 'bad-answer' };

/** The methods of the Device API that setting up needs, over one line, with their answers parsed. */
export class BoardCalls {
	readonly #api: SerialDeviceApi;

	constructor(line: SerialLine, parts: { clock: Clock }) {
		this.#api = new SerialDeviceApi(line, parts);
	}

	identity(options: CallOptions): Promise<Result<BoardIdentity, BoardCallError>> {
		return this.#call('system.info', {}, options, ({ id, name }) => {
			const parsed = typeof id === 'string' ? parseDeviceId(id) : undefined;
			return parsed?.ok && typeof name === 'string' ? { id: parsed.value, name } : undefined;
		});
	}

	rename(name: string, options: CallOptions): Promise<Result<void, BoardCallError>> {
		return this.#act('system.rename', { name }, options);
	}

	wifi(options: CallOptions): Promise<Result<WifiStatus, BoardCallError>> {
		return this.#call('wifi.status', {}, options, parseWifi);
	}

	mqtt(options: CallOptions): Promise<Result<MqttStatus, BoardCallError>> {
		return this.#call('mqtt.status', {}, options, parseMqtt);
	}

	/** Acts at once and on trial: the board goes back by itself unless it is confirmed within `trialS` seconds. */
	setMqtt(
		{ uri, username, password }: BrokerForm,
		trialS: number,
		options: CallOptions
	): Promise<Result<void, BoardCallError>> {
		const account = username === '' ? {} : { username, password };
		return this.#act('mqtt.set', { uri, ...account, trial_s: trialS }, options);
	}

	/** What was on trial and is permanent now: nothing, where the trial was over already. */
	confirm(options: CallOptions): Promise<Result<readonly string[], BoardCallError>> {
		return this.#call('config.confirm', {}, options, ({ confirmed }) =>
			Array.isArray(confirmed) ? confirmed.filter((name) => typeof name === 'string') : undefined
		);
	}

	revert(options: CallOptions): Promise<Result<void, BoardCallError>> {
		return this.#act('config.revert', {}, options);
	}

	async #act(
		method: string,
		params: Readonly<Record<string, unknown>>,
		options: CallOptions
	): Promise<Result<void, BoardCallError>> {
		const answer = await this.#api.call(method, params, options);
		return answer.ok ? ok(undefined) : answer;
	}

	async #call<T>(
		method: string,
		params: Readonly<Record<string, unknown>>,
		options: CallOptions,
		parse: (answer: Readonly<Record<string, unknown>>) => T | undefined
	): Promise<Result<T, BoardCallError>> {
		const answer = await this.#api.call(method, params, options);
		if (!answer.ok) return answer;
		const { value } = answer;
		const parsed =
			typeof value === 'object' && value !== null ? parse(value as Record<string, unknown>) : undefined;
		return parsed === undefined ? err({ kind: 'bad-answer' }) : ok(parsed);
	}
}

const WIFI_STATES = ['off', 'joining', 'joined', 'failed'] as const;
const WIFI_REASONS = ['not-found', 'wrong-password', 'timeout', 'lost'] as const;
const MQTT_STATES = ['off', 'connecting', 'connected', 'failed'] as const;
const MQTT_REASONS = [
	'bad-uri',
	'name-not-found',
	'unreachable',
	'not-authorised',
	'refused',
	'tls',
	'timeout',
	'no-network'
] as const satisfies readonly BrokerFault[];

const oneOf = <T extends string>(all: readonly T[], value: unknown): T | undefined =>
	all.find((known) => known === value);
const textIn = (value: unknown): string => (typeof value === 'string' ? value : '');

function parseWifi({
	kind,
	state,
	ssid,
	ip,
	reason
}: Readonly<Record<string, unknown>>): WifiStatus | undefined {
	const known = oneOf(WIFI_STATES, state);
	if (known === undefined) return undefined;
	const why = oneOf(WIFI_REASONS, reason);
	return {
		kind: kind === 'ethernet' ? 'ethernet' : 'wifi',
		state: known,
		ssid: textIn(ssid),
		ip: textIn(ip),
		...(why === undefined ? {} : { reason: why })
	};
}

function parseMqtt({ uri, state, reason }: Readonly<Record<string, unknown>>): MqttStatus | undefined {
	const known = oneOf(MQTT_STATES, state);
	if (known === undefined) return undefined;
	const why = oneOf(MQTT_REASONS, reason);
	return { uri: textIn(uri), state: known, ...(why === undefined ? {} : { reason: why }) };
}
