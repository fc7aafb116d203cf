import { err, ok, toHex, utf8, type Result } from '$lib/base';
import type { MessageKeys, MessageRole } from './device-keys';

/** Names one message of one sender: numbers rise within an epoch, and every session has a new and higher epoch. */
export interface Nonce {
	/** 1 … 2⁵³−1 */
	readonly epoch: number;
	/** 0 … 2³²−1 */
	readonly number: number;
}

export interface Seal {
	readonly role: MessageRole;
	readonly nonce: Nonce;
}

/** `other-answer`: its seal holds, and it answers another message. */
export type SealError = { kind: 'unsealed' | 'malformed' | 'forged' | 'other-answer' };

const START = '{"kid":"';
const HEAD =
	/^\{"kid":"(?<kid>viewer|operator|admin)","n":"(?<epoch>0|[1-9]\d{0,15})\.(?<number>0|[1-9]\d{0,9})",(?<member>"mac":"(?<mac>[0-9a-f]{64})",)/u;
const LARGEST_NUMBER = 2 ** 32 - 1;
/** An epoch is about the time it began at, in 1/1024 ms; the fraction is random, so that two sessions never share one. */
const EPOCHS_PER_MS = 1024;

const unhex = (hex: string) => Uint8Array.from(hex.match(/../gu) ?? [], (pair) => parseInt(pair, 16));

/**
 * Seals a message, docs/protocol.md §5: three members at its head, and a MAC over all its other bytes.
 * @param text a JSON object with members, without space at its beginning, as JSON.stringify writes it
 */
export async function sealMessage(key: CryptoKey, { role, nonce }: Seal, text: string): Promise<string> {
	if (!text.startsWith('{"')) throw new RangeError('only an object with members can be sealed');
	const head = `${START}${role}","n":"${nonce.epoch}.${nonce.number}",`;
	const rest = text.slice(1);
	const mac = new Uint8Array(await crypto.subtle.sign('HMAC', key, utf8(head + rest)));
	return `${head}"mac":"${toHex(mac)}",${rest}`;
}

/**
 * Checks a seal. A message that holds is read as it stands; whether its nonce is new is the caller's to judge.
 * @param keyOf the key that a role's messages of this direction are sealed with
 */
export async function openMessage(
	keyOf: (role: MessageRole) => CryptoKey | undefined,
	text: string
): Promise<Result<Seal, SealError>> {
	if (!text.startsWith(START)) return err({ kind: 'unsealed' });
	const head = HEAD.exec(text);
	const { kid, epoch, number, member, mac } = head?.groups ?? {};
	const nonce = { epoch: Number(epoch), number: Number(number) };
	if (!head || nonce.epoch > Number.MAX_SAFE_INTEGER || nonce.number > LARGEST_NUMBER)
		return err({ kind: 'malformed' });
	const role = kid as MessageRole; // the pattern lets no other through
	const key = keyOf(role);
	const covered = text.slice(0, head[0].length - member!.length) + text.slice(head[0].length);
	const holds = key && (await crypto.subtle.verify('HMAC', key, unhex(mac!), utf8(covered)));
	return holds ? ok({ role, nonce }) : err({ kind: 'forged' });
}

/** One session of a sender with one device: seals what it asks, and knows the answers. */
export class SealingSession {
	#epoch: number;
	#number = 0;

	/**
	 * @param nowMs ms since the Unix epoch, for the epoch alone: a wrong clock does no harm
	 * @param random 0 … 1
	 */
	constructor(
		private readonly keys: MessageKeys,
		nowMs: number,
		private readonly random: () => number
	) {
		this.#epoch = Math.max(1, Math.floor(nowMs) * EPOCHS_PER_MS + this.#fraction());
	}

	/** @returns the sealed text, and the nonce that its answer repeats */
	async seal(text: string): Promise<{ readonly text: string; readonly nonce: Nonce }> {
		if (this.#number > LARGEST_NUMBER) this.raise(this.#epoch);
		const nonce = { epoch: this.#epoch, number: this.#number++ };
		return { text: await sealMessage(this.keys.down, { role: this.keys.role, nonce }, text), nonce };
	}

	/** Whether `text` is the device's answer to the message of that nonce. */
	async open(text: string, nonce: Nonce): Promise<Result<void, SealError>> {
		const opened = await openMessage((role) => (role === this.keys.role ? this.keys.up : undefined), text);
		if (!opened.ok) return opened;
		const { epoch, number } = opened.value.nonce;
		return epoch === nonce.epoch && number === nonce.number ? ok(undefined) : err({ kind: 'other-answer' });
	}

	/**
	 * Begins a new epoch, as a device asks where the present one is too old for it.
	 * @param floor what the new epoch must be above, from an answer whose seal held
	 * @returns false where there is none above it: the device needs a new secret
	 */
	raise(floor: number): boolean {
		const next = Math.max(this.#epoch, floor) + 1 + this.#fraction();
		this.#epoch = Math.min(next, Number.MAX_SAFE_INTEGER);
		this.#number = 0;
		return this.#epoch > floor;
	}

	#fraction(): number {
		return Math.floor(this.random() * EPOCHS_PER_MS);
	}
}
