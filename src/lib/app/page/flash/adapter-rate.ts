import { adapterOf, type BaudMemory, firstBaud, type Flasher, type FlashReport, keptAfter } from '$lib/flash';
import { isNativeUsb, type BoardPort } from '$lib/link';

/** The rate of one cable's adapter: what it kept last time, and what each act teaches. A chip's own USB has none. */
export class AdapterRate {
	/** @param memory without one, every act begins at the default */
	constructor(
		private readonly port: BoardPort,
		private readonly memory: BaudMemory | undefined
	) {}

	/** Bits per second to begin with. */
	get first(): number {
		const adapter = adapterOf(this.port);
		return firstBaud(adapter === undefined ? undefined : this.memory?.recall(adapter));
	}

	/** A person's choice. */
	beginAt(baud: number): void {
		this.#keep({ baud, cleanWrites: 0 });
	}

	wrote(report: FlashReport): void {
		const adapter = adapterOf(this.port);
		if (adapter === undefined || isNativeUsb(this.port)) return;
		this.#keep(keptAfter(this.memory?.recall(adapter), report));
	}

	/** A line that lost bytes begins slower the next time too, also where that write or read came to nothing. */
	slowed({ slowedTo }: Flasher): void {
		if (slowedTo !== undefined && slowedTo < this.first) this.beginAt(slowedTo);
	}

	#keep(kept: Parameters<BaudMemory['keep']>[1]): void {
		const adapter = adapterOf(this.port);
		if (adapter !== undefined) this.memory?.keep(adapter, kept);
	}
}
