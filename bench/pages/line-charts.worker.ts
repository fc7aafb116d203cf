import mqtt from 'mqtt';
import type { FromLineCharts } from './line-charts-messages';

/** mqtt.js and nothing else: every message's time and values, as they come. */
const text = new TextDecoder();
/** A shared worker, as ours is. TypeScript takes its scope for a window. */
const scope = globalThis as unknown as { onconnect: (event: MessageEvent) => void };

scope.onconnect = ({ ports: [port] }) => {
	if (port) port.onmessage = ({ data }: MessageEvent<string>) => connect(data, port);
};

function connect(brokerUrl: string, port: MessagePort): void {
	const tell = (message: FromLineCharts) => port.postMessage(message);
	const client = mqtt.connect(brokerUrl, { protocolVersion: 5, timerVariant: 'native', reconnectPeriod: 0 });
	client.on('connect', () => {
		client.subscribe('iot/node/+/telemetry', { qos: 0 }, (fault) => {
			if (fault) throw fault;
			tell({ type: 'live' });
		});
	});
	client.on('message', (_, payload) => {
		const { timestamp, sensors } = JSON.parse(text.decode(payload)) as {
			timestamp: number;
			sensors: Record<string, number>;
		};
		tell({ type: 'sample', timeMs: timestamp * 1000, values: Object.values(sensors) });
	});
}
