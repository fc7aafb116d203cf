import {
	pipeOverPort,
	randomId,
	ServiceClient,
	trustedWorkerUrl,
	type FromService,
	type PortLike,
	type ToService
} from '$lib/base';
import workerUrl from './field.worker.ts?worker&url';
import { tabLock } from './field-host';
import type { FieldHello, FieldService, LocalNetworkState } from './messages';
import { joinedPipes, Relay } from './relay';

/** The page's way to the field worker. Calls and feeds go on over a change of leader and a restart of the worker. */
export interface FieldClient extends Pick<ServiceClient<FieldService>, 'call' | 'watch'> {
	/** Asks for Chromium's local-network permission. Call it from a person's click: the browser may show its question. */
	askLocalNetwork(brokerUrl: string): Promise<LocalNetworkState>;
	/** Calls `fn` each time the worker had to be started anew: ports given to the old one are dead. */
	onRestart(fn: () => void, signal: AbortSignal): void;
}

const SENTINEL_KEY = 'fieldbench-sentinel';
const GENERATION_KEY = 'fieldbench-field-generation';
const PING_EVERY_MS = 10_000;
const PING_TIMEOUT_MS = 5000;
/** One may be the machine waking from sleep. */
const MISSED_PINGS = 2;

/** Starts the field worker, or joins the one that runs, until `signal` aborts. */
export function connectField({ signal }: { signal: AbortSignal }): FieldClient {
	const tab = randomId();
	const [pageEnd, workerEnd] = joinedPipes();
	const relay = new Relay(workerEnd);
	const service = new ServiceClient<FieldService>(pageEnd, tab);
	const restarted = new EventTarget();
	let worker = openWorker();
	relay.attach(pipeOverPort<FromService, ToService>(worker.port));

	const lock = holdLock(tabLock(tab), signal);
	const greet = async () => {
		const held = await lock;
		const localNetwork = await localNetworkState();
		await service.call('hello', {
			sentinel: readText(SENTINEL_KEY),
			origin: location.origin,
			secure: isSecureContext,
			localNetwork,
			...(held ? { tab } : {})
		});
		await service.call('pageNews', { online: navigator.onLine, localNetwork });
	};
	const restart = () => {
		worker.end();
		worker = openWorker(nextGeneration(worker.generation));
		relay.attach(pipeOverPort<FromService, ToService>(worker.port));
		relay.resend();
		void greet();
		restarted.dispatchEvent(new Event('restart'));
	};

	void greet();
	watchPulse(service, restart, signal);
	service.watch('sentinel', null, (text) => writeText(SENTINEL_KEY, text), signal);
	tellNews(service, signal);
	signal.addEventListener('abort', () => worker.end(), { once: true });

	return {
		call: service.call.bind(service),
		watch: service.watch.bind(service),
		askLocalNetwork: async (brokerUrl) => {
			const localNetwork = await askLocalNetwork(brokerUrl, signal);
			await service.call('pageNews', { localNetwork });
			return localNetwork;
		},
		onRestart: (fn, until) => restarted.addEventListener('restart', fn, { signal: until })
	};
}

export type { FieldHello };

interface OpenedWorker {
	readonly port: PortLike;
	readonly generation: number;
	end(): void;
}

/**
 * One SharedWorker for all tabs where there is one, else a worker of this tab. Its name holds build and generation: a new build
 * never joins an old build's worker, and a crashed one, which the browser does not start again, is left behind.
 */
function openWorker(generation = storedGeneration()): OpenedWorker {
	// Both take the policy's TrustedScriptURL.
	const url = trustedWorkerUrl(workerUrl);
	if ('SharedWorker' in globalThis) {
		const name = `fieldbench-field-${__BUILD_ID__}-${generation}`;
		const { port } = new SharedWorker(url, { type: 'module', name });
		return { port, generation, end: () => port.close() };
	}
	const worker = new Worker(url, { type: 'module', name: 'fieldbench-field' });
	return { port: dedicatedPort(worker), generation, end: () => worker.terminate() };
}

