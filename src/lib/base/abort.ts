import type { Clock } from './clock';

/** Settles with `promise`, or rejects with the signal's reason as soon as it aborts. */
export function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
	if (signal.aborted) return Promise.reject(signal.reason as Error);
	return new Promise<T>((resolve, reject) => {
		const stop = () => reject(signal.reason as Error);
		signal.addEventListener('abort', stop, { once: true });
		promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
	});
}

/** Waits `ms`, or rejects with the signal's reason. */
export function delay(ms: number, clock: Clock, signal: AbortSignal): Promise<void> {
	return new Promise((resolve, reject) => {
		if (signal.aborted) return reject(signal.reason as Error);
		const stop = () => {
			cancel();
			reject(signal.reason as Error);
		};
		const cancel = clock.after(ms, () => {
			signal.removeEventListener('abort', stop);
			resolve();
		});
		signal.addEventListener('abort', stop, { once: true });
	});
}
