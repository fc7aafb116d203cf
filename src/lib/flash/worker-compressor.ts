import { untilAborted } from '$lib/base';
import { deflated, md5Of, type Compressor } from './compressor';

type Act = 'deflate' | 'md5';
interface Asked {
	readonly id: number;
	readonly act: Act;
	readonly bytes: Uint8Array<ArrayBuffer>;
}
interface Answered {
	readonly id: number;
	readonly bytes: Uint8Array<ArrayBuffer>;
}

/** The part of a dedicated worker, seen from outside. */
export interface CompressingWorker {
	postMessage(message: unknown, transfer: Transferable[]): void;
	onmessage: ((event: MessageEvent) => void) | null;
	onerror: ((event: ErrorEvent) => void) | null;
	terminate(): void;
}

/** The part of a dedicated worker's own scope. */
export interface CompressingScope {
	postMessage(message: unknown, transfer: Transferable[]): void;
	onmessage: ((event: MessageEvent) => void) | null;
}

/** Serves one page in a worker: bytes in, bytes out, both moved and not copied. */
export function compressIn(scope: CompressingScope): void {
	scope.onmessage = (event: MessageEvent<Asked>) => {
		const { id, act, bytes: given } = event.data;
		const bytes = act === 'deflate' ? deflated(given) : md5Of(given);
		const answer: Answered = { id, bytes };
		scope.postMessage(answer, [bytes.buffer]);
	};
}

/**
 * Deflates and digests in a worker, so that the page's thread has no task as long as a megabyte. Each call copies its bytes
 * once. `close` ends the worker; calls under way then reject.
 */
export function workerCompressor(worker: CompressingWorker): Compressor & { close(): void } {
	const waiting = new Map<number, PromiseWithResolvers<Uint8Array>>();
	let asked = 0;
	const fail = (why: string) => {
		for (const { reject } of waiting.values()) reject(new Error(why));
		waiting.clear();
	};
	worker.onmessage = (event: MessageEvent<Answered>) => {
		const { id, bytes } = event.data;
		waiting.get(id)?.resolve(bytes);
		waiting.delete(id);
	};
	worker.onerror = (event) => fail(event.message || 'the worker that compresses failed');
	const ask = (act: Act, bytes: Uint8Array, signal: AbortSignal): Promise<Uint8Array> => {
		if (signal.aborted) return Promise.reject(signal.reason as Error);
		const id = asked++;
		const answer = Promise.withResolvers<Uint8Array>();
		waiting.set(id, answer);
		const copy = Uint8Array.from(bytes);
		worker.postMessage({ id, act, bytes: copy } satisfies Asked, [copy.buffer]);
		return untilAborted(answer.promise, signal);
	};
	return {
		deflate: (bytes, signal) => ask('deflate', bytes, signal),
		md5: (bytes, signal) => ask('md5', bytes, signal),
		close() {
			worker.terminate();
			fail('the worker that compresses was ended');
		}
	};
}
