import type { Figure } from '../figure';
import { bytesWritten } from './bytes-written';
import { chartWork } from './chart-work';
import { codecBytes } from './codec-bytes';
import { consoleFlood } from './console-mb-per-s';
import { coreFootprint } from './core-footprint';
import { costCurve } from './cost-curve';
import { firmwareSize } from './firmware-size';
import { flashCompressible } from './flash-compressible';
import { flashEfficiency } from './flash-efficiency';
import { flashPageBlocked } from './flash-page-blocked';
import { heapSlope } from './heap-slope';
import { initialJs } from './initial-js';
import { liveLatency } from './live-latency';
import { longestPageTask } from './longest-page-task';
import { messagesPerSecond } from './messages-per-second';
import { offlineColdStart } from './offline-cold-start';
import { query100k } from './query-100k';
import { queryYear } from './query-year';
import { storeBulk } from './store-bulk';
import { storeBytes } from './store-bytes';
import { storeLive } from './store-live';
import { storeOpen } from './store-open';
import { tickUs } from './tick-us';
import { virtualDevices } from './virtual-devices';

/** In the order they are measured and shown: the cheap ones first. */
export const figures: readonly Figure[] = [
	initialJs,
	firmwareSize,
	coreFootprint,
	codecBytes,
	tickUs,
	virtualDevices,
	offlineColdStart,
	liveLatency,
	longestPageTask,
	chartWork,
	flashEfficiency,
	flashCompressible,
	flashPageBlocked,
	consoleFlood,
	storeBytes,
	storeBulk,
	storeLive,
	query100k,
	queryYear,
	storeOpen,
	costCurve,
	heapSlope,
	bytesWritten,
	messagesPerSecond
];
