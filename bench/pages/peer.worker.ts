import mqtt from 'mqtt';
import type { FromPeer, ToPeer } from './peer-messages';

/** mqtt.js and nothing else: the ceiling of what any page that uses it can do. */
let count = 0;
let shows = false;
const text = new TextDecoder();

/** The scope of a dedicated worker; TypeScript takes it for a window here. */
const scope = globalThis as unknown as {
	onmessage: (event: MessageEvent<ToPeer>) => void;
	postMessage(message: FromPeer): void;
};

scope.onmessage = ({ data }) => {
	switch (data.type) {
		case 'connect':
			return connect(data.brokerUrl);
		case 'count':
			return scope.postMessage({ type: 'counted', count });
		case 'show':
			shows = true;
	}
};

function connect(brokerUrl: string): void {
	const client = mqtt.connect(brokerUrl, { protocolVersion: 5, timerVariant: 'native', reconnectPeriod: 0 });
	client.on('connect', () => {
		client.subscribe('iot/node/+/telemetry', { qos: 1 }, (fault) => {
			if (fault) throw fault;
			scope.postMessage({ type: 'live' });
		});
	});
	client.on('message', (_, payload) => {
		count++;
		if (!shows) return;
		const { sensors } = JSON.parse(text.decode(payload)) as { sensors: { temperature: number } };
		scope.postMessage({ type: 'value', value: sensors.temperature });
	});
}
