import { describe, expect, it } from 'vitest';
import { BOARD, image, kinds, namedApp, present, source, tableBytes } from './fake-plan';
import { planWrite } from './plan';
import { planView } from './view/plan-words';

describe('a build whose table lies elsewhere', () => {
	const loader = image(5, 0x9000);

	it('is taken as it says: its bootloader ends before that table, and what lies at 0x8000 is no table', () => {
		expect(kinds(planWrite(BOARD, source([0, loader], [0xa000, tableBytes()])))).toEqual([]);
		expect(
			kinds(
				planWrite(BOARD, source([0, image(5, 0x6000)], [0x8000, new Uint8Array(64)], [0xa000, tableBytes()]))
			)
		).toEqual([]);
		expect(kinds(planWrite(BOARD, source([0, image(5, 0x7ff0)]), { present: present() }))).toEqual([
			['too-big', true]
		]);
	});
});

describe('a board on which no table was found', () => {
	const unseen = (wishes: Parameters<typeof planWrite>[2]) =>
		planView(BOARD, planWrite(BOARD, source([0x10000, namedApp()]), wishes), 115_200).unseen;

	it('is told, with the place that was looked at, unless everything goes anyway', () => {
		expect(unseen({})).toContain('at 0x008000, the only place');
		expect(unseen({ erase: 'all' })).toBeUndefined();
		expect(unseen({ present: present() })).toBeUndefined();
	});
});
