import type { Ink, TextStyle } from '../text-style';

/** How a style is drawn: classes of ConsoleLines, and colours where the palette has none. */
export interface Drawn {
	readonly classes: string;
	/** A fixed colour, whose lightness the style sheet bends until it can be read. */
	readonly ink?: string;
	/** With a ground of its own both are fixed: `ink` can be read on `paper`. */
	readonly paper?: string;
}

/** xterm's first 16 colours: what a ground of a palette's number looks like. */
const PALETTE = [
	...['#000000', '#cd0000', '#00cd00', '#cdcd00', '#0000ee', '#cd00cd', '#00cdcd', '#e5e5e5'],
	...['#7f7f7f', '#ff0000', '#00ff00', '#ffff00', '#5c5cff', '#ff00ff', '#00ffff', '#ffffff']
];
/** WCAG 2.2, 1.4.3. */
const LEAST_CONTRAST = 4.5;
const FLAGS = ['bold', 'dim', 'italic', 'underline', 'strike'] as const;
const drawn = new WeakMap<TextStyle, Drawn>();

export function draw(style: TextStyle): Drawn {
	let known = drawn.get(style);
	if (!known) drawn.set(style, (known = drawAnew(style)));
	return known;
}

function drawAnew(style: TextStyle): Drawn {
	const classes: string[] = FLAGS.filter((flag) => style[flag]);
	const [ink, paper] = style.inverse ? [style.paper, style.ink] : [style.ink, style.paper];
	if (paper === undefined && !style.inverse) {
		if (typeof ink === 'number') classes.push(`ink-${ink}`);
		else if (ink) classes.push('own');
		return { classes: classes.join(' '), ...(typeof ink === 'string' && { ink }) };
	}
	if (paper === undefined) return { classes: [...classes, 'turned'].join(' ') };
	const ground = fixed(paper);
	return { classes: [...classes, 'grounded'].join(' '), paper: ground, ink: readable(ink, ground) };
}

const fixed = (ink: Ink): string => (typeof ink === 'number' ? PALETTE[ink]! : ink);

function readable(ink: Ink | undefined, paper: string): string {
	const wanted = ink === undefined ? undefined : fixed(ink);
	if (wanted !== undefined && contrast(wanted, paper) >= LEAST_CONTRAST) return wanted;
	return contrast('#000000', paper) >= contrast('#ffffff', paper) ? '#000000' : '#ffffff';
}

/** @returns 1…21 (WCAG 2.2's contrast ratio) @param a and b as #rrggbb */
export function contrast(a: string, b: string): number {
	const [light, dark] = [luminance(a), luminance(b)].sort((x, y) => y - x) as [number, number];
	return (light + 0.05) / (dark + 0.05);
}

function luminance(colour: string): number {
	const part = (at: number) => {
		const c = parseInt(colour.slice(at, at + 2), 16) / 255;
		return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
	};
	return 0.2126 * part(1) + 0.7152 * part(3) + 0.0722 * part(5);
}
