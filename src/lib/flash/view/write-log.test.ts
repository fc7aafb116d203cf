import { describe, expect, it } from 'vitest';
import { CHIP_IDS } from '$lib/formats';
import type { FlashState } from '../facts';
import { BOARD, image, namedApp, source } from '../fake-plan';
import { planWrite } from '../plan';
import { logged, writeLog, type WriteEvent } from './write-log';

const firmware = source([0, image(CHIP_IDS['ESP32-S3'])], [0x10000, namedApp('greenhouse')]);
const plan = planWrite(BOARD, firmware, { overridden: ['ESP32-S3'], erase: 'all', header: { mode: 'qio' } });
const writing = (writtenBytes: number, retries = 0): FlashState => ({
	...{
		kind: 'writing',
		region: 1,
		reachedBytes: 0,
		writtenBytes,
		unchangedBytes: 0,
		totalBytes: 500,
		retries
	}
});
const done: FlashState = {
	...{ kind: 'done', durationMs: 2500, totalBytes: 500, unchangedBytes: 0, retries: 1 },
	...{ baud: 460_800, slowedFrom: 921_600, digests: ['aa'.repeat(16), 'bb'.repeat(16)], board: BOARD }
};
const states: readonly FlashState[] = [
	{ kind: 'connecting', attempt: 1 },
	{ kind: 'erasing' },
	writing(100),
	writing(200),
	writing(200, 1),
	done
];
const events = states.reduce<readonly WriteEvent[]>((all, state, i) => logged(all, state, 1000 * i), []);

describe('the log of a write', () => {
	it('keeps what says something new', () => {
		expect(events.map(({ atMs }) => atMs)).toEqual([0, 1000, 2000, 4000, 5000]);
	});

	it('tells the plan, what was overridden, what happened, and each digest', () => {
		const text = writeLog(BOARD, firmware, plan, events);
		for (const said of [
			'OVERRIDDEN by the person: images for ESP32-S3',
			'Flash header: DIO · 40 MHz · 4 MB becomes QIO',
			'0x010000',
			'greenhouse 1: Chip ESP32-C3',
			'everything else erased',
			'+1.0 s  erasing the whole flash',
			'1 sent again',
			'2.5 s at 460,800 baud, slowed down from 921,600',
			`MD5 ${'bb'.repeat(16)}  0x010000`
		])
			expect(text).toContain(said);
	});

	it('says of a write that is not over that it is not', () => {
		expect(writeLog(BOARD, firmware, plan, events.slice(0, 2))).toContain('Not over yet.');
	});

	it('is bounded, and keeps the last', () => {
		const many = Array.from({ length: 2000 }, (_, retries) => writing(1, retries));
		const all = many.reduce<readonly WriteEvent[]>((before, state, i) => logged(before, state, i), []);
		expect(all.length).toBe(500);
		expect(all.at(-1)?.atMs).toBe(1999);
	});
});
