/** What a figure is held against. A miss is printed as one. */
export type Target =
	| { readonly kind: 'at-most'; readonly value: number }
	| { readonly kind: 'at-least'; readonly value: number }
	/** At least `share` (0…1) of what the named peer does in the same run. */
	| { readonly kind: 'share-of-peer'; readonly peer: string; readonly share: number };

/** One line of the table. The first four members are what `results.json` holds. */
export interface Row {
	readonly name: string;
	/** The median of the runs, unless the name says otherwise. */
	readonly value: number;
	readonly unit: string;
	/** What others need for the same, measured in the same run, in turn with ours. */
	readonly peers: Readonly<Record<string, number>>;
	readonly target?: Target;
	/** Every run's value, in the order they were made. */
	readonly runs: readonly number[];
	/** How it was measured, in a few words, and whatever spoils the comparison. */
	readonly notes: readonly string[];
}

export interface FigureOptions {
	/** Fewer and shorter runs: to see that it works, not to quote. */
	readonly quick: boolean;
	readonly signal: AbortSignal;
	/** Says what is being done, for the person who waits. */
	say(text: string): void;
}

/** Something that can be measured. One that cannot be measured throws. */
export interface Figure {
	readonly name: string;
	measure(options: FigureOptions): Promise<readonly Row[]>;
}

/** Whether the row reaches its target; undefined where it has none. */
export function reaches({ value, peers, target }: Row): boolean | undefined {
	switch (target?.kind) {
		case undefined:
			return undefined;
		case 'at-most':
			return value <= target.value;
		case 'at-least':
			return value >= target.value;
		case 'share-of-peer': {
			const peer = peers[target.peer];
			return peer !== undefined && value >= target.share * peer;
		}
	}
}
