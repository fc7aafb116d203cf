import { done, err, randomId, type Result } from '$lib/base';
import { parseBrokerUrl, type SessionTarget } from '$lib/link';
import type { BrokerProfile, BrokerSaveError } from './messages';
import type { FieldStorage } from './storage';

/** MQTT has 16 bits for it. */
const KEEPALIVE_S = { least: 5, most: 65_535 };

/** The saved brokers, their passwords, and which one this browser is to be connected to. */
export class BrokerBook {
	constructor(private readonly storage: Pick<FieldStorage, 'brokers' | 'secrets' | 'settings'>) {}

	async list(): Promise<readonly BrokerProfile[]> {
		const rows = await this.storage.brokers.all();
		const profiles = rows.map(async (row) => ({
			...row,
			hasPassword: await this.storage.secrets.has(secretName(row.id))
		}));
		return (await Promise.all(profiles)).sort((a, b) => a.name.localeCompare(b.name));
	}

	/** `password: undefined` keeps the stored one, '' removes it. */
	async save(profile: BrokerProfile, password: string | undefined): Promise<Result<void, BrokerSaveError>> {
		const address = parseBrokerUrl(profile.url);
		if (!address.ok) return err({ kind: 'bad-url', reason: address.error.kind });
		const name = profile.name.trim();
		if (name === '') return err({ kind: 'empty-name' });
		const { secrets, brokers } = this.storage;
		if (password === '') await secrets.delete(secretName(profile.id));
		else if (password !== undefined) {
			const kept = secrets.available && (await secrets.put(secretName(profile.id), password)).ok;
			if (!kept) return err({ kind: 'no-vault' });
		}
		const { hasPassword: _, ...row } = profile;
		const keepaliveS = Math.min(
			KEEPALIVE_S.most,
			Math.max(KEEPALIVE_S.least, Math.round(profile.keepaliveS) || 30)
		);
		await brokers.put(profile.id, { ...row, name, url: address.value.url, keepaliveS });
		return done;
	}

	async remove(id: string): Promise<void> {
		await this.storage.brokers.delete(id);
		await this.storage.secrets.delete(secretName(id));
		await this.storage.settings.delete(versionKey(id));
	}

	/** All that a session needs; undefined where there is no such profile. */
	async target(id: string): Promise<SessionTarget | undefined> {
		const row = await this.storage.brokers.get(id);
		if (!row) return undefined;
		const version = await this.storage.settings.get(versionKey(id));
		return {
			id: row.id,
			name: row.name,
			url: row.url,
			username: row.username,
			password: await this.#password(id),
			protocol: row.protocol,
			keepaliveS: row.keepaliveS,
			persistentSession: row.persistentSession,
			clientId: await this.#clientId(),
			lastVersion: version && 'version' in version ? version.version : undefined
		};
	}

	async remember(choice: string | null): Promise<void> {
		await this.storage.settings.put('chosen-broker', { key: 'chosen-broker', brokerId: choice });
	}

	async chosen(): Promise<string | null> {
		const row = await this.storage.settings.get('chosen-broker');
		return row?.key === 'chosen-broker' ? row.brokerId : null;
	}

	async rememberVersion(id: string, version: 4 | 5): Promise<void> {
		const key = versionKey(id);
		const known = await this.storage.settings.get(key);
		if (known && 'version' in known && known.version === version) return;
		await this.storage.settings.put(key, { key, version });
	}

	async #password(id: string): Promise<SessionTarget['password']> {
		const { secrets } = this.storage;
		if (!(await secrets.has(secretName(id)))) return { kind: 'none' };
		const opened = await secrets.open(secretName(id));
		return opened.ok ? { kind: 'known', text: opened.value } : { kind: 'locked' };
	}

	/** One per browser, so that a persistent session is found again and a second tab is not a second client. */
	async #clientId(): Promise<string> {
		const row = await this.storage.settings.get('client-id');
		if (row?.key === 'client-id') return row.text;
		const text = `fb-${randomId().slice(0, 16)}`; // MQTT 3.1.1 promises only 23 characters
		await this.storage.settings.put('client-id', { key: 'client-id', text });
		return text;
	}
}

const secretName = (brokerId: string): string => `broker:${brokerId}`;
const versionKey = (brokerId: string): `mqtt-version:${string}` => `mqtt-version:${brokerId}`;
