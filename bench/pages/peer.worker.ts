import mqtt from 'mqtt';
import type { FromPeer, ToPeer } from './peer-messages';

/** mqtt.js and nothing else: the ceiling of what any page that uses it can do. */
let count = 0;
let shows = false;
const text = new TextDecoder();

/** A shared worker, as ours is: what kind it is decides which process it runs in. TypeScript takes its scope for a window. */
const scope = globalThis as unknown as { onconnect: (event: MessageEvent) => void };
let page: MessagePort | undefined;
const tell = (message: FromPeer) => page?.postMessage(message);

scope.onconnect = ({ ports: [port] }) => {
	if (!port) return;
	page = port;
	port.onmessage = ({ data }: MessageEvent<ToPeer>) => obey(data);
};

function obey(message: ToPeer): void {
	switch (message.type) {
		case 'connect':
			return connect(message.brokerUrl);
		case 'count':
			return tell({ type: 'counted', count });
		case 'show':
			shows = true;
	}
}

function connect(brokerUrl: string): void {
	const client = mqtt.connect(brokerUrl, { protocolVersion: 5, timerVariant: 'native', reconnectPeriod: 0 });
	client.on('connect', () => {
		client.subscribe('iot/node/+/telemetry', { qos: 1 }, (fault) => {
			if (fault) throw fault;
			tell({ type: 'live' });
		});
	});
	client.on('message', (_, payload) => {
		count++;
		if (!shows) return;
		const { sensors } = JSON.parse(text.decode(payload)) as { sensors: { temperature: number } };
		tell({ type: 'value', value: sensors.temperature });
	});
}
