import { startMosquitto, type Mosquitto } from '../../tests/integration/mosquitto';

/**
 * mosquitto as a bench wants it: it queues what a slow reader leaves (by default it drops QoS 0 beyond 1,000 messages or
 * what the socket takes), and it sends small packets at once. What is lost then is lost by the reader.
 */
export function startBenchBroker(): Promise<Mosquitto> {
	return startMosquitto({
		extraConfig: [
			'max_queued_messages 0',
			'max_queued_bytes 0',
			'max_inflight_bytes 0',
			'set_tcp_nodelay true'
		]
	});
}
