import { trustedWorkerUrl } from '$lib/base';
import workerUrl from './field-core/field-core.worker.ts?worker&url';
import type { FromFieldCore, Passing } from './field-core/messages';

const worker = new Worker(trustedWorkerUrl(workerUrl), { type: 'module' });

globalThis.fieldCoreBench = {
	pass: (of) =>
		new Promise((resolve, reject) => {
			worker.onmessage = ({ data }: MessageEvent<FromFieldCore>) =>
				'failed' in data ? reject(new Error(data.failed)) : resolve(data);
			worker.onerror = ({ message }) => reject(new Error(`the worker failed: ${message}`));
			worker.postMessage(of satisfies Passing);
		})
};
