import { expect, test } from 'vitest';
import { ManualClock, utf8 } from '$lib/base';
import type { LoopbackPort } from '$lib/link';
import { startCore } from './field-environment';

test('a quick device is told of a few times a second, at each frame while somebody looks closely, ever with its newest', async () => {
	const clock = new ManualClock();
	const core = await startCore({ clock });
	const end = new AbortController();
	const port: LoopbackPort = { onmessage: null, close: () => {}, postMessage: () => {} };
	core.attachLab(port);
	let told = 0;
	let newest: number | undefined;
	const { devices, closeLook } = core.handlers.feeds;
	devices(
		null,
		({ devices: [device] }) => {
			told++;
			newest = device?.values['count']?.value ?? newest;
		},
		end.signal
	);
	let seq = 0;
	const tellingsOfASecond = (): number => {
		const before = told;
		for (let i = 0; i < 100; i++) {
			const payload = utf8(
				JSON.stringify({
					...{ node_id: 'sim-a', timestamp: clock.now() / 1000, sensors: { count: seq } },
					...{ epoch: 1_000_000_000, seq: seq++, clock: 'sync' }
				})
			);
			const data = { type: 'publish', topic: 'iot/node/sim-a/telemetry', payload, retain: false };
			port.onmessage?.({ data } as MessageEvent);
			clock.advance(10);
		}
		return told - before;
	};
	tellingsOfASecond();
	expect(tellingsOfASecond()).toBeLessThanOrEqual(5);
	const look = new AbortController();
	closeLook(null, () => {}, look.signal);
	expect(tellingsOfASecond()).toBeGreaterThan(45);
	look.abort();
	expect(tellingsOfASecond()).toBeLessThanOrEqual(5);
	clock.advance(1000);
	expect(newest).toBe(seq - 1);
	end.abort();
	await core.close();
});
