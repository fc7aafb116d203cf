import { randomId, systemClock } from '$lib/base';
import { mqttJsConnector } from '$lib/link';
import type { StoreTrouble } from '$lib/telemetry';
import { FieldCore } from './field-core';
import { FieldHost } from './field-host';
import { openStorage } from './open-storage';

/** The one entry of the field worker: a SharedWorker for all tabs, or a dedicated worker of one tab. */
interface SharedScope {
	onconnect: ((event: MessageEvent) => void) | null;
}

const shared = 'onconnect' in globalThis;

const host = new FieldHost({
	id: randomId(),
	buildId: __BUILD_ID__,
	shared,
	secretsAvailable: globalThis.crypto.subtle !== undefined,
	clock: systemClock,
	random: Math.random,
	locks: 'locks' in navigator ? navigator.locks : undefined,
	openChannel: (name) => new BroadcastChannel(name),
	onFault: (cause) => reportError(cause),
	startCore: async (sentinel, onFenced) => {
		const started: { core?: FieldCore } = {};
		const early: StoreTrouble[] = [];
		const storage = await openStorage({
			sentinel,
			clock: systemClock,
			onTrouble: (trouble) => {
				if (started.core) started.core.storeTrouble(trouble);
				else if (trouble.kind === 'failing' && trouble.error.kind === 'fenced') onFenced();
				else early.push(trouble);
			}
		});
		started.core = await FieldCore.start({
			clock: systemClock,
			random: Math.random,
			connector: mqttJsConnector((url, protocols) => new WebSocket(url, protocols)),
			storage,
			page: { origin: location.origin, online: navigator.onLine, localNetwork: 'unknown' },
			onFenced
		});
		for (const trouble of early) started.core.storeTrouble(trouble);
		return started.core;
	}
});

if (shared) {
	(globalThis as unknown as SharedScope).onconnect = ({ ports: [port] }) => port && host.addPage(port);
} else {
	// The global scope of a dedicated worker is its port to the page; TypeScript takes it for a window here.
	host.addPage(globalThis);
}
host.start();
