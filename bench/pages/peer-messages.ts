export type ToPeer = { type: 'connect'; brokerUrl: string } | { type: 'count' } | { type: 'show' };
export type FromPeer =
	{ type: 'live' } | { type: 'counted'; count: number } | { type: 'value'; value: number };
