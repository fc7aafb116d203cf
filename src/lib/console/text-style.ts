/** A colour of the palette by its number (0…15, drawn by the page's own tokens), or a fixed one as `#rrggbb`. */
export type Ink = number | `#${string}`;

/** How text is shown; absent members are the default. Styles of a reader that are equal are one object. */
export interface TextStyle {
	readonly ink?: Ink;
	readonly paper?: Ink;
	readonly bold?: true;
	readonly dim?: true;
	readonly italic?: true;
	readonly underline?: true;
	readonly strike?: true;
	readonly inverse?: true;
}

export const PLAIN: TextStyle = {};

/** `style` after the numbers of one SGR sequence (ECMA-48 §8.3.117; 38 and 48 with 5 or 2 as ITU-T T.416 and xterm have them). */
export function restyle(style: TextStyle, codes: readonly number[]): TextStyle {
	let now = style;
	for (let i = 0; i < codes.length; i++) {
		const code = codes[i]!;
		if (code === 38 || code === 48) {
			const palette = codes[i + 1] === 5;
			const ink = palette
				? paletteInk(codes[i + 2])
				: codes[i + 1] === 2
					? rgbInk(codes[i + 2], codes[i + 3], codes[i + 4])
					: undefined;
			i += palette ? 2 : 4;
			if (ink !== undefined) now = { ...now, [code === 38 ? 'ink' : 'paper']: ink };
		} else now = restyleOne(now, code);
	}
	return now;
}

function restyleOne(style: TextStyle, code: number): TextStyle {
	const change = CHANGES[code];
	if (change) return change(style);
	const [base, part] =
		code >= 90 && code <= 97
			? [82, 'ink']
			: code >= 100 && code <= 107
				? [92, 'paper']
				: code >= 30 && code <= 37
					? [30, 'ink']
					: code >= 40 && code <= 47
						? [40, 'paper']
						: [undefined, ''];
	return base === undefined ? style : { ...style, [part]: code - base };
}

const without =
	(...keys: readonly (keyof TextStyle)[]) =>
	(style: TextStyle): TextStyle =>
		Object.fromEntries(Object.entries(style).filter(([key]) => !keys.some((gone) => gone === key)));
const having = (more: TextStyle) => (style: TextStyle) => ({ ...style, ...more });

const CHANGES: Readonly<Record<number, (style: TextStyle) => TextStyle>> = {
	0: () => PLAIN,
	1: having({ bold: true }),
	2: having({ dim: true }),
	3: having({ italic: true }),
	4: having({ underline: true }),
	7: having({ inverse: true }),
	9: having({ strike: true }),
	22: without('bold', 'dim'),
	23: without('italic'),
	24: without('underline'),
	27: without('inverse'),
	29: without('strike'),
	39: without('ink'),
	49: without('paper')
};

/** xterm's 256 colours: 16 of the palette, a cube of 6×6×6, 24 greys. */
function paletteInk(n: number | undefined): Ink | undefined {
	if (n === undefined || n > 255) return undefined;
	if (n < 16) return n;
	if (n >= 232) {
		const grey = 8 + 10 * (n - 232);
		return rgbInk(grey, grey, grey);
	}
	const level = (step: number) => (step === 0 ? 0 : 55 + 40 * step);
	const at = n - 16;
	return rgbInk(level(Math.floor(at / 36)), level(Math.floor(at / 6) % 6), level(at % 6));
}

function rgbInk(r: number | undefined, g: number | undefined, b: number | undefined): Ink | undefined {
	if (r === undefined || g === undefined || b === undefined || Math.max(r, g, b) > 255) return undefined;
	return `#${((1 << 24) | (r << 16) | (g << 8) | b).toString(16).slice(1)}`;
}
