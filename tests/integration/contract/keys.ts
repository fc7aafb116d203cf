import { expect } from 'vitest';
import { toHex, utf8 } from '$lib/base';
import { deviceKey, hmacKey, messageKeys, SealingSession, type MessageRole } from '$lib/crypto';
import type { Caller } from './scenarios';

/** The secret of every device under test that has one. */
const SECRET = Uint8Array.from({ length: 32 }, (_, i) => i);

/** What the owner says at the cable. */
export const KEYS_SET = `{"jsonrpc":"2.0","id":"secret","method":"keys.set","params":{"secret":"${btoa(String.fromCharCode(...SECRET))}"}}`;
export const KEYS_TAKEN = { jsonrpc: '2.0', id: 'secret', result: { required: true } };

/** Those who have a key of a device, and seal what they ask, docs/protocol.md §5.2. */
export class SealingCallers {
	readonly #sessions = new Map<MessageRole, SealingSession>();

	constructor(private readonly deviceId: string) {}

	/** @param exchange sends a text and gives the text of the answer; the answer to a sealed one must be sealed for it */
	async ask(
		request: string,
		as: Caller | undefined,
		exchange: (text: string) => Promise<string>
	): Promise<unknown> {
		if (!isRole(as)) return JSON.parse(await exchange(request));
		const session = this.#sessions.get(as) ?? new SealingSession(await this.#keys(as), Date.now(), () => 0);
		this.#sessions.set(as, session);
		const { text, nonce } = await session.seal(request);
		const answer = await exchange(text);
		expect(await session.open(answer, nonce), answer).toEqual({ ok: true, value: undefined });
		const { kid: _kid, n: _n, mac: _mac, ...message } = JSON.parse(answer) as Record<string, unknown>;
		return message;
	}

	#keys(role: MessageRole) {
		return messageKeys(SECRET, this.deviceId, role);
	}
}

/** The token of a role, docs/http.md §2. */
export async function bearerOf(deviceId: string, as: Caller | undefined): Promise<Record<string, string>> {
	if (!isRole(as)) return {};
	const key = await hmacKey(await deviceKey(SECRET, deviceId, as, 'down'));
	const token = new Uint8Array(await crypto.subtle.sign('HMAC', key, utf8('fieldbench/1/http')));
	return { Authorization: `Bearer ${toHex(token)}` };
}

const isRole = (caller: Caller | undefined): caller is MessageRole =>
	caller === 'viewer' || caller === 'operator' || caller === 'admin';
