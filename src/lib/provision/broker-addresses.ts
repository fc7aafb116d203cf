/** What is known of the page's own broker. */
export interface BrokerInUse {
	readonly name: string;
	/** `ws://` or `wss://`, as this page reaches it. */
	readonly url: string;
	readonly username: string;
}

/** A broker that the page's server runs beside it, and its addresses on the networks of that machine. */
export interface ServerBroker {
	readonly url: string;
	readonly lan: readonly { readonly mqtt: string; readonly ws: string }[];
}

/** An address of the page's broker that a board can reach. */
export interface BoardAddress {
	readonly uri: string;
	readonly username: string;
	/** `network`: of the machine that serves the page. `profile`: the page's own. */
	readonly from: 'network' | 'profile';
	/** What a person should know before choosing it. */
	readonly note?:
		| 'own-certificate' // unencrypted, because a board does not know the certificate that this machine made for itself
		| 'local-name'; // ends in .local, which not every firmware looks up
}

/** Either at least one address, best first, or why there is none. */
export type BrokerAddresses =
	| { readonly kind: 'some'; readonly addresses: readonly BoardAddress[] }
	/**
	 * `no-broker`: this page uses none, so it would hear nothing of the board. `this-machine-only`: the broker's address means
	 * the machine itself, and its server names no other.
	 */
	| { readonly kind: 'none'; readonly reason: 'no-broker' | 'this-machine-only' };

/**
 * Where a board finds the broker that this page listens to. Never loopback: there, on a board, is the board.
 * @param onPage the board runs in the page and has its network: it speaks MQTT over WebSocket only, and trusts what the browser trusts
 */
export function brokerAddresses({
	broker,
	servers,
	onPage
}: {
	broker: BrokerInUse | undefined;
	servers: readonly ServerBroker[];
	onPage: boolean;
}): BrokerAddresses {
	if (!broker || !URL.canParse(broker.url)) return { kind: 'none', reason: 'no-broker' };
	const { username } = broker;
	const own = servers.filter((server) => sameBroker(server, broker.url)).flatMap((server) => server.lan);
	const encrypted = new URL(broker.url).protocol === 'wss:';
	const addresses: BoardAddress[] = own
		.filter(({ mqtt, ws }) => !isLoopback(onPage ? ws : mqtt))
		.map(({ mqtt, ws }) => ({
			uri: onPage ? ws : mqtt,
			username,
			from: 'network',
			...(encrypted && !onPage ? { note: 'own-certificate' as const } : {})
		}));
	// A board would refuse the certificate that `npm start` makes for its machine; any other address is as good for it as for us.
	const fitsBoard = onPage || own.length === 0 || !encrypted;
	if (!isLoopback(broker.url) && fitsBoard && !addresses.some(({ uri }) => sameUrl(uri, broker.url)))
		addresses.push({
			uri: broker.url,
			username,
			from: 'profile',
			...(hostOf(broker.url).endsWith('.local') && !onPage ? { note: 'local-name' as const } : {})
		});
	const host = hostOf(broker.url);
	addresses.sort((a, b) => Number(hostOf(b.uri) === host) - Number(hostOf(a.uri) === host)); // the one that is proven first
	return addresses.length > 0 ? { kind: 'some', addresses } : { kind: 'none', reason: 'this-machine-only' };
}

/** The server's own machine goes by many names; a broker on it is told from others by its port. */
function sameBroker(server: ServerBroker, url: string): boolean {
	if (sameUrl(server.url, url) || server.lan.some(({ ws }) => sameUrl(ws, url))) return true;
	return isLoopback(url) && isLoopback(server.url) && portOf(server.url) === portOf(url);
}

const sameUrl = (a: string, b: string): boolean =>
	URL.canParse(a) && URL.canParse(b) && new URL(a).href === new URL(b).href;

const hostOf = (url: string): string => new URL(url).hostname.toLowerCase();

const portOf = (url: string): string => {
	const { port, protocol } = new URL(url);
	return port === '' ? (protocol === 'wss:' ? '443' : '80') : port;
};

/** Whether an address means the machine that asks. @param url any URL with a host */
export function isLoopback(url: string): boolean {
	const host = hostOf(url);
	return /^(?:localhost|.*\.localhost|127(?:\.\d+){3}|0\.0\.0\.0|\[::1?\]|\[::ffff:7f.*\])$/u.test(host);
}
