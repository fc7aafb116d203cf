/** A mark for each colour of the palette, around (0, 0) and about 9 px wide, so that lines are told apart without their hue. */
export const MARKS = [
	'M4.2 0A4.2 4.2 0 1 1 -4.2 0A4.2 4.2 0 1 1 4.2 0Z',
	'M-3.7 -3.7H3.7V3.7H-3.7Z',
	'M0 -4.9L4.6 3.5H-4.6Z',
	'M0 -5L5 0L0 5L-5 0Z',
	'M0 4.9L4.6 -3.5H-4.6Z',
	'M-1.7 -4.6H1.7V-1.7H4.6V1.7H1.7V4.6H-1.7V1.7H-4.6V-1.7H-1.7Z'
] as const;

export const markOf = (colour: number): string => MARKS[colour % MARKS.length] ?? MARKS[0];
