import { workerCompressor } from '$lib/flash';
import { trustedWorkerUrl } from '$lib/base';
import workerUrl from './deflate.worker.ts?worker&url';

/** A compressor with a worker of its own, for one write; `close` ends it. */
export function compressInWorker(): ReturnType<typeof workerCompressor> {
	const worker = new Worker(trustedWorkerUrl(workerUrl), { type: 'module', name: 'fieldbench-deflate' });
	return workerCompressor(worker);
}
