import type { Dial } from '$lib/lab';

/** The address a board in a browser dials: browsers open WebSockets only, so a broker's TCP address leads nowhere. */
export function dialFromBrowser(uri: string): Dial {
	const { protocol } = new URL(uri);
	if (protocol === 'ws:' || protocol === 'wss:') return { kind: 'url', url: uri };
	return {
		kind: 'none',
		note: `a board in a browser has no TCP, so ${uri} cannot be dialled: give it the broker's ws:// or wss:// address`
	};
}
