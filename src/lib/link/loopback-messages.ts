/**
 * What crosses the MessagePort between the lab worker (virtual devices) and the field worker. The same topics and payloads
 * as over a broker (docs/protocol.md §3); the broker's part is played by the receiving side.
 */
export type LoopbackMessage =
	/** Lab → field: a device published; `relay`: its owner wants the broker to have it too. */
	| { type: 'publish'; topic: string; payload: Uint8Array; retain: boolean; qos?: 0 | 1; relay?: true }
	/** Lab → field: a device whose messages were relayed is gone for good. */
	| { type: 'unrelay'; device: string }
	/** Field → lab: for whichever virtual device subscribed to the topic. */
	| { type: 'deliver'; topic: string; payload: Uint8Array };
