import { fromBase64, textOf, utf8, type Clock } from '$lib/base';
import { KEY_BYTES, messageKeys, SealingSession, type Nonce } from '$lib/crypto';
import { RPC_NOT_ALLOWED, type RpcResponse } from '$lib/device';
import type { MessageLink } from '$lib/link';
import type { DeviceId } from '$lib/model';
import type { SecretBox } from '$lib/vault';
import { deviceSecretName } from './device-keys';

export type AnswerDoubt =
	/** The device has a key, and this came without a seal, or with none that can be read. */
	| 'unsealed-answer'
	/** The seal is another. */
	| 'forged-answer'
	/** It is sealed, and answers none of what was asked. */
	| 'unasked-response'
	/** It is the device's own, and takes no number of this epoch: it was asked again in a newer one. */
	| 'stale-epoch'
	/** There is a key for this device, and it cannot be used. */
	| 'answer-key-unusable';

/** Undefined where this browser has no secret of the device. `unusable`: what is asked goes bare, and the device says that it wants a seal. */
type Session = SealingSession | 'unusable' | undefined;

interface Asked {
	readonly session: SealingSession;
	/** Each time that it was sent, the newest last. */
	readonly nonces: Nonce[];
	/** Seals it anew and sends it, once. */
	again: (() => void) | undefined;
}

/** Requests whose answers may still come, over all devices: more than the outbox and all callers have under way. */
const MAX_ASKED = 512;
/** Of one request that is sent again and again. */
const MAX_NONCES = 8;

/**
 * Seals what this page asks of devices over a network, and believes of a device with a secret only what is sealed for that,
 * docs/protocol.md §5.2. The page has the secret itself, so it speaks as the owner: `admin`. The loopback stays in the page and needs none.
 */
export class CommandSeals {
	readonly #sessions = new Map<DeviceId, Session>();
	readonly #asked = new Map<string, Asked>();

	constructor(private readonly parts: { secrets: SecretBox; clock: Clock; random: () => number }) {}

	/** The same link; what goes over it to the device is sealed, where there is a secret. */
	over(device: DeviceId, link: MessageLink): MessageLink {
		if (link.kind !== 'mqtt') return link;
		const publish: MessageLink['publish'] = async (topic, payload, options, signal) => {
			const session = await this.#session(device);
			if (!session || session === 'unusable') return link.publish(topic, payload, options, signal);
			const text = textOf(payload) ?? '';
			const send = async () => {
				const sealed = await session.seal(text);
				this.#expect(device, text, {
					session,
					nonce: sealed.nonce,
					again: () => void send().catch(() => {})
				}); // whoever asked has left
				return link.publish(topic, utf8(sealed.text), options, signal);
			};
			return send();
		};
		return {
			...{ kind: link.kind, name: link.name, publish },
			listen: (fn, signal) => link.listen(fn, signal),
			get up() {
				return link.up;
			}
		};
	}

	/**
	 * Why an answer is not believed; undefined where it is. At once where the device is known to have no secret: nothing is
	 * checked then, and answers stay in the order in which they came.
	 */
	doubtOf(
		{ device, response }: { device: DeviceId; response: RpcResponse },
		{ kind, payload }: { kind: MessageLink['kind']; payload: Uint8Array }
	): Promise<AnswerDoubt | undefined> | undefined {
		if (kind !== 'mqtt') return undefined;
		if (this.#sessions.has(device) && this.#sessions.get(device) === undefined) return undefined;
		return this.#judge(device, response, payload);
	}

	/** Its secret is another now, or gone. */
	changed(device: DeviceId): void {
		this.#sessions.delete(device);
		for (const key of this.#asked.keys()) if (key.startsWith(`${device}/`)) this.#asked.delete(key);
	}

	async #judge(
		device: DeviceId,
		response: RpcResponse,
		payload: Uint8Array
	): Promise<AnswerDoubt | undefined> {
		const session = await this.#open(device);
		if (!session) return undefined;
		if (session === 'unusable') return 'answer-key-unusable';
		const key = keyOf(device, response.id ?? '');
		const asked = this.#asked.get(key);
		if (!asked) return 'unasked-response';
		const text = textOf(payload) ?? '';
		for (const nonce of asked.nonces) {
			const opened = await asked.session.open(text, nonce);
			if (opened.ok) return this.#own(key, asked, response);
			if (opened.error.kind === 'forged') return 'forged-answer';
			if (opened.error.kind !== 'other-answer') return 'unsealed-answer';
		}
		return 'unasked-response';
	}

	#own(key: string, asked: Asked, response: RpcResponse): AnswerDoubt | undefined {
		const floor = staleFloor(response);
		if (floor !== undefined && asked.again) {
			const { again } = asked;
			asked.again = undefined;
			if (asked.session.raise(floor)) {
				again();
				return 'stale-epoch';
			}
		}
		this.#asked.delete(key);
		return undefined;
	}

	#expect(
		device: DeviceId,
		text: string,
		{ session, nonce, again }: { session: SealingSession; nonce: Nonce; again: () => void }
	): void {
		const key = keyOf(device, (JSON.parse(text) as { id: string }).id);
		const before = this.#asked.get(key);
		if (before) {
			before.nonces.push(nonce);
			if (before.nonces.length > MAX_NONCES) before.nonces.shift();
			return;
		}
		this.#asked.set(key, { session, nonces: [nonce], again });
		const [oldest] = this.#asked.keys();
		if (this.#asked.size > MAX_ASKED && oldest !== undefined) this.#asked.delete(oldest);
	}

	async #session(device: DeviceId): Promise<Session> {
		const session = await this.#open(device);
		// Whoever asked at the same time may have been first: the numbers of one session rise by one.
		if (!this.#sessions.has(device) && session !== 'unusable') this.#sessions.set(device, session);
		return this.#sessions.get(device) ?? session;
	}

	async #open(device: DeviceId): Promise<Session> {
		if (this.#sessions.has(device)) return this.#sessions.get(device);
		const name = deviceSecretName(device);
		const opened = await this.parts.secrets.open(name).catch(() => undefined);
		if (!opened?.ok) {
			const none = opened?.error.kind === 'absent' || opened?.error.kind === 'no-vault';
			return none ? undefined : 'unusable';
		}
		const secret = fromBase64(opened.value);
		if (secret?.length !== KEY_BYTES) return 'unusable';
		const { clock, random } = this.parts;
		return new SealingSession(await messageKeys(secret, device, 'admin'), clock.now(), random);
	}
}

/** Above which a device wants the next epoch; undefined where it says something else. */
function staleFloor(response: RpcResponse): number | undefined {
	if (response.kind !== 'error' || response.error.code !== RPC_NOT_ALLOWED) return undefined;
	const { reason, floor } = (response.error.data ?? {}) as { reason?: unknown; floor?: unknown };
	return reason === 'stale' && typeof floor === 'number' ? floor : undefined;
}

const keyOf = (device: DeviceId, id: string): string => `${device}/${id}`;
