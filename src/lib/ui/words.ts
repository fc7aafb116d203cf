/** What every trouble is told with, in this order; made in a room's view, exhaustively, from the error's `kind`. */
export interface Words {
	/** What happened. */
	readonly what: string;
	/** What it means for the person. */
	readonly means: string;
	/** What to do now. */
	readonly todo: string;
	/** Facts to read and copy, for whoever helps. */
	readonly details?: string;
}
