/// <reference lib="webworker" />
import { pipeOverPort, serve, type FromService, type ToService } from '$lib/base';
import { LabStore } from '$lib/lab';
import { LabBench, benchHandlers } from './lab-bench';
import { loadFirmware } from './load-firmware';
import type { LabWorkerService } from './messages';

/** The lab worker: virtual devices, hosted by one tab (lab-host.ts). It ends when that tab ends it. */
const bench = LabStore.open().then((store) => new LabBench(store, (url) => loadFirmware(url)));

serve<LabWorkerService>(
	pipeOverPort<ToService, FromService>(self),
	benchHandlers(bench),
	new AbortController().signal
);
