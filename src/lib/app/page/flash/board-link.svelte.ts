import type { BoardFacts, FlashError } from '$lib/flash';
import type { SerialPortLike } from '$lib/link';
import { type GrantedPort, SerialPorts } from './serial-ports.svelte';
import type { BoardAtWork, FlashWorks } from './works';

export type BoardStage =
	| { readonly kind: 'none' }
	| { readonly kind: 'connecting'; readonly attempt: number }
	| { readonly kind: 'connected'; readonly board: BoardFacts }
	| { readonly kind: 'failed'; readonly error: FlashError };

/** The board that this page talks to: which port, and what its chip said. */
export class BoardLink {
	#stage = $state.raw<BoardStage>({ kind: 'none' });
	#practice = $state<string>();
	#nothingChosen = $state(false);
	readonly #ports: SerialPorts;
	#trying: AbortController | undefined;
	#at: BoardAtWork | undefined;

	/** @param onBoard told each board that answered, and undefined when it is let go */
	constructor(
		private readonly works: Pick<FlashWorks, 'door' | 'practice' | 'boardOn'>,
		private readonly onBoard: (board: BoardFacts | undefined) => void
	) {
		this.#ports = new SerialPorts(works.door);
	}

	get stage(): BoardStage {
		return this.#stage;
	}

	/** The practice board's id, when the port is one's. */
	get practice(): string | undefined {
		return this.#practice;
	}

	/** The picker was closed without a choice. */
	get nothingChosen(): boolean {
		return this.#nothingChosen;
	}

	get support(): SerialPorts['support'] {
		return this.#ports.support;
	}

	get ports(): readonly GrantedPort[] {
		return this.#ports.granted;
	}

	get at(): BoardAtWork | undefined {
		return this.#at;
	}

	follow(signal: AbortSignal): void {
		this.#ports.follow(signal);
		signal.addEventListener('abort', () => void this.clear(), { once: true });
	}

	async choosePort(): Promise<void> {
		this.#nothingChosen = false;
		const chosen = await this.#ports.choose();
		if (chosen) return this.#open(chosen.port);
		this.#nothingChosen = true;
	}

	async connectPort(id: string): Promise<void> {
		const known = this.ports.find((port) => port.id === id);
		if (known) await this.#open(known.port);
	}

	async connectPractice(id: string): Promise<void> {
		const port = this.works.practice?.openPort(id);
		if (port) await this.#open(port, id);
	}

	/** Asks the same board again. */
	async retry(): Promise<void> {
		if (this.#at) await this.#ask(this.#at);
	}

	/** Stops asking; the port is free again. */
	cancel(): void {
		this.#trying?.abort();
	}

	/** Lets go of the board. */
	async clear(): Promise<void> {
		this.cancel();
		const at = this.#at;
		this.#at = undefined;
		this.#practice = undefined;
		this.#stage = { kind: 'none' };
		this.onBoard(undefined);
		await at?.release();
	}

	async #open(port: SerialPortLike, practice?: string): Promise<void> {
		await this.clear();
		this.#nothingChosen = false;
		this.#practice = practice;
		this.#at = this.works.boardOn(port);
		await this.#ask(this.#at);
	}

	async #ask(at: BoardAtWork): Promise<void> {
		const trying = new AbortController();
		this.#trying = trying;
		this.#stage = { kind: 'connecting', attempt: 1 };
		const tell = (attempt: number) => {
			if (!trying.signal.aborted) this.#stage = { kind: 'connecting', attempt };
		};
		try {
			const answer = await at.connect(tell, trying.signal);
			if (this.#at !== at) return;
			this.#stage = answer.ok
				? { kind: 'connected', board: answer.value }
				: { kind: 'failed', error: answer.error };
			this.onBoard(answer.ok ? answer.value : undefined);
		} catch (cause) {
			if (!trying.signal.aborted) throw cause;
			if (this.#at === at) await this.clear();
		}
	}
}
