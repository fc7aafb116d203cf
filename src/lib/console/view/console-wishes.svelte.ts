import { isBaud, type SmallStore } from '../adapter-bauds';
import { LINE_ENDINGS, type LineEnding } from '../send-bytes';
import type { StampKind } from '../text-clock';

const KEY = 'fieldbench-console';
const STAMPS: readonly StampKind[] = ['none', 'time', 'since-start', 'since-last'];

/** What is open under the console's row of acts. */
export type ConsolePanel = 'none' | 'filter' | 'view' | 'cable';

interface Kept {
	stamps: StampKind;
	wrap: boolean;
	ending: LineEnding;
	/** What is sent is shown in the log. */
	echo: boolean;
	/** `\x1b` in what is sent is a byte. */
	escapes: boolean;
	saveStamps: boolean;
	saveColours: boolean;
}
const USUAL: Kept = {
	stamps: 'none',
	wrap: true,
	ending: 'lf',
	echo: true,
	escapes: false,
	saveStamps: true,
	saveColours: false
};

/** How a person likes the console; kept in this browser where there is a store. */
export class ConsoleWishes {
	#now = $state.raw<Kept>(USUAL);

	constructor(private readonly store: SmallStore | undefined) {
		this.#now = { ...USUAL, ...readWishes(store) };
	}

	get now(): Readonly<Kept> {
		return this.#now;
	}

	set(change: Partial<Kept>): void {
		this.#now = { ...this.#now, ...change };
		try {
			this.store?.setItem(KEY, JSON.stringify(this.#now));
		} catch {
			// a full or forbidden store: the wishes hold for this visit
		}
	}
}

function readWishes(store: SmallStore | undefined): Partial<Kept> {
	try {
		const kept: unknown = JSON.parse(store?.getItem(KEY) ?? '{}');
		if (typeof kept !== 'object' || kept === null) return {};
		return Object.fromEntries(
			Object.entries(kept).filter(([name, value]) => {
				if (name === 'stamps') return STAMPS.some((kind) => kind === value);
				if (name === 'ending') return typeof value === 'string' && value in LINE_ENDINGS;
				return name in USUAL && typeof value === 'boolean';
			})
		);
	} catch {
		return {}; // another program's text, or a forbidden store
	}
}

/** This browser's small store, where the page may use it. */
export function smallStore(): SmallStore | undefined {
	try {
		return globalThis.localStorage;
	} catch {
		return undefined; // cookies are blocked
	}
}

/** A speed as typed by hand. */
export const baudOf = (typed: string): number | undefined => {
	const baud = Number(typed.replaceAll(/[\s.,_]/gu, ''));
	return isBaud(baud) ? baud : undefined;
};
