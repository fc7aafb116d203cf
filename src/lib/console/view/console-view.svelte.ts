import type { ConsoleLog, ConsoleShown } from '../console-log';

/** What a console shows of its log, taken at most once a frame, however fast the board writes. */
export class ConsoleView {
	#shown = $state.raw<ConsoleShown>({ groups: [], dropped: 0, waiting: 0, paused: false });
	#frame: number | undefined;

	constructor(private readonly log: ConsoleLog) {
		this.#shown = log.shown;
	}

	get shown(): ConsoleShown {
		return this.#shown;
	}

	/** Mirrors the log until `signal` aborts. */
	follow(signal: AbortSignal): void {
		this.#shown = this.log.shown;
		this.log.watch(() => {
			this.#frame ??= requestAnimationFrame(() => {
				this.#frame = undefined;
				this.#shown = this.log.shown;
			});
		}, signal);
		signal.addEventListener(
			'abort',
			() => {
				if (this.#frame !== undefined) cancelAnimationFrame(this.#frame);
				this.#frame = undefined;
			},
			{ once: true }
		);
	}
}
