import type { BoardFacts } from '$lib/flash';
import { Inspection, type InspectorPlace } from '$lib/flash/view';
import type { BoardLink } from './board-link.svelte';

/** The way into a board's flash and back. It leads in while the chip waits in download mode. */
export class InspectorDoor {
	#open = $state(false);
	/** The board restarted into its program since it answered. */
	#gone = $state(false);
	#inspection = $state.raw<Inspection | undefined>(undefined);

	constructor(private readonly link: Pick<BoardLink, 'at' | 'stage'>) {}

	get open(): boolean {
		return this.#open;
	}

	/** undefined while there is no board that waits. */
	get inspection(): Inspection | undefined {
		return this.#gone ? undefined : this.#inspection;
	}

	/** The board runs its program: it must be connected again before it can be looked into. */
	get gone(): boolean {
		return this.#gone;
	}

	/** @param place undefined for where it was left */
	enter(place?: InspectorPlace): void {
		this.#open = true;
		const { stage } = this.link;
		if (!this.#inspection && stage.kind === 'connected') this.#begin(stage.board);
		if (place) this.inspection?.go(place);
		void this.inspection?.look();
	}

	/** What was read and edited stays for the next time. */
	leave(): void {
		this.#open = false;
		this.#inspection?.stop();
	}

	/** A board answered, or was let go: what was read of another one is forgotten. */
	took(board: BoardFacts | undefined): void {
		this.#inspection?.stop();
		this.#inspection = undefined;
		this.#gone = false;
		if (!board || !this.#open) return;
		this.#begin(board);
		void this.inspection?.look();
	}

	/** Its program starts. */
	restarted(): void {
		this.#inspection?.stop();
		this.#inspection = undefined;
		this.#gone = true;
	}

	#begin(board: BoardFacts): void {
		const { at } = this.link;
		if (at)
			this.#inspection = new Inspection(
				(range, onBytes, signal) => at.read(range, onBytes, signal),
				board,
				at.tableOffset
			);
	}
}
