import type { MqttSession } from '$lib/link';
import type { BrokerBook } from './broker-book';
import type { BrokerRelay } from './broker-relay';
import type { CoreHandlers } from './messages';

export interface BrokerSeatParts {
	readonly session: MqttSession;
	readonly brokers: BrokerBook;
	readonly relay: BrokerRelay;
	readonly closing: AbortSignal;
}

/** Which broker the session is with, and the calls that change it. */
export class BrokerSeat {
	readonly #parts: BrokerSeatParts;

	constructor(parts: BrokerSeatParts) {
		this.#parts = parts;
	}

	/** Takes up the choice of the last time. */
	async resume(): Promise<void> {
		const chosen = await this.#parts.brokers.chosen();
		if (chosen !== null) await this.#connect(chosen);
	}

	get calls(): Pick<
		CoreHandlers['calls'],
		'listBrokers' | 'saveBroker' | 'removeBroker' | 'connect' | 'disconnect' | 'retry'
	> {
		const { brokers, session } = this.#parts;
		return {
			listBrokers: () => brokers.list(),
			saveBroker: async ({ profile, password }) => {
				const saved = await brokers.save(profile, password);
				if (saved.ok && session.targetId === profile.id) await this.#connect(profile.id);
				return saved;
			},
			removeBroker: async ({ id }) => {
				if (session.targetId === id) await this.#disconnect();
				await brokers.remove(id);
			},
			connect: async ({ id }) => {
				await brokers.remember(id);
				await this.#connect(id);
			},
			disconnect: () => this.#disconnect(),
			retry: () => session.retry()
		};
	}

	async #connect(id: string): Promise<void> {
		const { brokers, session, relay, closing } = this.#parts;
		const target = await brokers.target(id);
		if (session.targetId !== id) await relay.farewell();
		if (target && !closing.aborted) session.connect(target);
	}

	async #disconnect(): Promise<void> {
		const { brokers, session, relay } = this.#parts;
		await brokers.remember(null);
		await relay.farewell();
		await session.disconnect();
	}
}
