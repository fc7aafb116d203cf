import { randomId, type ServiceClient } from '$lib/base';
import type { CableDoor } from '$lib/lab';
import type { LabService } from './messages';

/** The way to a board's cable, whichever tab hosts the lab. @param signal the tab's life */
export function cableTo(id: string, service: ServiceClient<LabService>, signal: AbortSignal): CableDoor {
	let session: string | undefined;
	let end = new AbortController();
	return {
		async open(baud, events) {
			end = new AbortController();
			const lock = `fieldbench-cable-${randomId()}`;
			await holdLock(lock, AbortSignal.any([signal, end.signal]));
			const opened = await service.call('openPort', { id, baud, lock }, { signal });
			if (!opened.ok) {
				end.abort();
				return opened.error;
			}
			session = opened.value;
			const mine = end;
			service.watch(
				'port',
				{ session },
				(event) => {
					if (event.kind === 'bytes') return events.bytes(event.bytes);
					session = undefined;
					mine.abort();
					events.lost();
				},
				AbortSignal.any([signal, mine.signal])
			);
			return 'ok';
		},
		async write(bytes) {
			if (session !== undefined) await service.call('writePort', { session, bytes }, { signal });
		},
		async setSignals(signals) {
			if (session !== undefined) await service.call('signalPort', { session, ...signals }, { signal });
		},
		async close() {
			const closing = session;
			session = undefined;
			end.abort();
			if (closing !== undefined) await service.call('closePort', { session: closing }, { signal });
		},
		whenPlugged: (fn, until) =>
			service.watch(
				'boards',
				null,
				(boards) => {
					const board = boards.find((each) => each.id === id);
					if (board?.onBus && !until.aborted) fn();
				},
				AbortSignal.any([signal, until])
			)
	};
}

/** Resolves once this tab holds the lock, until `until` aborts. On plain http there are none. */
function holdLock(name: string, until: AbortSignal): Promise<void> {
	if (!('locks' in navigator)) return Promise.resolve();
	return new Promise((resolve) => {
		void navigator.locks.request(
			name,
			() =>
				new Promise<void>((release) => {
					resolve();
					if (until.aborted) release();
					else until.addEventListener('abort', () => release(), { once: true });
				})
		);
	});
}
