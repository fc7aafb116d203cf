import { textOf, type Clock } from '$lib/base';
import type { MqttSession } from '$lib/link';

/** What a broker says of itself, under names of ours; as text, since brokers differ in what they put in. */
export type BrokerFigure =
	| 'version'
	| 'uptime'
	| 'clients'
	| 'clientsMost'
	| 'subscriptions'
	| 'retained'
	| 'messagesIn'
	| 'messagesOut'
	| 'messagesDropped'
	| 'bytesIn'
	| 'bytesOut'
	| 'heap';

export interface BrokerFigures {
	/**
	 * `asking`: not answered yet. `silent`: let in and told nothing: no `$SYS`, or not for this account. `refused`: by the broker's word.
	 * `hung-up`: it closed the connection as it was asked, so it is not asked again. `none`: no session.
	 */
	readonly state: 'none' | 'asking' | 'told' | 'silent' | 'refused' | 'hung-up';
	readonly sys: Readonly<Partial<Record<BrokerFigure, string>>>;
	/** Members of `iot/broker/status` and `iot/broker/stats`, where somebody publishes them. */
	readonly said: readonly { readonly name: string; readonly text: string }[];
}

/** mosquitto(8), "Broker status"; EMQX's node tree has the same by other names. */
const SYS: Readonly<Record<string, BrokerFigure>> = {
	'$SYS/broker/version': 'version',
	'$SYS/broker/uptime': 'uptime',
	'$SYS/broker/clients/connected': 'clients',
	'$SYS/broker/clients/maximum': 'clientsMost',
	'$SYS/broker/subscriptions/count': 'subscriptions',
	'$SYS/broker/retained messages/count': 'retained',
	'$SYS/broker/messages/received': 'messagesIn',
	'$SYS/broker/messages/sent': 'messagesOut',
	'$SYS/broker/publish/messages/dropped': 'messagesDropped',
	'$SYS/broker/bytes/received': 'bytesIn',
	'$SYS/broker/bytes/sent': 'bytesOut',
	'$SYS/broker/heap/current': 'heap',
	'$SYS/brokers/+/version': 'version',
	'$SYS/brokers/+/uptime': 'uptime',
	'$SYS/brokers/+/stats/connections/count': 'clients',
	'$SYS/brokers/+/stats/connections/max': 'clientsMost',
	'$SYS/brokers/+/stats/subscriptions/count': 'subscriptions',
	'$SYS/brokers/+/stats/retained/count': 'retained',
	'$SYS/brokers/+/metrics/messages/received': 'messagesIn',
	'$SYS/brokers/+/metrics/messages/sent': 'messagesOut',
	'$SYS/brokers/+/metrics/messages/dropped': 'messagesDropped'
};
const SAID = ['iot/broker/status', 'iot/broker/stats'];

/** Such messages are about the broker and no device's. */
export const isBrokerFigure = (topic: string): boolean => topic.startsWith('$SYS/') || SAID.includes(topic);

const MAX_CHARS = 120;
const MAX_SAID = 40;
/** What is longer is no figure. */
const MAX_PAYLOAD = 4096;
/** Retained figures come at once, as mosquitto's do; where others come later, they are shown from then on. */
const SILENT_AFTER_MS = 3000;
/** Some brokers answer a subscription they do not grant by closing the connection. */
const HUNG_UP_WITHIN_MS = 2000;

/** Asks a broker for its own figures, only while somebody looks. */
export class BrokerFigureReader {
	#sys: Partial<Record<BrokerFigure, string>> = {};
	#said = new Map<string, string>();
	#askedMs: number | undefined;
	#refused = false;
	/** Brokers that closed the connection when they were asked. */
	readonly #shy = new Set<string>();

	constructor(
		private readonly session: Pick<MqttSession, 'subscribe' | 'listen' | 'watch' | 'state' | 'targetId'>,
		private readonly clock: Clock
	) {}

	/** Listens until `signal` aborts. */
	follow(signal: AbortSignal): void {
		let asking: AbortController | undefined;
		this.session.listen(({ topic, payload }) => this.#take(topic, payload), signal);
		this.session.watch((state) => {
			if (state.kind !== 'live') {
				const soon = this.#askedMs !== undefined && this.clock.now() - this.#askedMs < HUNG_UP_WITHIN_MS;
				if (asking && soon && state.kind === 'waiting') this.#shy.add(state.id);
				asking?.abort();
				asking = undefined;
				this.#forget();
			} else if (!asking && !this.#shy.has(state.id)) {
				asking = new AbortController();
				this.#ask(AbortSignal.any([signal, asking.signal]));
			}
		}, signal);
		signal.addEventListener('abort', () => this.#forget(), { once: true });
	}

	figures(): BrokerFigures {
		return {
			state: this.#state(),
			sys: this.#sys,
			said: [...this.#said].map(([name, text]) => ({ name, text }))
		};
	}

	#state(): BrokerFigures['state'] {
		const { state } = this.session;
		if (state.kind !== 'live') return 'none';
		if (this.#shy.has(state.id)) return 'hung-up';
		if (Object.keys(this.#sys).length > 0 || this.#said.size > 0) return 'told';
		if (this.#refused) return 'refused';
		const waitedMs = this.clock.now() - (this.#askedMs ?? this.clock.now());
		return waitedMs > SILENT_AFTER_MS ? 'silent' : 'asking';
	}

	#ask(signal: AbortSignal): void {
		this.#askedMs = this.clock.now();
		// Apart: a broker may refuse the one and grant the other.
		this.session.subscribe(Object.keys(SYS), signal, () => (this.#refused = true));
		this.session.subscribe(SAID, signal, () => undefined);
	}

	#forget(): void {
		this.#sys = {};
		this.#said.clear();
		this.#refused = false;
		this.#askedMs = undefined;
	}

	#take(topic: string, payload: Uint8Array): void {
		if (!isBrokerFigure(topic) || this.#askedMs === undefined) return;
		const text = payload.length <= MAX_PAYLOAD ? textOf(payload) : undefined;
		if (text === undefined) return;
		const figure = SYS[topic.replace(/^\$SYS\/brokers\/[^/]+\//u, '$SYS/brokers/+/')];
		if (figure) this.#sys[figure] = text.slice(0, MAX_CHARS);
		else if (SAID.includes(topic))
			for (const [name, value] of membersOf(topic, text)) {
				if (this.#said.size < MAX_SAID || this.#said.has(name)) this.#said.set(name, value);
			}
	}
}

/** Members of a JSON object that are no objects themselves; anything else is one text. */
function membersOf(topic: string, text: string): readonly (readonly [string, string])[] {
	try {
		const parsed: unknown = JSON.parse(text);
		if (typeof parsed === 'object' && parsed !== null)
			return Object.entries(parsed)
				.filter(([, value]) => ['string', 'number', 'boolean'].includes(typeof value))
				.map(([name, value]) => [name.slice(0, MAX_CHARS), String(value).slice(0, MAX_CHARS)] as const);
	} catch {
		// Not JSON: shown as it came.
	}
	return [[topic.slice(topic.lastIndexOf('/') + 1), text.slice(0, MAX_CHARS)]];
}
