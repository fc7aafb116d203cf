/** What the worker is asked for: time in which messages come. */
export interface Passing {
	readonly seconds: number;
	readonly devices: number;
	/** All devices together. */
	readonly perSecond: number;
	/** So many times as fast as it is; Infinity: as fast as the machine can. */
	readonly pace: number;
}

export interface Passed {
	/** Since the worker began. */
	readonly sent: number;
	readonly stored: number;
	/** What the core told those who watch it, as a page does: how often. */
	readonly told: number;
}

export type FromFieldCore = Passed | { readonly failed: string };

/** What the page `field-core.html` can do. */
export interface FieldCoreBench {
	pass(of: Passing): Promise<Passed>;
}

declare global {
	var fieldCoreBench: FieldCoreBench;
}
