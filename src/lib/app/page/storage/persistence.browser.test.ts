import { cdp } from 'vitest/browser';
import { expect, it } from 'vitest';
import { ManualClock } from '$lib/base';
import { openTelemetryStore } from '$lib/telemetry';
import type { FieldPort } from '../field-port';
import { Persistence } from './persistence.svelte';

it('asks for the measurements’ own bucket as well, and says of each what the browser keeps', async () => {
	const options = { fence: 1, known: [], onSentinel: () => undefined, clock: new ManualClock() };
	const { store } = await openTelemetryStore({ ...options, name: 'persisted-or-not' });
	const call: unknown = () => store.stats();
	const persistence = new Persistence({ call: call as FieldPort['call'] });
	try {
		await persistence.look();
		expect([persistence.kept, persistence.canAsk]).toEqual(['nothing', true]);
		const session: { send(method: string, params?: object): Promise<unknown> } = cdp();
		const told = (await session.send('Target.getTargetInfo')) as { targetInfo: { browserContextId: string } };
		await session.send('Browser.grantPermissions', {
			permissions: ['durableStorage'],
			origin: location.origin,
			browserContextId: told.targetInfo.browserContextId
		});
		await navigator.storage.persist();
		await persistence.look();
		expect(persistence.kept, 'the default bucket is not the measurements’').toBe('settings');
		await persistence.ask();
		expect([persistence.kept, persistence.asked]).toEqual(['all', true]);
	} finally {
		await store.close();
	}
});
