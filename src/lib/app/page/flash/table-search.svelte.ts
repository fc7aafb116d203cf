import type { BoardFacts } from '$lib/flash';
import { flashErrorWords, hexAddress, parseAddress, TABLE_GRID_BYTES } from '$lib/flash/view';
import type { BoardAtWork } from './works';

export type TableSearchState =
	| { readonly kind: 'asking'; readonly fault?: string }
	| { readonly kind: 'looking'; readonly offset: number }
	| { readonly kind: 'found'; readonly offset: number; readonly partitions: number };

/** The partition table of a board that has none at the usual places, sought where a person says. */
export class TableSearch {
	#state = $state.raw<TableSearchState>({ kind: 'asking' });
	/** None was found when the board answered. */
	readonly offered: boolean;

	constructor(
		private readonly at: Pick<BoardAtWork, 'table' | 'tableOffset' | 'known' | 'lookAt'>,
		private readonly board: Pick<BoardFacts, 'chip' | 'flashSizeBytes'>,
		private readonly onFound: () => void
	) {
		this.offered = at.known && at.table === undefined && board.chip !== 'ESP8266';
	}

	get state(): TableSearchState {
		return this.#state;
	}

	/** @param typed an address as a person writes it */
	async seek(typed: string, signal: AbortSignal): Promise<void> {
		if (this.#state.kind === 'looking') return;
		const offset = parseAddress(typed);
		const fault = this.#faultOf(offset);
		if (offset === undefined || fault !== undefined) return this.#ask(fault);
		this.#state = { kind: 'looking', offset };
		try {
			const looked = await this.at.lookAt(offset, signal);
			if (!looked.ok) return this.#ask(wordsOf(flashErrorWords(looked.error)));
			const { table, tableOffset } = this.at;
			if (!table || tableOffset === undefined)
				return this.#ask(`No partition table stands at ${hexAddress(offset)}.`);
			this.#state = { kind: 'found', offset: tableOffset, partitions: table.partitions.length };
			this.onFound();
		} catch (cause) {
			if (!signal.aborted) throw cause;
			this.#ask();
		}
	}

	#ask(fault?: string): void {
		this.#state = { kind: 'asking', ...(fault !== undefined && { fault }) };
	}

	#faultOf(offset: number | undefined): string | undefined {
		if (offset === undefined) return 'Write it like 0xc000.';
		if (offset % TABLE_GRID_BYTES !== 0) return 'A table begins at a sector: a multiple of 0x1000.';
		const { flashSizeBytes } = this.board;
		if (flashSizeBytes !== null && offset >= flashSizeBytes)
			return `This flash ends at ${hexAddress(flashSizeBytes - 1)}.`;
		return undefined;
	}
}

const wordsOf = ({ what, todo }: { readonly what: string; readonly todo: string }) => `${what}. ${todo}`;
