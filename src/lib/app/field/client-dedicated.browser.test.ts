import { expect, test } from 'vitest';
import { utf8 } from '$lib/base';
import { connectField, type FieldClient } from './client';
import type { FieldHello } from './messages';

/** A browser without SharedWorker, as Chromium on Android is: each client then has a worker of its own. */
Reflect.deleteProperty(globalThis, 'SharedWorker');

const role = (field: FieldClient, wanted: FieldHello['role'], signal: AbortSignal) =>
	new Promise<void>((resolve) =>
		field.watch('role', null, (hello) => hello.role === wanted && resolve(), signal)
	);

test('without SharedWorker the second tab follows the first, and leads when it is closed: its lab goes on', async () => {
	const first = new AbortController();
	const second = new AbortController();
	const a = connectField({ signal: first.signal });
	await role(a, 'leader', first.signal);
	const b = connectField({ signal: second.signal });
	await role(b, 'follower', second.signal);
	const lab = new MessageChannel();
	await b.call('attachLab', null, { transfer: [lab.port1] });
	const publish = (seq: number) => {
		const body = { timestamp: Date.now() / 1000, sensors: { t: seq }, epoch: 3, seq, clock: 'sync' };
		const payload = utf8(JSON.stringify(body));
		lab.port2.postMessage({ type: 'publish', topic: 'iot/node/sim-tab/telemetry', payload, retain: false });
	};
	/** Publishes until the newest value is seen in `field`'s feed: while the bridge is being laid, messages are lost. */
	const shows = (field: FieldClient, seq: number, signal: AbortSignal) =>
		new Promise<void>((resolve) => {
			const again = setInterval(() => publish(seq), 50);
			field.watch(
				'devices',
				null,
				({ devices }) => {
					if (devices.find((d) => d.id === 'sim-tab')?.values['t']?.value !== seq) return;
					clearInterval(again);
					resolve();
				},
				signal
			);
		});
	await shows(a, 1, first.signal);
	await a.call('flush', null);
	first.abort();
	await role(b, 'leader', second.signal);
	await shows(b, 2, second.signal);
	await b.call('flush', null);
	expect((await b.call('storeStats', null)).samples).toBeGreaterThanOrEqual(2);
	second.abort();
}, 20_000);
