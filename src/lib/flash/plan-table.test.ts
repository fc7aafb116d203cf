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

	it('is found in a whole flash behind its bootloader, and not in what an app carries', () => {
		const places = (from: Uint8Array) => {
			const whole = new Uint8Array(0x10000).fill(0xff);
			whole.set(from);
			whole.set(tableBytes(), 0xa000);
			return planWrite(BOARD, source([0, whole])).places.map(({ label, offset }) => [label, offset]);
		};
		expect(places(loader).slice(0, 2)).toEqual([
			['bootloader', 0],
			['partition table', 0xa000]
		]);
		expect(places(image(5, 0xc000))).toEqual([]);
	});
});

describe('a board on which no table was found', () => {
	const unseen = (wishes: Parameters<typeof planWrite>[2]) =>
		planView(BOARD, planWrite(BOARD, source([0x10000, namedApp()]), wishes), 115_200).unseen;

	it('is told, with the place that was looked at, unless everything goes anyway', () => {
		expect(unseen({})).toContain('at 0x008000 or where larger');
		expect(unseen({ erase: 'all' })).toBeUndefined();
		expect(unseen({ present: present() })).toBeUndefined();
	});
});
