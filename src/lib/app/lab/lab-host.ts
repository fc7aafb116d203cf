import { LabStore } from '$lib/lab';
import type { FieldClient } from '../field/client';
import { trustedWorkerUrl } from '$lib/base';
import workerUrl from './lab.worker.ts?worker&url';
import type { LabWorker } from './lab-desk';
import { LabTab } from './lab-tab';

const LOCK = 'fieldbench-lab';
const CHANNEL = 'fieldbench-lab';

/**
 * Joins the lab until `signal` aborts. Exactly one tab hosts it, by a Web Lock; when that tab ends, the next takes over and
 * brings the devices back from their flash. On plain http there are no Web Locks: then every tab hosts its own.
 * @param base the app's base path, '' or '/…' without a slash at its end
 */
export function connectLab(
	parts: { readonly field: Pick<FieldClient, 'call' | 'onRestart'>; readonly base: string },
	signal: AbortSignal
): LabTab {
	const { field, base } = parts;
	return new LabTab(
		{
			wasmUrl: new URL(`${base}/firmware/virtual/fieldbench.wasm`, location.origin).href,
			channel: new BroadcastChannel(CHANNEL),
			spawn: spawnLabWorker,
			joinField: (port) => field.call('attachLab', null, { signal, transfer: [port] }),
			onFieldRestart: (fn, until) => field.onRestart(fn, until),
			anyRemembered,
			whenHosting: (hold) => {
				if (!('locks' in navigator)) return void hold();
				// Rejected only by our own end: then there is nothing left to host.
				navigator.locks.request(LOCK, { signal }, hold).catch(() => {});
			}
		},
		signal
	);
}

async function anyRemembered(): Promise<boolean> {
	const store = await LabStore.open();
	try {
		return (await store.devices()).length > 0 || (await store.boards()).length > 0;
	} finally {
		store.close();
	}
}

function spawnLabWorker(): LabWorker {
	const worker = new Worker(trustedWorkerUrl(workerUrl), { type: 'module', name: 'fieldbench-lab' });
	return {
		port: worker,
		onDeath: (fn) => {
			worker.onerror = (event) => fn(event.message || 'the lab worker could not be started');
		},
		end: () => worker.terminate()
	};
}
