import type { App } from './app.svelte';
import { type LocalBroker, profileFor, sameAddress } from './local-broker';

/** Connects this page to a broker that its server runs, under the profile that it has, or a new one. */
export async function connectLocal({ brokers }: Pick<App, 'brokers'>, broker: LocalBroker): Promise<void> {
	if (!brokers.profiles) await brokers.load();
	const kept = brokers.profiles?.find((profile) => profile.local && sameAddress(profile.url, broker.url));
	const profile = kept ?? profileFor(broker);
	if (!kept) await brokers.save(profile);
	await brokers.connect(profile.id);
}
