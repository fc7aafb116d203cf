/** Resolved colours: a canvas does not understand tokens. */
export interface PlotColours {
	/** `--series-1` … */
	readonly series: readonly string[];
	/** A single line as it was earlier. */
	readonly compared: string;
	readonly text: string;
	readonly muted: string;
	readonly hairline: string;
	readonly edge: string;
	readonly card: string;
	readonly simulated: string;
	readonly filling: string;
	readonly lost: string;
	readonly event: string;
	readonly note: string;
	readonly alert: string;
	/** A font for the axes, as CSS has it. */
	readonly face: string;
}

/** The token behind each; `ChartCanvas` has an element of each colour, because only an element resolves `light-dark()`. */
export const PLOT_TOKENS = {
	compared: '--compared',
	text: '--text',
	muted: '--text-muted',
	hairline: '--hairline',
	edge: '--edge',
	card: '--card',
	simulated: '--simulated',
	filling: '--late',
	lost: '--failing',
	event: '--text-muted',
	note: '--live',
	alert: '--failing'
} as const satisfies Record<Exclude<keyof PlotColours, 'series' | 'face'>, string>;

export const SERIES_TOKENS = [
	'--series-1',
	'--series-2',
	'--series-3',
	'--series-4',
	'--series-5',
	'--series-6'
] as const;

/** A colour as browsers compute it, `rgb(r, g, b)`, with an alpha; what is written otherwise stays as it is. */
export function fade(colour: string, alpha: number): string {
	const [r, g, b] = /^rgba?\(/u.test(colour) ? (colour.match(/[\d.]+/gu) ?? []) : [];
	return r && g && b ? `rgb(${r} ${g} ${b} / ${alpha})` : colour;
}

/** Reads the tokens as they are where `element` stands. */
export function readColours(element: HTMLElement): PlotColours {
	const probe = element.ownerDocument.createElement('i');
	probe.hidden = true;
	element.append(probe);
	const read = (token: string) => {
		probe.style.color = `var(${token})`;
		return getComputedStyle(probe).color;
	};
	const named = Object.fromEntries(
		Object.entries(PLOT_TOKENS).map(([name, token]) => [name, read(token)])
	) as Record<keyof typeof PLOT_TOKENS, string>;
	const colours = {
		...named,
		series: SERIES_TOKENS.map(read),
		face: getComputedStyle(element).fontFamily
	};
	probe.remove();
	return colours;
}
