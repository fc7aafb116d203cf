import { PracticePort } from '$lib/lab';
import { trustedWorkerUrl } from '$lib/base';
import type { BoardCall, FromBoard, ToBoard } from './flash-board-messages';
import workerUrl from './flash-board.worker.ts?worker&url';

/** A new board in a worker of its own, behind the interface of a Web Serial port. `end` takes both away. */
export function boardInWorker(): { readonly port: PracticePort; end(): void } {
	const worker = new Worker(trustedWorkerUrl(workerUrl), { type: 'module' });
	const waiting = new Map<number, (opened: boolean) => void>();
	let number = 0;
	let heard: (bytes: Uint8Array) => void = () => undefined;
	worker.onmessage = ({ data }: MessageEvent<FromBoard>) => {
		if (data.kind === 'bytes') return heard(data.bytes);
		waiting.get(data.number)?.(data.opened);
		waiting.delete(data.number);
	};
	const ask = (call: BoardCall) =>
		new Promise<boolean>((resolve) => {
			waiting.set(++number, resolve);
			worker.postMessage({ number, call } satisfies ToBoard);
		});
	const port = new PracticePort({
		async open(baud, events) {
			heard = (bytes) => events.bytes(bytes);
			return (await ask({ kind: 'open', baud })) ? 'ok' : 'busy';
		},
		async write(bytes) {
			await ask({ kind: 'write', bytes });
		},
		async setSignals(signals) {
			await ask({ kind: 'signals', ...signals });
		},
		async close() {
			await ask({ kind: 'close' });
		},
		whenPlugged: () => undefined // it is never unplugged
	});
	return { port, end: () => worker.terminate() };
}
