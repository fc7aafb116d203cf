import { done, err, ok, randomId, textOf, utf8, type Clock, type Result } from '$lib/base';
import { hasWebCrypto, newSealingKey, open, seal } from '$lib/crypto';
import type { Rows } from './rows';
import { parseKeyRow, parseSecretRow, secretAad, type KeyRow, type SecretRow } from './secret-row';

export type PutSecretError = { kind: 'no-vault' } | { kind: 'not-stored'; cause: string };
export type OpenSecretError =
	| { kind: 'no-vault' }
	| { kind: 'absent' }
	/** Reserved for the app lock. */
	| { kind: 'locked' }
	/** The record or its key is damaged, of a newer version, or was moved under another name. */
	| { kind: 'damaged' };

/** Small texts (passwords, tokens) encrypted at rest under a name. What it protects from: docs/storage.md. */
export interface SecretBox {
	/** False without WebCrypto, as on plain http from a LAN address. */
	readonly available: boolean;
	/** The encrypted record, which is written nowhere yet. */
	seal(name: string, text: string): Promise<Result<SecretRow, PutSecretError>>;
	/** Resolves when the encrypted record is on disk. */
	put(name: string, text: string): Promise<Result<void, PutSecretError>>;
	open(name: string): Promise<Result<string, OpenSecretError>>;
	has(name: string): Promise<boolean>;
	delete(name: string): Promise<void>;
}

/** The key row that new records are sealed with. */
const CURRENT = 'current';

/** Raw rows as they lie on disk. `adoptKey` puts a key row unless one is there, and gives the one that is: atomic. */
export interface SecretStorage {
	readonly records: Rows<unknown>;
	readonly keys: Rows<unknown>;
	adoptKey(slot: string, row: KeyRow): Promise<unknown>;
}

export function secretBox(storage: SecretStorage, clock: Clock): SecretBox {
	const available = hasWebCrypto();
	let current: Promise<KeyRow | undefined> | undefined;

	async function sealingKey(): Promise<KeyRow | undefined> {
		const found = await storage.keys.get(CURRENT);
		if (found !== undefined) return parseKeyRow(found);
		const fresh: KeyRow = {
			version: 1,
			id: randomId(),
			wrap: 'none',
			key: await newSealingKey(),
			createdMs: clock.now()
		};
		return parseKeyRow(await storage.adoptKey(CURRENT, fresh));
	}

	async function sealRow(name: string, text: string): Promise<Result<SecretRow, PutSecretError>> {
		if (!available) return err({ kind: 'no-vault' });
		try {
			const key = await (current ??= sealingKey());
			if (!key) {
				current = undefined;
				return err({ kind: 'not-stored', cause: 'key row is damaged' });
			}
			const head = { version: 1, keyId: key.id, algorithm: 'A256GCM', createdMs: clock.now() } as const;
			return ok({ ...head, ...(await seal(key.key, utf8(text), secretAad(name, head))) });
		} catch (cause) {
			current = undefined;
			return err({ kind: 'not-stored', cause: String(cause) });
		}
	}

	return {
		available,
		seal: sealRow,
		async put(name, text) {
			const sealed = await sealRow(name, text);
			if (!sealed.ok) return sealed;
			try {
				await storage.records.put(name, sealed.value, { strict: true });
				return done;
			} catch (cause) {
				current = undefined;
				return err({ kind: 'not-stored', cause: String(cause) });
			}
		},
		async open(name) {
			if (!available) return err({ kind: 'no-vault' });
			const stored = await storage.records.get(name);
			if (stored === undefined) return err({ kind: 'absent' });
			const row = parseSecretRow(stored);
			const key = parseKeyRow(await storage.keys.get(CURRENT));
			if (!row || key?.id !== row.keyId) return err({ kind: 'damaged' });
			const plain = await open(key.key, row, secretAad(name, row));
			const text = plain.ok ? textOf(plain.value) : undefined;
			return text === undefined ? err({ kind: 'damaged' }) : ok(text);
		},
		has: async (name) => (await storage.records.get(name)) !== undefined,
		delete: (name) => storage.records.delete(name)
	};
}
