import { PortLost, type PortError, type SerialLine } from '$lib/link';
import type { Adapter, AdapterBauds } from '../adapter-bauds';
import type { ConsoleLog } from '../console-log';

/** What a person does to the cable from its console, and what came of it. */
export class CableActs {
	#line = $state.raw<SerialLine | undefined>(undefined);
	#problem = $state.raw<PortError | undefined>(undefined);
	/** What a line itself says is plain: this tells that it was asked to change. */
	#asked = $state(0);

	constructor(
		private readonly log: ConsoleLog,
		private readonly bauds: AdapterBauds
	) {}

	/** undefined while nothing is open; a line that has ended is none. */
	get line(): SerialLine | undefined {
		return this.#line;
	}

	get problem(): PortError | undefined {
		return this.#problem;
	}

	get baud(): number | undefined {
		return this.#asked >= 0 ? this.#line?.baud : undefined;
	}

	get signals(): SerialLine['signals'] {
		return this.#asked >= 0 && this.#line ? this.#line.signals : {};
	}

	/** Uses this line until it ends or another is taken; the log tells of its end. @returns how to let go of it */
	take(line: SerialLine | undefined): () => void {
		this.#problem = undefined;
		this.#line = line?.signal.aborted === false ? line : undefined;
		if (!line || line.signal.aborted) return () => undefined;
		const leave = new AbortController();
		const end = () => {
			this.#line = undefined;
			const { reason } = line.signal as { reason: unknown };
			const unplugged = reason instanceof PortLost && reason.why === 'unplugged';
			this.log.note(unplugged ? 'The board was unplugged' : 'Stopped listening', 'page', Date.now());
		};
		line.signal.addEventListener('abort', end, { signal: leave.signal });
		return () => leave.abort();
	}

	async setBaud(baud: number, adapter: Adapter | undefined): Promise<void> {
		this.#say(`Listening at ${baud} baud`);
		await this.#attempt((line) => line.setBaud(baud));
		if (adapter && this.#line?.baud === baud) this.bauds.keep(adapter, baud);
	}

	async reset(into: 'program' | 'download'): Promise<void> {
		this.#say(into === 'program' ? 'Reset' : 'Reset into download mode');
		await this.#attempt((line) => line.reset(into));
	}

	async setSignals(change: SerialLine['signals']): Promise<void> {
		this.log.restartAsked(Date.now());
		await this.#attempt((line) => line.setSignals(change));
	}

	/** @param echo what the log shows of it; undefined for nothing */
	async send(bytes: Uint8Array, echo: string | undefined): Promise<void> {
		if (echo !== undefined) this.log.note(echo, 'sent', Date.now());
		await this.#attempt((line) => line.write(bytes, line.signal));
	}

	#say(text: string): void {
		this.log.note(text, 'page', Date.now());
		this.log.restartAsked(Date.now());
	}

	async #attempt(act: (line: SerialLine) => ReturnType<SerialLine['reset']>): Promise<void> {
		const line = this.#line;
		if (!line) return;
		try {
			const done = await act(line);
			this.#problem = done.ok ? undefined : done.error;
		} catch (cause) {
			if (!line.signal.aborted) throw cause;
			this.#problem = { kind: 'unplugged' };
		} finally {
			this.#asked++;
		}
	}
}
