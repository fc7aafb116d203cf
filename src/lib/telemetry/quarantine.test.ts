import { describe, expect, it } from 'vitest';
import { figuresOf, MOST_ASIDE_BYTES, NOTHING_ASIDE, withAside, withoutSeries } from './quarantine';

const MB = 1 << 20;

describe('what is set aside', () => {
	it('stays within its bounds: the oldest go, and are counted', () => {
		let index = NOTHING_ASIDE;
		for (let block = 1; block <= 9; block++) {
			const { index: next, gone } = withAside(index, [{ key: [1, block], bytes: MB }]);
			index = next;
			expect(gone).toEqual(block === 9 ? [[1, 1]] : []);
		}
		expect(figuresOf(index)).toEqual({ count: 8, bytes: MOST_ASIDE_BYTES, letGo: 1 });
		const many = Array.from({ length: 300 }, (_, i) => ({ key: i + 1, bytes: 1 }));
		expect(figuresOf(withAside(NOTHING_ASIDE, many).index)).toEqual({ count: 256, bytes: 256, letGo: 44 });
	});

	it('is not kept where one piece is larger than all may be, and is there once where it is met again', () => {
		const { index } = withAside(NOTHING_ASIDE, [{ key: 5, bytes: 9 * MB }]);
		expect(figuresOf(index)).toEqual({ count: 0, bytes: 0, letGo: 1 });
		const once = withAside(index, [{ key: [1, 2], bytes: 7 }]).index;
		expect(figuresOf(withAside(once, [{ key: [1, 2], bytes: 9 }]).index)).toMatchObject({
			count: 1,
			bytes: 9
		});
	});

	it('goes with its device, and so do records, which hold every device’s', () => {
		const { index } = withAside(NOTHING_ASIDE, [
			{ key: 3, bytes: 1 },
			{ key: [1, 4], bytes: 1 },
			{ key: [2, 5], bytes: 1 }
		]);
		const { index: left, gone } = withoutSeries(index, [1]);
		expect(gone).toEqual([3, [1, 4]]);
		expect(left.entries).toEqual([{ key: [2, 5], bytes: 1 }]);
	});
});
