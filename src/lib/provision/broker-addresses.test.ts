import { describe, expect, it } from 'vitest';
import { brokerAddresses, isLoopback, type ServerBroker } from './broker-addresses';

const lan = [
	{ mqtt: 'mqtt://10.0.0.4:1883', ws: 'ws://10.0.0.4:9001' },
	{ mqtt: 'mqtt://192.168.1.20:1883', ws: 'ws://192.168.1.20:9001' }
];
const started: ServerBroker = { url: 'ws://localhost:9001', lan };
const use = (url: string, username = '') => ({ name: 'x', url, username });

function uris(url: string, servers: readonly ServerBroker[], onPage = false) {
	const found = brokerAddresses({ broker: use(url), servers, onPage });
	return found.kind === 'some' ? found.addresses.map(({ uri }) => uri) : found.reason;
}

describe('brokerAddresses', () => {
	it('offers the addresses of the machine in place of its name for itself', () => {
		for (const url of ['ws://localhost:9001', 'ws://127.0.0.1:9001/', 'ws://[::1]:9001'])
			expect(uris(url, [started])).toEqual(['mqtt://10.0.0.4:1883', 'mqtt://192.168.1.20:1883']);
	});

	it('offers WebSocket to a board in the page, also under the name that the page itself uses', () => {
		expect(uris('ws://localhost:9001', [started], true)).toEqual([
			'ws://10.0.0.4:9001',
			'ws://192.168.1.20:9001'
		]);
		expect(uris('wss://broker.example/mqtt', [], true)).toEqual(['wss://broker.example/mqtt']);
	});

	it('puts the address first by which the page came', () => {
		expect(uris('ws://192.168.1.20:9001', [started])).toEqual([
			'mqtt://192.168.1.20:1883',
			'ws://192.168.1.20:9001',
			'mqtt://10.0.0.4:1883'
		]);
	});

	it('offers plain MQTT where a board would refuse the machine’s own certificate, and says so', () => {
		const secure: ServerBroker = {
			url: 'wss://192.168.1.20:9001',
			lan: [{ mqtt: 'mqtt://192.168.1.20:1883', ws: 'wss://192.168.1.20:9001' }]
		};
		expect(
			brokerAddresses({ broker: use('wss://192.168.1.20:9001', 'me'), servers: [secure], onPage: false })
		).toEqual({
			kind: 'some',
			addresses: [
				{ uri: 'mqtt://192.168.1.20:1883', username: 'me', from: 'network', note: 'own-certificate' }
			]
		});
	});

	it('offers another broker as the page knows it', () => {
		expect(uris('wss://broker.example:8884/mqtt', [started])).toEqual(['wss://broker.example:8884/mqtt']);
		expect(
			brokerAddresses({ broker: use('ws://home.local:9001'), servers: [], onPage: false })
		).toMatchObject({ addresses: [{ note: 'local-name' }] });
	});

	it('says why it has none', () => {
		expect(uris('ws://localhost:9001', [])).toBe('this-machine-only');
		expect(uris('ws://localhost:8083', [started])).toBe('this-machine-only');
		expect(brokerAddresses({ broker: undefined, servers: [started], onPage: false })).toEqual({
			kind: 'none',
			reason: 'no-broker'
		});
	});

	it('never offers loopback, whoever names it', () => {
		const odd: ServerBroker = {
			...started,
			lan: [{ mqtt: 'mqtt://127.0.0.1:1883', ws: 'ws://localhost:9001' }]
		};
		expect(uris('ws://localhost:9001', [odd])).toBe('this-machine-only');
		for (const host of ['LOCALHOST', 'a.localhost', '127.9.9.9', '[::1]', '0.0.0.0', '[::ffff:127.0.0.1]'])
			expect(isLoopback(`mqtt://${host}:1`), host).toBe(true);
		for (const host of ['127.example.org', '12.7.0.1', '[fe80::1]'])
			expect(isLoopback(`mqtt://${host}`), host).toBe(false);
	});
});
