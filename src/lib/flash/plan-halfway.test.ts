import { describe, expect, it } from 'vitest';
import { buildOtaData, parseOtaData } from '$lib/formats';
import { BOARD, described, image, namedApp, present, row, source } from './fake-plan';
import { planWrite } from './plan';
import type { PlanWishes } from './plan-facts';
import { planView } from './view/plan-words';

const chosen = parseOtaData(buildOtaData([{ sequence: 1, state: 'valid' }, undefined]));
if (!chosen.ok) throw new Error(chosen.error.kind);
const THERE = present({ otaData: chosen.value, apps: new Map([[0x10000, described('greenhouse')]]) }, [
	row('nvs', 1, 2, 0x9000, 0x4000),
	row('otadata', 1, 0, 0xd000, 0x2000),
	row('ota_0', 0, 0x10, 0x10000, 0x20000),
	row('ota_1', 0, 0x11, 0x30000, 0x20000)
]);
const APP = namedApp();

describe('a plan of which half is written', () => {
	const halfway = (firmware: Parameters<typeof planWrite>[1], wishes: PlanWishes = {}) =>
		planWrite(BOARD, firmware, { ...wishes, present: THERE }).halfway;

	it('leaves what starts where only settings, data or the other slot are written', () => {
		const settings = source([0x9000, new Uint8Array(0x4000).fill(0xff)]);
		expect(halfway(settings).starts).toBe(true);
		expect(halfway(source([0x30000, APP])).starts).toBe(true);
		expect(halfway(source([0x60000, new Uint8Array(9)])).starts).toBe(true);
	});

	it('may leave nothing that starts where that, or what leads to it, is written', () => {
		expect(halfway(source([0x10000, APP])).starts).toBe(false);
		expect(halfway(source([0, image(5)], [0x30000, APP])).starts).toBe(false);
		expect(halfway(source([0xd000, new Uint8Array(64)], [0x30000, APP])).starts).toBe(false);
		expect(halfway(source([0x30000, APP]), { erase: 'all-but-settings' }).starts).toBe(false);
		expect(halfway(source([0x30000, APP]), { erase: 'all' })).toMatchObject({
			starts: false,
			allErased: true
		});
		expect(planWrite(BOARD, source([0x30000, APP])).halfway.starts).toBe(false);
	});
});

describe('the time that a plan takes', () => {
	const time = (baud: number | undefined) =>
		planView(
			BOARD,
			planWrite(BOARD, source([0x300000, crypto.getRandomValues(new Uint8Array(0xffff))])),
			baud
		).time;

	it('is told at the rate that is begun with, and at none for a chip’s own USB', () => {
		expect(time(115_200)).toMatch(/About [6-9] s at 115,200 baud/u);
		expect(time(921_600)).toMatch(/About [12] s at 921,600 baud/u);
		expect(time(undefined)).not.toContain('baud');
	});
});
