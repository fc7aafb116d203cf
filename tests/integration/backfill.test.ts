import 'fake-indexeddb/auto';
import { IDBFactory } from 'fake-indexeddb';
import mqtt from 'mqtt';
import { expect, test } from 'vitest';
import type { BrokerProfile } from '$lib/app/field/messages';
import { randomId } from '$lib/base';
import { parseLogPage } from '$lib/device';
import type { DeviceId, Sample } from '$lib/model';
import { openTelemetryStore } from '$lib/telemetry';
import { startVirtualNode } from '../../scripts/virtual-node';
import { testFirmware } from '../../src/lib/lab/test-firmware';
import { calling, memoryStorage, startCore, untilFeed } from './field-environment';
import { freePort, startMosquitto, type Mosquitto } from './mosquitto';

const ID = 'sim-roof-7' as DeviceId;
const SERIES = { device: ID, provenance: 'simulated' } as const;
const PERIOD_MS = 200;
const AWAY_MS = 3000;

const profile = (url: string): BrokerProfile => ({
	...{ id: 'b', name: 'B', url, username: '', hasPassword: false, protocol: 'auto' },
	...{ keepaliveS: 30, persistentSession: false, local: false }
});

/** All that the device has in its log, asked by a client that has nothing of ours but the parser of a page. */
async function measured(broker: Mosquitto): Promise<readonly Sample[]> {
	const client = await mqtt.connectAsync(broker.tcpUrl);
	try {
		await client.subscribeAsync(`iot/node/${ID}/response`);
		const ask = (params: object) =>
			new Promise<unknown>((resolve) => {
				const id = randomId();
				client.on('message', (_, payload) => {
					const answer = JSON.parse(payload.toString()) as { id: string; result: unknown };
					if (answer.id === id) resolve(answer.result);
				});
				const request = { jsonrpc: '2.0', id, method: 'telemetry.query', params };
				client.publish(`iot/node/${ID}/command`, JSON.stringify(request), { qos: 1 });
			});
		const samples: Sample[] = [];
		for (let from: number | undefined = 0; from !== undefined;) {
			const page = parseLogPage(await ask({ from }), SERIES);
			if (!page.ok) throw new Error(page.error);
			samples.push(...page.value.samples);
			from = page.value.next;
		}
		return samples;
	} finally {
		await client.endAsync();
	}
}

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

test('what a device measured while nobody listened is in its history, sample for sample, and once', async () => {
	const wasm = await testFirmware();
	const ports = { wsPort: await freePort(), tcpPort: await freePort() };
	let broker = await startMosquitto(ports);
	const opened = await openTelemetryStore({
		...{ fence: 1, known: [], onSentinel: () => {}, indexedDB: new IDBFactory() }
	});
	const field = await startCore({ storage: memoryStorage(undefined, opened.store) });
	const life = new AbortController();
	try {
		await field.handlers.calls.saveBroker({ profile: profile(broker.wsUrl) }, calling);
		await field.handlers.calls.connect({ id: 'b' }, calling);
		const live = () => untilFeed(field, 'session', null, (state) => state.kind === 'live');
		await live();
		await startVirtualNode({
			...{ brokerUrl: broker.tcpUrl, id: ID, name: 'Roof 7', wasm, periodMs: PERIOD_MS, signal: life.signal }
		});
		const heard = (more: number) => {
			const sinceMs = Date.now();
			return untilFeed(
				field,
				'devices',
				null,
				({ devices: [d] }) => (d?.values['temperature']?.timeMs ?? 0) > sinceMs + more
			);
		};
		await heard(500);

		await field.handlers.calls.disconnect(null, calling); // the page is closed, the phone sleeps
		await wait(AWAY_MS);
		await field.handlers.calls.connect({ id: 'b' }, calling);
		await live();
		await heard(500);

		await broker.kill(); // nobody gets anything
		await wait(AWAY_MS);
		broker = await startMosquitto(ports);
		await heard(1000);

		const unheard = Math.floor((1.5 * AWAY_MS) / PERIOD_MS);
		await untilFeed(
			field,
			'backfill',
			SERIES,
			({ filled, missing, state }) => filled >= unheard && missing === 0 && state === 'idle'
		);
		expect(opened.store.gaps(SERIES)).toEqual([]);

		const truth = await measured(broker);
		await field.flush();
		const stored = await opened.store.range(
			{ ...SERIES, metric: 'temperature', fromMs: 0, toMs: 4e12, buckets: 10_000 },
			calling.signal
		);
		expect(stored.count.every((n) => n === 1)).toBe(true);
		const until = Math.min(stored.timeMs.at(-1)!, truth.at(-1)!.timeMs);
		const points = [...stored.timeMs].map((timeMs, i) => [timeMs, stored.avg[i]]);
		expect(points.filter(([timeMs]) => timeMs! <= until)).toEqual(
			truth
				.filter(({ timeMs }) => timeMs <= until)
				.map(({ timeMs, values }) => [timeMs, values['temperature']])
		);
		expect(truth.length).toBeGreaterThan(unheard);
	} finally {
		life.abort();
		await field.close();
		await broker.stop();
	}
}, 90_000);
