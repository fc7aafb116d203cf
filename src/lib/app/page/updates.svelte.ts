import { RELOAD_HARMS_LOCK, trustedWorkerUrl } from '$lib/base';

const LOOK_AGAIN_MS = 60 * 60 * 1000;

/** Whether the app opens with no network, and if not, why. */
export type OfflineReadiness =
	| { kind: 'preparing' }
	| { kind: 'ready' }
	/** Plain http, or a browser without service workers. */
	| { kind: 'unsupported' }
	/** The browser refused the worker: an untrusted certificate, a full disk, a blocked site. */
	| { kind: 'refused'; cause: string };

/** A newer version of the app: fetched and checked in the background, taken when the person says so. */
export class Updates {
	#waiting = $state.raw<ServiceWorker | undefined>(undefined);
	#taking = $state(false);
	#offline = $state.raw<OfflineReadiness>({ kind: 'preparing' });

	/** A new version is ready. */
	get ready(): boolean {
		return this.#waiting !== undefined;
	}

	/** The person said yes, and something that a reload would harm is still running. */
	get taking(): boolean {
		return this.#taking;
	}

	get offline(): OfflineReadiness {
		return this.#offline;
	}

	/** Registers the service worker and watches for newer ones until `signal` aborts. */
	async start(base: string, signal: AbortSignal): Promise<void> {
		const container = (navigator as Partial<Navigator>).serviceWorker;
		if (!container || !isSecureContext) {
			this.#offline = { kind: 'unsupported' };
			return;
		}
		try {
			await this.#follow(container, base, signal);
			await container.ready;
			this.#offline = { kind: 'ready' };
		} catch (cause) {
			this.#offline = { kind: 'refused', cause: cause instanceof Error ? cause.message : String(cause) };
		}
	}

	async #follow(container: ServiceWorkerContainer, base: string, signal: AbortSignal): Promise<void> {
		let controlled = container.controller !== null;
		container.addEventListener(
			'controllerchange',
			() => {
				// The first worker claims a page that was loaded from the network: same version, nothing to reload.
				if (controlled) location.reload();
				controlled = true;
			},
			{ signal }
		);
		const registration = await container.register(trustedWorkerUrl(`${base}/service-worker.js`), {
			scope: `${base}/`,
			type: import.meta.env.DEV ? 'module' : 'classic'
		});
		const look = () => {
			if (registration.waiting && container.controller) this.#waiting = registration.waiting;
		};
		registration.addEventListener(
			'updatefound',
			() => registration.installing?.addEventListener('statechange', look, { signal }),
			{ signal }
		);
		look();
		const timer = setInterval(() => {
			if (navigator.onLine) registration.update().catch(() => undefined); // offline after all: next hour
		}, LOOK_AGAIN_MS);
		signal.addEventListener('abort', () => clearInterval(timer), { once: true });
	}

	/** Hands over to the new version once nothing that a reload would harm is running; every tab then reloads. */
	async take(): Promise<void> {
		const waiting = this.#waiting;
		if (!waiting || this.#taking) return;
		this.#taking = true;
		await navigator.locks.request(RELOAD_HARMS_LOCK, () => waiting.postMessage({ type: 'take-over' }));
	}
}
