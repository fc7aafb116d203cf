import type { FromWorker, StoreActs, ToWorker } from './messages';

const SENTINEL_KEY = 'fieldbench.sentinel';

/** Bound by the test: hears of acknowledgements and troubles as they happen. */
interface TestBindings {
	acknowledged?: (next: number) => void;
	troubled?: (kind: string) => void;
}

/** Starts one more worker with a store of its own; what a tab does for the field worker. */
function startWorker() {
	const worker = new Worker(new URL('./store.worker.ts', import.meta.url), { type: 'module' });
	const waiting = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>();
	const bindings = window as unknown as TestBindings;
	let next = 0;
	worker.onmessage = ({ data }: MessageEvent<FromWorker>) => {
		switch (data.type) {
			case 'sentinel':
				return localStorage.setItem(SENTINEL_KEY, data.text);
			case 'acknowledged':
				return bindings.acknowledged?.(data.next);
			case 'trouble':
				return bindings.troubled?.(data.trouble.kind);
			case 'result':
				waiting.get(data.id)?.resolve(data.value);
				return;
			case 'failed':
				waiting.get(data.id)?.reject(new Error(data.message));
		}
	};
	return (act: keyof StoreActs, argument: unknown): Promise<unknown> =>
		new Promise((resolve, reject) => {
			const id = next++;
			waiting.set(id, { resolve, reject });
			worker.postMessage({ id, act, argument } satisfies ToWorker);
		});
}

const workers = new Map<string, ReturnType<typeof startWorker>>();

declare global {
	interface Window {
		/** Asks a named worker, which is started at its first use. */
		ask(worker: string, act: keyof StoreActs, argument: unknown): Promise<unknown>;
		sentinel(): string | null;
	}
}

window.ask = (name, act, argument) => {
	const ask = workers.get(name) ?? startWorker();
	workers.set(name, ask);
	return ask(act, argument);
};
window.sentinel = () => localStorage.getItem(SENTINEL_KEY);
