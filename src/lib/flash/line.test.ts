import { describe, expect, it } from 'vitest';
import { ManualClock, utf8 } from '$lib/base';
import { guardFlash, RELOAD_HARMS_LOCK } from './guard';
import { classify } from './heard';
import { SlipReader, slipFrame } from './slip';
import { SpeedGauge } from './speed';

const read = (bytes: Uint8Array, cut = bytes.length) => {
	const packets: number[][] = [];
	const reader = new SlipReader((packet) => packets.push([...packet]));
	for (let at = 0; at < bytes.length; at += cut) reader.push(bytes.subarray(at, at + cut));
	return packets;
};

describe('SLIP', () => {
	it('frames as RFC 1055 and reads it back, however it is cut', () => {
		const packet = Uint8Array.of(1, 0xc0, 2, 0xdb, 3);
		const wire = slipFrame(packet);
		expect([...wire]).toEqual([0xc0, 1, 0xdb, 0xdc, 2, 0xdb, 0xdd, 3, 0xc0]);
		for (const cut of [1, 2, 3, 9]) expect(read(wire, cut)).toEqual([[...packet]]);
	});

	it('drops noise between frames and frames with a broken escape, and goes on', () => {
		const good = [0xc0, 7, 0xc0];
		expect(read(Uint8Array.of(1, 2, ...good, 3, ...good))).toEqual([[7], [7]]);
		expect(read(Uint8Array.of(0xc0, 1, 0xdb, 9, 2, 0xc0, ...good)).at(-1)).toEqual([7]);
	});
});

describe('what a line says that gives no answer', () => {
	it('is nothing, a log, or noise', () => {
		expect(classify(new Uint8Array())).toBe('nothing');
		expect(classify(Uint8Array.of(0))).toBe('nothing');
		expect(classify(utf8('\x1b[0;32mI (312) wifi: connected\x1b[0m\r\n'))).toBe('boot-log');
		expect(classify(Uint8Array.from({ length: 200 }, (_, i) => (i * 37) & 0xff))).toBe('noise');
	});
});

describe('SpeedGauge', () => {
	it('tells speed and time left over the last seconds, and nothing at the start', () => {
		const clock = new ManualClock();
		const gauge = new SpeedGauge(clock, 1_000_000);
		expect(gauge.mark(0)).toEqual({});
		for (let i = 1; i <= 10; i++) {
			clock.advance(1000);
			gauge.mark(i * 10_000);
		}
		clock.advance(1000);
		expect(gauge.mark(110_000)).toEqual({ bytesPerSecond: 10_000, secondsLeft: 89 });
		clock.advance(1000);
		expect(gauge.mark(50_000)).toEqual({});
	});
});

describe('guardFlash', () => {
	it('holds the lock, the screen and the page until the end, and then lets all go', async () => {
		const end = new AbortController();
		const page = new EventTarget();
		const seen = { lock: '', released: 0, lockEnded: false };
		const sentinel = {
			release: () => {
				seen.released++;
				return Promise.resolve();
			}
		};
		guardFlash(
			{
				page: page as Window,
				wakeLock: { request: () => Promise.resolve(sentinel as WakeLockSentinel) },
				locks: {
					request: (async (name: string, _: unknown, hold: () => Promise<void>) => {
						seen.lock = name;
						await hold();
						seen.lockEnded = true;
					}) as LockManager['request']
				}
			},
			end.signal
		);
		const leave = () => {
			const event = new Event('beforeunload', { cancelable: true });
			page.dispatchEvent(event);
			return event.defaultPrevented;
		};
		await Promise.resolve();
		expect(seen.lock).toBe(RELOAD_HARMS_LOCK);
		expect(leave()).toBe(true);
		end.abort();
		await new Promise<void>((resolve) => queueMicrotask(() => queueMicrotask(resolve)));
		expect(leave()).toBe(false);
		expect(seen).toMatchObject({ released: 1, lockEnded: true });
	});
});
