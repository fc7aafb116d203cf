import { expect, test } from 'vitest';
import { MAX_REPORTED_BYTES } from '$lib/app/field/intake';
import { utf8 } from '$lib/base';
import { startCore, untilFeed } from './field-environment';

test('a reported state too large for every snapshot is counted and not kept', async () => {
	const core = await startCore();
	const { port1, port2 } = new MessageChannel();
	core.attachLab(port1);
	const report = (text: string) =>
		port2.postMessage({
			type: 'publish',
			topic: 'iot/node/sim-a/shadow/reported',
			payload: utf8(JSON.stringify({ led: text })),
			retain: false
		});
	report('on');
	report('x'.repeat(MAX_REPORTED_BYTES));
	const { refused } = await untilFeed(core, 'intake', null, ({ messages }) => messages === 2);
	expect(refused).toStrictEqual({ 'reported-too-large': 1 });
	const { devices } = await untilFeed(core, 'devices', null, () => true);
	expect(devices[0]?.reported).toStrictEqual({ led: 'on' });
	await core.close();
	port2.close();
});
