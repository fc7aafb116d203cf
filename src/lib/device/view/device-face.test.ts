import { describe, expect, it } from 'vitest';
import { readings, standing } from './device-face';

const NOW = 1_700_000_000_000;
const around = { nowMs: NOW, lateAfterMs: 30_000, reachable: true };
const heard = (agoMs: number, presence: 'online' | 'offline' | 'sleeping' | 'unknown' = 'online') => ({
	presence,
	lastSeenMs: NOW - agoMs,
	values: {}
});

describe('standing', () => {
	it('is live while it speaks in time, whether it said that it is online or not', () => {
		expect(standing(heard(29_000), around).state).toBe('live');
		expect(standing(heard(29_000, 'unknown'), around).state).toBe('live');
	});
	it('is late when it should have spoken', () => {
		expect(standing(heard(31_000), around).word).toBe('Late');
	});
	it('believes the last will over a fresh value', () => {
		expect(standing(heard(1_000, 'offline'), around).word).toBe('Offline');
	});
	it('tells sleeping from offline', () => {
		expect(standing(heard(900_000, 'sleeping'), around)).toMatchObject({
			word: 'Sleeping',
			icon: 'sleeping'
		});
	});
	it('claims nothing when no link leads to it', () => {
		expect(standing(heard(1_000), { ...around, reachable: false }).word).toBe('Last known');
	});
	it('does not call a device live of which only an old retained status is known', () => {
		expect(standing({ presence: 'online', lastSeenMs: 0, values: {} }, around).state).toBe('late');
	});
	it('calls neither live nor late what never spoke itself, whatever others say of it', () => {
		const told = {
			presence: 'unknown',
			lastSeenMs: 0,
			values: { confidence: { value: 1, timeMs: NOW } }
		} as const;
		expect(standing(told, around)).toMatchObject({ state: 'offline', word: 'Told by others' });
	});
});

describe('readings', () => {
	const at = (value: number) => ({ value, timeMs: NOW });
	it('puts what matters first and leaves out figures about the device itself', () => {
		const order = readings({
			values: {
				wifi_rssi: at(-60),
				zeta: at(1),
				humidity: at(2),
				temperature: at(3),
				alpha: at(4),
				uptime: at(5)
			}
		}).map((one) => one.metric);
		expect(order).toEqual(['temperature', 'humidity', 'alpha', 'zeta']);
	});
});
