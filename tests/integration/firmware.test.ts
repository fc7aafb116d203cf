import { expect, test } from 'vitest';
import type { BrokerProfile } from '$lib/app/field/messages';
import type { DeviceId } from '$lib/model';
import { startVirtualNode } from '../../scripts/virtual-node';
import { testFirmware } from '../../src/lib/lab/test-firmware';
import { calling, memoryStorage, RecordingStore, startCore, untilFeed } from './field-environment';
import { startMosquitto } from './mosquitto';

const ID = 'sim-bench-9' as DeviceId;

const profile = (url: string): BrokerProfile => ({
	...{ id: 'b', name: 'B', url, username: '', hasPassword: false, protocol: 'auto' },
	...{ keepaliveS: 30, persistentSession: false, local: false }
});

test('our firmware on a real broker: samples without a gap, a lamp that obeys and says so, a last word that is heard', async () => {
	const wasm = await testFirmware();
	const mosquitto = await startMosquitto();
	const telemetry = new RecordingStore();
	const field = await startCore({ storage: memoryStorage(undefined, telemetry) });
	const life = new AbortController();
	try {
		await field.handlers.calls.saveBroker({ profile: profile(mosquitto.wsUrl) }, calling);
		await field.handlers.calls.connect({ id: 'b' }, calling);
		await untilFeed(field, 'session', null, (state) => state.kind === 'live');
		const node = await startVirtualNode({
			...{ brokerUrl: mosquitto.tcpUrl, id: ID, name: 'Bench 9', wasm, periodMs: 200, signal: life.signal }
		});
		const known = await untilFeed(
			field,
			'devices',
			null,
			({ devices: [d] }) =>
				d !== undefined && d.values['temperature'] !== undefined && d.components['led'] === 'led'
		);
		expect(known.devices[0]).toMatchObject({
			id: ID,
			name: 'Bench 9',
			provenance: 'simulated',
			presence: 'online'
		});

		const reported = untilFeed(field, 'devices', null, ({ devices: [d] }) => {
			const led = d?.reported['led'];
			return typeof led === 'object' && led !== null && 'brightness' in led && led.brightness === 40;
		});
		const settled = untilFeed(
			field,
			'commands',
			{ device: ID },
			([c]) => c !== undefined && c.state !== 'sent'
		);
		const params = { id: 'led', input: { on: true, brightness: 40 } };
		await field.handlers.calls.sendCommand(
			{ id: 'lamp-1', device: ID, method: 'components.execute', params, ttlMs: 10_000 },
			calling
		);
		expect((await settled)[0]).toMatchObject({ state: 'acknowledged', result: { code: 0 } });
		await reported;

		const refused = untilFeed(
			field,
			'commands',
			{ device: ID },
			([c]) => c?.id === 'lamp-2' && c.state === 'failed'
		);
		await field.handlers.calls.sendCommand(
			{
				id: 'lamp-2',
				device: ID,
				method: 'components.execute',
				params: { id: 'lamp', input: {} },
				ttlMs: 10_000
			},
			calling
		);
		expect((await refused)[0]?.error?.code).toBe(-32000);

		await untilFeed(field, 'intake', null, ({ samples }) => samples >= 5);
		const offline = untilFeed(field, 'devices', null, ({ devices: [d] }) => d?.presence === 'offline');
		life.abort();
		await node.ended;
		await offline;
		await field.flush();
		const seqs = telemetry.samples.map((s) => s.identity?.seq ?? -1);
		expect(seqs.length).toBeGreaterThanOrEqual(5);
		expect(seqs).toEqual(seqs.map((_, i) => (seqs[0] ?? 0) + i));
	} finally {
		life.abort();
		await field.close();
		await mosquitto.stop();
	}
}, 60_000);