const dedicatedPort = (worker: Worker): PortLike => ({
	postMessage: (message, transfer) => worker.postMessage(message, transfer),
	get onmessage() {
		return worker.onmessage;
	},
	set onmessage(fn) {
		worker.onmessage = fn;
	}
});

/** All tabs must come to the same new name: the first that misses the worker raises the number, the others follow it. */
function nextGeneration(mine: number): number {
	const stored = storedGeneration();
	if (stored > mine) return stored;
	writeText(GENERATION_KEY, String(mine + 1));
	return mine + 1;
}

function storedGeneration(): number {
	const stored = Number(readText(GENERATION_KEY));
	return Number.isSafeInteger(stored) ? stored : 0;
}

/** Asks the worker for a sign of life while somebody looks at this page; a hidden page's timers cannot be trusted. */
function watchPulse(service: ServiceClient<FieldService>, onDead: () => void, signal: AbortSignal): void {
	let missed = 0;
	const beat = async () => {
		if (document.visibilityState === 'visible') {
			const answered = await service
				.call('ping', null, { signal: AbortSignal.timeout(PING_TIMEOUT_MS) })
				.then(
					() => true,
					() => false
				);
			missed = answered ? 0 : missed + 1;
			if (missed >= MISSED_PINGS && !signal.aborted) {
				missed = 0;
				onDead();
			}
		}
		if (!signal.aborted) timer = setTimeout(() => void beat(), PING_EVERY_MS);
	};
	let timer = setTimeout(() => void beat(), PING_EVERY_MS);
	signal.addEventListener('abort', () => clearTimeout(timer), { once: true });
}

/** What only a window hears. */
function tellNews(service: ServiceClient<FieldService>, signal: AbortSignal): void {
	const flush = () => void service.call('flush', null);
	addEventListener('online', () => void service.call('pageNews', { online: true }), { signal });
	addEventListener('offline', () => void service.call('pageNews', { online: false }), { signal });
	addEventListener('pagehide', flush, { signal });
	document.addEventListener('visibilitychange', () => document.visibilityState === 'hidden' && flush(), {
		signal
	});
}

/** Resolves when the lock is held, with false where there are no locks. It is let go by `signal`, or by the page's end. */
function holdLock(name: string, signal: AbortSignal): Promise<boolean> {
	if (!('locks' in navigator)) return Promise.resolve(false);
	return new Promise((resolve) => {
		void navigator.locks.request(name, () => {
			resolve(true);
			return new Promise<void>((release) =>
				signal.addEventListener('abort', () => release(), { once: true })
			);
		});
	});
}

/** Chromium's names for the permission, the newer first (wicg.github.io/local-network-access). */
const LOCAL_NETWORK = ['local-network', 'local-network-access'];

async function localNetworkState(): Promise<LocalNetworkState> {
	for (const name of LOCAL_NETWORK) {
		try {
			// TypeScript's list of permissions does not know it yet.
			return (await navigator.permissions.query({ name: name as PermissionName })).state;
		} catch {
			continue; // a name this browser does not know
		}
	}
	return 'unknown';
}

/** An attempt from the page is what makes the browser ask; how it ends does not matter, the permission's state does. */
async function askLocalNetwork(brokerUrl: string, signal: AbortSignal): Promise<LocalNetworkState> {
	const before = await localNetworkState();
	if (before !== 'prompt' || !URL.canParse(brokerUrl)) return before;
	const socket = new WebSocket(brokerUrl, 'mqtt');
	await new Promise<void>((resolve) => {
		for (const end of ['open', 'error', 'close'] as const)
			socket.addEventListener(end, () => resolve(), { signal });
		signal.addEventListener('abort', () => resolve(), { once: true });
	});
	socket.close();
	return localNetworkState();
}

function readText(key: string): string | null {
	try {
		return localStorage.getItem(key);
	} catch {
		return null; // storage is blocked: then there is no sentinel to compare
	}
}

function writeText(key: string, text: string): void {
	try {
		localStorage.setItem(key, text);
	} catch {
		// Full or blocked: the worker's own copy remains.
	}
}
