import { expect, it } from 'vitest';
import { ManualClock } from '$lib/base';
import type { DeviceId } from '$lib/model';
import { TroubleLog } from './trouble-log';

it('counts each sample that the store refused, and says whose they were', () => {
	const log = new TroubleLog(new ManualClock(0));
	const device = 'roof' as DeviceId;
	log.trouble({ kind: 'refused', device, refused: { time: 3, identity: 0, value: 2 } });
	log.trouble({ kind: 'refused', device, refused: { time: 1, identity: 0, value: 0 } });
	const { counts, newest } = log.report();
	expect(counts).toStrictEqual({ 'refused-time': 4, 'refused-value': 2 });
	expect(newest.map(({ kind, detail }) => `${kind} ${detail}`)).toStrictEqual([
		...['refused-time roof: 3', 'refused-value roof: 2']
	]);
});
