/**
 * Held in 'shared' mode by whatever a reload would harm: a flash, a file that is half written. An update takes it in 'exclusive'
 * mode, and so waits for all of them, in every tab.
 */
export const RELOAD_HARMS_LOCK = 'fieldbench-reload-harms';

/** What of the browser a guard uses; a part that a browser lacks is left out. */
export interface GuardedBrowser {
	readonly locks?: Pick<LockManager, 'request'>;
	readonly wakeLock?: Pick<WakeLock, 'request'>;
	readonly page?: Pick<Window, 'addEventListener' | 'removeEventListener'>;
	/** The document: a screen's lock is lost when the page is hidden, and asked for again when it is seen. */
	readonly document?: Pick<Document, 'addEventListener' | 'removeEventListener' | 'visibilityState'>;
}

/** Of this thread. */
export function browserToGuard(): GuardedBrowser {
	const { navigator } = globalThis;
	return {
		...('locks' in navigator && { locks: navigator.locks }),
		...('wakeLock' in navigator && { wakeLock: navigator.wakeLock }),
		...(typeof window !== 'undefined' && { page: window, document: window.document })
	};
}

/**
 * Keeps work from being cut short by the page itself, until `signal` aborts: the screen stays on, an update waits, and who
 * leaves the page is asked. Never fails: what a browser refuses is done without.
 */
export function guardWork(browser: GuardedBrowser, signal: AbortSignal): void {
	if (signal.aborted) return;
	askBeforeLeaving(browser, signal);
	keepAwake(browser, signal);
	browser.locks
		?.request(
			RELOAD_HARMS_LOCK,
			{ mode: 'shared', signal },
			() => new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
		)
		.catch(() => undefined); // aborted before it was given, or locks are not allowed here: the question at leaving remains
}

function askBeforeLeaving({ page }: GuardedBrowser, signal: AbortSignal): void {
	const ask = (event: BeforeUnloadEvent) => event.preventDefault();
	page?.addEventListener('beforeunload', ask);
	signal.addEventListener('abort', () => page?.removeEventListener('beforeunload', ask), { once: true });
}

function keepAwake({ wakeLock, document }: GuardedBrowser, signal: AbortSignal): void {
	if (!wakeLock) return;
	let held: WakeLockSentinel | undefined;
	const take = async () => {
		if (signal.aborted || document?.visibilityState === 'hidden') return;
		try {
			const got = await wakeLock.request('screen');
			if (signal.aborted) await got.release();
			else held = got;
		} catch {
			// refused, as at a low battery: the work goes on, and the screen may dim
		}
	};
	const seen = () => void take();
	document?.addEventListener('visibilitychange', seen);
	signal.addEventListener(
		'abort',
		() => {
			document?.removeEventListener('visibilitychange', seen);
			void held?.release();
		},
		{ once: true }
	);
	void take();
}
