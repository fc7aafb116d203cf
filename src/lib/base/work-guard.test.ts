import { expect, it } from 'vitest';
import { guardWork, RELOAD_HARMS_LOCK } from './work-guard';

it('holds the lock, the screen and the page until the end, and then lets all go', async () => {
	const end = new AbortController();
	const page = new EventTarget();
	const seen = { lock: '', released: 0, lockEnded: false };
	const sentinel = {
		release: () => {
			seen.released++;
			return Promise.resolve();
		}
	};
	guardWork(
		{
			page: page as Window,
			wakeLock: { request: () => Promise.resolve(sentinel as WakeLockSentinel) },
			locks: {
				request: (async (name: string, _: unknown, hold: () => Promise<void>) => {
					seen.lock = name;
					await hold();
					seen.lockEnded = true;
				}) as LockManager['request']
			}
		},
		end.signal
	);
	const leave = () => {
		const event = new Event('beforeunload', { cancelable: true });
		page.dispatchEvent(event);
		return event.defaultPrevented;
	};
	await Promise.resolve();
	expect(seen.lock).toBe(RELOAD_HARMS_LOCK);
	expect(leave()).toBe(true);
	end.abort();
	await new Promise<void>((resolve) => queueMicrotask(() => queueMicrotask(resolve)));
	expect(leave()).toBe(false);
	expect(seen).toMatchObject({ released: 1, lockEnded: true });
});
