import { isLoopback } from './broker-addresses';

/** Where a board sends a person after it joined, once that is looked at: what it wrote is not to be trusted. */
export type BoardPage =
	| { readonly kind: 'none' }
	/** `local`: only from the board's own network. */
	| {
			readonly kind: 'page';
			readonly url: string;
			readonly host: string;
			readonly reach: 'local' | 'internet';
	  }
	/** No web page's address, or one that could not be meant; as the board wrote it. */
	| { readonly kind: 'refused'; readonly text: string };

/** Of all addresses that it names the first counts (improv-wifi.com/serial). */
export function boardPage(urls: readonly string[]): BoardPage {
	const text = urls[0]?.trim() ?? '';
	if (text === '') return { kind: 'none' };
	const url = URL.canParse(text) ? new URL(text) : undefined;
	const isWeb = url?.protocol === 'http:' || url?.protocol === 'https:';
	// A name before the host makes an address look like another's; loopback would be this computer.
	if (!url || !isWeb || url.username !== '' || url.password !== '' || isLoopback(url.href))
		return { kind: 'refused', text };
	return { kind: 'page', url: url.href, host: url.host, reach: isLocal(url.hostname) ? 'local' : 'internet' };
}

/** RFC 1918, RFC 3927, RFC 4193 and fe80::/10; names without a dot, and those that are local by their ending (RFC 6762, 8375, 9476). */
function isLocal(hostname: string): boolean {
	if (/^(?:10|127)\.|^192\.168\.|^172\.(?:1[6-9]|2\d|3[01])\.|^169\.254\./u.test(hostname))
		return /^[\d.]+$/u.test(hostname);
	if (hostname.startsWith('[')) return /^\[(?:f[cd]|fe[89ab])/u.test(hostname);
	return !hostname.includes('.') || /\.(?:local|lan|home|internal|home\.arpa)$/u.test(hostname);
}
