import mqtt from 'mqtt';

/** One node that measures eight things, in a shape that any profile of the product reads. */
export interface EightMetrics {
	/** Publishes at this rate until the signal aborts. @returns how many messages it sent */
	publish(ratePerS: number, signal: AbortSignal): Promise<number>;
	close(): Promise<void>;
}

export const EIGHT_ID = 'fb-bench-eight';
const NAMES = ['temperature', 'humidity', 'pressure', 'voltage', 'current', 'power', 'co2', 'light'] as const;
export const EIGHT = NAMES.length;

/** Over WebSocket, QoS 0, its values random walks. */
export async function startEightMetrics(brokerUrl: string): Promise<EightMetrics> {
	const client = await mqtt.connectAsync(brokerUrl, { protocolVersion: 5, reconnectPeriod: 0 });
	const values = NAMES.map((_, i) => 100 * (i + 1));
	const epoch = 1_000_000_000 + Math.floor(Math.random() * 3_000_000_000);
	let seq = 0;
	const send = () => {
		for (const i of values.keys()) values[i]! += Math.floor(Math.random() * 5 - 2) / 10;
		const sensors = Object.fromEntries(NAMES.map((name, i) => [name, Number(values[i]!.toFixed(1))]));
		const message = {
			node_id: EIGHT_ID,
			timestamp: Date.now() / 1000,
			sensors,
			epoch,
			seq: seq++,
			clock: 'sync'
		};
		client.publish(`iot/node/${EIGHT_ID}/telemetry`, JSON.stringify(message));
	};
	return {
		async publish(ratePerS, signal) {
			const before = seq;
			const startMs = performance.now();
			while (!signal.aborted) {
				const due = before + Math.floor(((performance.now() - startMs) * ratePerS) / 1000);
				while (seq < due) send();
				await new Promise((resolve) => setTimeout(resolve, 2));
			}
			return seq - before;
		},
		close: () => client.endAsync()
	};
}
