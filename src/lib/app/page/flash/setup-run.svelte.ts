import type { PortError, SerialLine } from '$lib/link';
import type { BrokerForm, Setup, SetupState, WifiForm } from '$lib/provision';
import type { BoardAtWork, OfferedBroker } from './works';

/** Setting one board up over its cable, and what its program says meanwhile. */
export class SetupRun {
	#state = $state.raw<SetupState>({ kind: 'looking' });
	#portError = $state.raw<PortError | undefined>(undefined);
	#brokers = $state.raw<readonly OfferedBroker[]>([]);
	#noBroker = $state<string>();
	#setup: Setup | undefined;
	#hear: (text: Uint8Array) => void = () => undefined;
	#line = $state.raw<SerialLine | undefined>(undefined);
	readonly #end = new AbortController();

	/** @param improvWaitS of the firmware that was just written; undefined: its maker says nothing, or nothing was written */
	constructor(
		private readonly at: BoardAtWork,
		private readonly improvWaitS?: number
	) {}

	get state(): SetupState {
		return this.#state;
	}

	/** For the console; undefined while it is not open. */
	get line(): SerialLine | undefined {
		return this.#line;
	}

	/** Why the line could not be opened. */
	get portError(): PortError | undefined {
		return this.#portError;
	}

	get brokers(): readonly OfferedBroker[] {
		return this.#brokers;
	}

	/** Why no broker is offered, in words. */
	get noBroker(): string | undefined {
		return this.#noBroker;
	}

	/** Opens the line and begins. Resolves when it waits for a person. @param hear takes what is neither Improv nor API */
	async begin(hear: (text: Uint8Array) => void): Promise<void> {
		const { signal } = this.#end;
		this.#hear = hear;
		this.#portError = undefined;
		const line = await this.at.listen(hear, signal);
		if (signal.aborted) return;
		if (!line.ok) {
			this.#portError = line.error;
			return;
		}
		this.#line = line.value;
		void this.#findBrokers(signal);
		this.#setup = this.at.setUp(line.value, signal, this.improvWaitS);
		this.#setup.watch((state) => (this.#state = state), signal);
		await this.#setup.begin();
	}

	/** Asks anew whether the board can be set up; where its line could not be opened, that first. */
	async again(): Promise<void> {
		await (this.#setup ? this.#setup.begin() : this.begin(this.#hear));
	}

	async join(form: WifiForm): Promise<void> {
		await this.#setup?.join(form);
	}

	async scan(): Promise<void> {
		await this.#setup?.chooseWifi();
	}

	async apply(form: BrokerForm): Promise<void> {
		await this.#setup?.apply(form);
	}

	async chooseBroker(): Promise<void> {
		await this.#setup?.chooseBroker();
	}

	/** Closes the line. */
	end(): void {
		this.#end.abort();
	}

	async #findBrokers(signal: AbortSignal): Promise<void> {
		try {
			const found = await this.at.brokers(signal);
			if (found.ok) this.#brokers = found.value;
			else this.#noBroker = found.error;
		} catch (cause) {
			if (!signal.aborted) throw cause;
		}
	}
}
