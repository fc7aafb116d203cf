/// <reference lib="webworker" />
import { pipeOverPort, serve, systemClock, type FromService, type ToService } from '$lib/base';
import { LabStore, PRACTICE_AIR } from '$lib/lab';
import { mqttJsConnector } from '$lib/link';
import { dialFromBrowser } from './board-dial';
import { BoardShelf } from './board-shelf';
import { LabBench, benchHandlers } from './lab-bench';
import { loadFirmware } from './load-firmware';
import type { LabWorkerService } from './messages';

/** The lab worker: virtual devices and practice boards, hosted by one tab (lab-host.ts). It ends when that tab ends it. */
const bench = LabStore.open().then(
	(store) =>
		new LabBench(
			store,
			(url) => loadFirmware(url),
			(changed) =>
				new BoardShelf({
					store,
					changed,
					clock: systemClock,
					world: {
						air: PRACTICE_AIR,
						connector: mqttJsConnector((url, protocols) => new WebSocket(url, protocols)),
						dial: dialFromBrowser
					},
					whenReleased
				})
		)
);

/** Granted when the tab that holds it is gone, or gave it back. */
async function whenReleased(lock: string): Promise<void> {
	// On plain http there are no Web Locks: then only the tab's own goodbye lets go of its cable.
	if (!('locks' in navigator)) return new Promise(() => {});
	await navigator.locks.request(lock, () => undefined);
}

serve<LabWorkerService>(
	pipeOverPort<ToService, FromService>(self),
	benchHandlers(bench),
	new AbortController().signal
);
