// The inverter's flow on the Linux body, through a real broker: what arrives is what the device's log holds, each sample once.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import mqtt from 'mqtt';
import { afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { decodeBatch, parseBatchEnvelope, samplesOf } from '$lib/device';
import type { DeviceId, Sample } from '$lib/model';
import { linuxNode } from '../../scripts/linux-node.mjs';
import { startLinuxNode } from './linux-node';
import { startMosquitto } from './mosquitto';

// A process and a broker start, and the broker is away for a while.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 300_000 });

const ID = 'sim-roof';
/** Device seconds in one of ours. */
const SPEED = 20;

let folder: string;
const ends: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
	await linuxNode();
});
beforeEach(async () => void (folder = await mkdtemp(join(tmpdir(), 'fieldbench-flow-'))));
afterEach(async () => {
	for (const end of ends.splice(0).reverse()) await end();
	await rm(folder, { recursive: true, force: true });
});

/** A device with a flow, its broker, and what comes on its topics. */
async function roof() {
	const broker = await startMosquitto();
	ends.push(() => broker.stop());
	const client = await mqtt.connectAsync(broker.tcpUrl, { reconnectPeriod: 50 });
	ends.push(() => client.endAsync(true));
	const batches: (readonly Sample[])[] = [];
	const leaves = new Set<string>();
	client.on('message', (topic, message) => {
		const leaf = topic.slice(`iot/node/${ID}/`.length);
		leaves.add(leaf);
		if (leaf === 'batch') batches.push(samplesIn(message));
	});
	await client.subscribeAsync(`iot/node/${ID}/#`, { qos: 1 });
	const config = join(folder, 'config.json');
	await writeFile(
		config,
		JSON.stringify({
			complete: true,
			telemetry: { live: false },
			components: [
				{ id: 'inverter', type: 'modbus-rtu' },
				{ id: 'flow', type: 'inverter-flow', config: { component: 'inverter' } }
			]
		})
	);
	const node = await startLinuxNode([
		...['--id', ID, '--config', config, '--broker', broker.tcpUrl],
		...['--http', '0', '--speed', String(SPEED)]
	]);
	ends.push(() => node.stop());
	const base = node.devices[0]?.http ?? '';
	const ask = async <T>(method: string, params: object = {}): Promise<T> => {
		const answer = await fetch(`${base}/api/rpc`, {
			method: 'POST',
			headers: { 'Content-Type': 'application/json' },
			body: JSON.stringify({ jsonrpc: '2.0', id: crypto.randomUUID(), method, params })
		});
		return ((await answer.json()) as { result: T }).result;
	};
	return { broker, batches, leaves, ask };
}

function samplesIn(message: Uint8Array): readonly Sample[] {
	const envelope = parseBatchEnvelope(new Uint8Array(message));
	if (!envelope.ok) throw new Error(envelope.error.kind);
	expect(envelope.value.deviceId).toBe(ID);
	const batch = decodeBatch(envelope.value.payload);
	if (!batch.ok) throw new Error(batch.error.kind);
	const { samples, dropped } = samplesOf(batch.value, ID as DeviceId, Date.now());
	expect(dropped).toEqual({});
	return samples;
}

interface QueryPage {
	readonly samples: readonly { readonly names: readonly string[]; readonly rows: readonly number[][] }[];
	readonly next: number | null;
}

/** What the log holds: values by number. */
async function held(ask: <T>(method: string, params?: object) => Promise<T>) {
	const all = new Map<number, { timeMs: number; values: Record<string, number> }>();
	for (let from: number | null = 0; from !== null;) {
		const page: QueryPage = await ask<QueryPage>('telemetry.query', { from });
		for (const { names, rows } of page.samples)
			for (const [seq, timeMs, , ...values] of rows)
				all.set(seq!, { timeMs: timeMs!, values: Object.fromEntries(names.map((n, i) => [n, values[i]!])) });
		from = page.next;
	}
	return all;
}

it('brings each sample of the log once, in batches of 7, over a broker that goes and comes', async () => {
	const { broker, batches, leaves, ask } = await roof();
	const seen = () => batches.flat().length;
	await vi.waitFor(() => expect(batches.length).toBeGreaterThanOrEqual(4), 15_000);
	expect(batches.slice(1, 4).map((samples) => samples.length)).toEqual([7, 7, 7]);

	await broker.kill();
	const before = seen();
	await pause(2000); // 40 s of the device's: several batches are due
	await broker.start();
	await vi.waitFor(() => expect(seen()).toBeGreaterThan(before + 40), 30_000);

	const log = await held(ask);
	const numbers = new Set<number>();
	for (const { identity, timeMs, values } of batches.flat()) {
		numbers.add(identity!.seq);
		expect({ timeMs, values }, `${identity!.seq}`).toEqual(log.get(identity!.seq));
	}
	// Whatever came twice came by the broker's going; what is missing would be a gap.
	expect([...numbers].sort((a, b) => a - b)).toEqual(Array.from({ length: numbers.size }, (_, i) => i));
	expect(seen() - numbers.size).toBeLessThanOrEqual(14);
	expect(leaves).not.toContain('telemetry');
});

it('shows where it stands on the shadow', async () => {
	const { batches, ask } = await roof();
	await vi.waitFor(() => expect(batches.length).toBeGreaterThanOrEqual(2), 15_000);
	const { reported } = await ask<{ reported: { flow: Record<string, unknown> } }>('shadow.get');
	expect(reported.flow).toMatchObject({
		marking: { 'link.up': 1 },
		failures: { poll: 0 },
		samples_given_up: 0
	});
	expect(reported.flow.batches).toBeGreaterThanOrEqual(1);
});
