import { describe, expect, it } from 'vitest';
import { asSeenFrom, parseLocalBrokers, sameAddress } from './local-broker';

describe('parseLocalBrokers', () => {
	it('reads what npm start writes', () => {
		const lan = [{ mqtt: 'mqtt://192.168.1.5:1883', ws: 'ws://192.168.1.5:9001' }];
		const broker = { name: 'Local broker', url: 'ws://localhost:9001', lan };
		expect(parseLocalBrokers({ brokers: [broker] })).toEqual([broker]);
	});
	it('reads a server that says nothing of its networks, and leaves out addresses that are none', () => {
		const broker = { name: 'Local broker', url: 'ws://localhost:9001' };
		for (const lan of [undefined, 7, [null, { mqtt: 'x', ws: 'y' }, { mqtt: 'mqtt://a:1' }]])
			expect(parseLocalBrokers({ brokers: [{ ...broker, lan }] })).toEqual([{ ...broker, lan: [] }]);
	});
	it('leaves out what does not fit', () => {
		for (const json of [null, 7, 'x', {}, { brokers: 1 }]) expect(parseLocalBrokers(json)).toEqual([]);
		expect(
			parseLocalBrokers({ brokers: [null, { name: 'a' }, { name: 1, url: 2 }, { name: 'a', url: '::' }] })
		).toEqual([]);
	});
});

describe('asSeenFrom', () => {
	const broker = { name: 'Local broker', url: 'ws://localhost:9001', lan: [] };
	it('stays as it is on the machine that serves the page', () => {
		expect(asSeenFrom(broker, 'localhost').url).toBe('ws://localhost:9001');
	});
	it('asks the machine that serves the page when a phone has it', () => {
		expect(asSeenFrom(broker, '192.168.1.5').url).toBe('ws://192.168.1.5:9001');
	});
	it('leaves another host alone', () => {
		expect(asSeenFrom({ name: 'x', url: 'wss://b.example:8884/mqtt', lan: [] }, '192.168.1.5').url).toBe(
			'wss://b.example:8884/mqtt'
		);
	});
});

describe('sameAddress', () => {
	it('looks through how an address is written', () => {
		expect(sameAddress('ws://localhost:9001', 'ws://LOCALHOST:9001/')).toBe(true);
		expect(sameAddress('ws://localhost:9001', 'ws://localhost:9001/mqtt')).toBe(false);
		expect(sameAddress('no address', 'no address')).toBe(true);
	});
});
