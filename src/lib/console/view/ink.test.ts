import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Ink } from '../text-style';
import { contrast, draw } from './ink';

const ink: fc.Arbitrary<Ink> = fc.oneof(
	fc.integer({ min: 0, max: 15 }),
	fc.integer({ min: 0, max: 0xff_ffff }).map((n): Ink => `#${n.toString(16).padStart(6, '0')}`)
);

it('measures contrast as WCAG does', () => {
	expect(contrast('#000000', '#ffffff')).toBeCloseTo(21);
	expect(contrast('#777777', '#ffffff')).toBeCloseTo(4.48, 1);
});

it('can be read on whatever ground a board chooses', () => {
	fc.assert(
		fc.property(ink, fc.option(ink, { nil: undefined }), fc.boolean(), (paper, written, inverse) => {
			const style = inverse
				? { ink: paper, ...(written !== undefined && { paper: written }), inverse: true as const }
				: { paper, ...(written !== undefined && { ink: written }) };
			const drawn = draw(style);
			expect(contrast(drawn.ink!, drawn.paper!)).toBeGreaterThanOrEqual(4.5);
		})
	);
});

it('leaves the palette to the page, and bends a colour of its own', () => {
	expect(draw({ ink: 1, bold: true })).toEqual({ classes: 'bold ink-1' });
	expect(draw({ ink: '#ffff00' })).toEqual({ classes: 'own', ink: '#ffff00' });
	expect(draw({ inverse: true })).toEqual({ classes: 'turned' });
});
