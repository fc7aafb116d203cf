import { describe, expect, it } from 'vitest';
import { buildOtaData, parseOtaData, type OtaData } from '$lib/formats';
import { bootOrder } from './boot-order';
import { BOARD, kinds, namedApp, present, row, source } from './fake-plan';
import { planWrite } from './plan';

const FACTORY = row('factory', 0, 0, 0x50000, 0x20000);
const SLOT = [row('ota_0', 0, 0x10, 0x10000, 0x20000), row('ota_1', 0, 0x11, 0x30000, 0x20000)] as const;
const ROWS = [row('otadata', 1, 0, 0xd000, 0x2000), ...SLOT, FACTORY];

describe('what the bootloader starts', () => {
	it.each([
		['the slot that is chosen', ['ota_0', 'ota_1', 'factory'], 2, 'ota_1', []],
		['a slot before an empty one', ['ota_0', 'factory'], 2, 'ota_0', ['ota_1']],
		['the factory app, where no slot before has one', ['ota_1', 'factory'], 1, 'factory', ['ota_0']],
		['a slot after, last of all', ['ota_1'], 1, 'ota_1', ['ota_0', 'factory']],
		['the factory app, where nothing is chosen', ['ota_0', 'factory'], undefined, 'factory', []],
		['nothing', [], undefined, undefined, ['factory', 'ota_0', 'ota_1']]
	] as const)('is %s', (_, full, sequence, starts, passedOver) => {
		const order = bootOrder(ROWS, sequence, ({ label }) => (full as readonly string[]).includes(label));
		expect(order.starts?.label).toBe(starts);
		expect(order.passedOver.map(({ label }) => label)).toEqual(passedOver);
	});
});

describe('a plan', () => {
	const chosen = (sequence: number): OtaData => {
		const data = parseOtaData(buildOtaData([{ sequence, state: 'valid' }, undefined]));
		if (!data.ok) throw new Error(data.error.kind);
		return data.value;
	};
	const plan = (offset: number, sequence: number, empty: readonly number[]) =>
		planWrite(BOARD, source([offset, namedApp()]), {
			present: present({ otaData: chosen(sequence), empty: new Set(empty) }, ROWS)
		});

	it('passes over a place that was found empty, as the bootloader does', () => {
		expect(plan(0x10000, 2, []).boot).toMatchObject({ would: 'ota_1', changed: true });
		expect(plan(0x10000, 2, [0x30000]).boot).toBeUndefined();
		expect(plan(0x30000, 1, [0x10000]).boot).toMatchObject({ would: 'factory', changed: true });
	});

	it('counts what it writes as there', () => {
		expect(plan(0x30000, 2, [0x30000]).boot).toBeUndefined();
		expect(kinds(plan(0x30000, 2, [0x30000]))).toEqual([]);
	});
});
