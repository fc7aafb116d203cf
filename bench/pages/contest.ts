import { trustedWorkerUrl } from '$lib/base';
import workerUrl from './contest/contest.worker.ts?worker&url';
import type { FromContest, ToContest } from './contest/messages';

const worker = new Worker(trustedWorkerUrl(workerUrl), { type: 'module' });
const waiting = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
let next = 0;

worker.onmessage = ({ data }: MessageEvent<FromContest>) => {
	const asked = waiting.get(data.id);
	if ('failed' in data) asked?.reject(new Error(data.failed));
	else asked?.resolve(data.value);
};
worker.onerror = ({ message }) => {
	for (const { reject } of waiting.values()) reject(new Error(`the worker failed: ${message}`));
};

globalThis.contestBench = {
	ask: (act, argument) =>
		new Promise((resolve, reject) => {
			const id = next++;
			waiting.set(id, { resolve, reject });
			worker.postMessage({ id, act, argument } satisfies ToContest);
		})
};
