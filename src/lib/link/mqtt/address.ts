import { err, ok, type Result } from '$lib/base';
import type { SessionProblem } from '$lib/model';

/** How near a host is, as browsers judge it by its name alone. */
export type HostReach = 'this-machine' | 'local-network' | 'elsewhere';

export interface BrokerAddress {
	readonly url: string;
	readonly encrypted: boolean;
	readonly host: string;
	readonly reach: HostReach;
}

export type AddressError = { kind: 'unparsable' | 'scheme' | 'credentials-in-url' };

/** What only a window knows and the worker must be told. */
export interface PageFacts {
	/** The page's origin, e.g. `https://bench.example`. */
	readonly origin: string;
	/** `navigator.onLine`: false is sure, true is a guess. */
	readonly online: boolean;
	/** The browser's local-network permission; `unknown` where it has none. */
	readonly localNetwork: 'granted' | 'prompt' | 'denied' | 'unknown';
}

/** Total: any text gives an address or says why it is none. Credentials belong in their own fields, not in a URL. */
export function parseBrokerUrl(text: string): Result<BrokerAddress, AddressError> {
	let url: URL;
	try {
		url = new URL(text.trim());
	} catch {
		return err({ kind: 'unparsable' }); // the parser's prose says no more than this
	}
	if (url.protocol !== 'ws:' && url.protocol !== 'wss:') return err({ kind: 'scheme' });
	if (url.username !== '' || url.password !== '') return err({ kind: 'credentials-in-url' });
	if (url.hostname === '') return err({ kind: 'unparsable' });
	url.hash = ''; // a WebSocket URL has none (RFC 6455 §3)
	return ok({
		url: url.href,
		encrypted: url.protocol === 'wss:',
		host: url.hostname,
		reach: reachOf(url.hostname)
	});
}

/**
 * What forbids this page to open the address, before trying; undefined where nothing is known to.
 * From an https page Chromium opens plain `ws://` to this machine freely, to a private address literal or a `.local` name with
 * the local-network permission, and to nothing else (Local Network Access, wicg.github.io/local-network-access).
 */
export function forbidden(address: BrokerAddress, page: PageFacts): SessionProblem | undefined {
	if (address.encrypted || !page.origin.startsWith('https:')) return undefined;
	if (address.reach === 'this-machine') return undefined;
	if (address.reach === 'elsewhere') return { kind: 'mixed-content', url: address.url };
	if (page.localNetwork === 'prompt' || page.localNetwork === 'denied')
		return { kind: 'local-network-permission', url: address.url, state: page.localNetwork };
	return undefined; // granted, or a browser that does not say: the attempt will tell
}

/**
 * The likeliest cause where a socket never opened. The browser hides the reason from scripts on purpose, so this says
 * no more than what the page knows.
 */
export function whyUnopened(address: BrokerAddress, page: PageFacts): SessionProblem {
	if (!page.online && address.reach !== 'this-machine') return { kind: 'offline' };
	if (address.reach === 'local-network' && reachOf(hostOf(page.origin)) === 'elsewhere') {
		if (page.localNetwork === 'denied' || page.localNetwork === 'prompt')
			return { kind: 'local-network-permission', url: address.url, state: page.localNetwork };
		if (page.localNetwork === 'unknown' && !address.encrypted && page.origin.startsWith('https:'))
			return { kind: 'mixed-content', url: address.url };
	}
	return { kind: 'unreachable', url: address.url };
}

function hostOf(origin: string): string {
	try {
		return new URL(origin).hostname;
	} catch {
		return ''; // an opaque origin ("null"): nowhere near
	}
}

function reachOf(hostname: string): HostReach {
	const host = hostname.replace(/^\[|\]$/gu, '').toLowerCase();
	if (host === 'localhost' || host.endsWith('.localhost') || host === '::1' || /^127\./u.test(host))
		return 'this-machine';
	if (host.endsWith('.local')) return 'local-network';
	const v4 = /^(\d+)\.(\d+)\.\d+\.\d+$/u.exec(host);
	if (v4) {
		const [a, b] = [Number(v4[1]), Number(v4[2])];
		const isPrivate =
			a === 10 || (a === 172 && b >= 16 && b < 32) || (a === 192 && b === 168) || (a === 169 && b === 254);
		return isPrivate || (a === 100 && b >= 64 && b < 128) ? 'local-network' : 'elsewhere';
	}
	return /^(?:f[cd][0-9a-f]{2}|fe[89ab][0-9a-f]):/u.test(host) ? 'local-network' : 'elsewhere';
}
