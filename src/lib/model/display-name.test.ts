import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { displayName } from './display-name';

describe('displayName', () => {
	it.each([
		['Bench 1', 'Bench 1'],
		['  two\nlines\t', 'two lines'],
		['roof\u202egnp.exe', 'roof gnp.exe'],
		['مخزن', 'مخزن'],
		['👩‍🔬 lab', '👩‍🔬 lab'],
		['\u0000\u202e ', undefined]
	])('%j is shown as %j', (text, shown) => {
		expect(displayName(text)).toBe(shown);
	});

	it('cuts between characters, never inside one', () => {
		const shown = displayName('𝔘'.repeat(200));
		expect(Array.from(shown ?? '')).toHaveLength(80);
		expect(shown?.endsWith('𝔘…')).toBe(true);
	});

	it('bounds a tower of marks', () => {
		expect(displayName(`a${'\u0301'.repeat(5000)}`)?.length).toBeLessThan(400);
	});

	it('changes nothing the second time', () => {
		fc.assert(
			fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => {
				const once = displayName(text);
				if (once !== undefined) expect(displayName(once)).toBe(once);
			})
		);
	});
});
