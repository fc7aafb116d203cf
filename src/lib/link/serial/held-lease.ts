import { err, ok, type Clock, type Result } from '$lib/base';
import type { FlashLease, LeaseOf, LineLease, SerialLine } from './lease';
import { OpenLine } from './open-line';
import { PortLost, type PortError, type PortUse, type SerialPortLike } from './port';

/** What a lease asks of the port that gave it. */
export interface LeaseGiver {
	readonly clock: Clock;
	handOn<V extends PortUse>(from: HeldLease, use: V): Promise<LeaseOf<V>>;
	release(from: HeldLease, why: PortLost['why']): Promise<void>;
	/** The port that the board is on after it went away; undefined where it does not come back. */
	back(from: HeldLease, lost: SerialPortLike, signal: AbortSignal): Promise<SerialPortLike | undefined>;
}

/** What both kinds of lease do alike: they end once, and close what they had open before the next one begins. */
export abstract class HeldLease {
	abstract readonly use: PortUse;
	readonly #ending = new AbortController();
	#ended: Promise<void> | undefined;

	constructor(
		protected readonly giver: LeaseGiver,
		protected port: SerialPortLike
	) {}

	get signal(): AbortSignal {
		return this.#ending.signal;
	}

	handTo<V extends PortUse>(use: V): Promise<LeaseOf<V>> {
		return this.giver.handOn(this, use);
	}

	release(): Promise<void> {
		return this.giver.release(this, 'released');
	}

	async back(lost: SerialPortLike, signal: AbortSignal): Promise<boolean> {
		return (await this.giver.back(this, lost, signal)) !== undefined;
	}

	/** The board is on another port now. For the giver only. */
	moved(port: SerialPortLike): void {
		this.port = port;
	}

	/** Tells the holder, then closes the port. For the giver only. */
	end(why: PortLost['why']): Promise<void> {
		this.#ending.abort(new PortLost(why)); // the first reason stays
		this.#ended ??= this.shut(why);
		return this.#ended;
	}

	/** Closes what is open; never rejects. */
	protected abstract shut(why: PortLost['why']): Promise<void>;
}

export class HeldFlashLease extends HeldLease implements FlashLease {
	readonly use = 'flash';

	get device(): SerialPortLike {
		return this.port;
	}

	protected async shut(): Promise<void> {
		try {
			await this.port.close();
		} catch {
			// closed by the flasher, as it should; gone; or still locked by it, and then the next open says "busy"
		}
	}
}

export class HeldLineLease extends HeldLease implements LineLease {
	readonly use = 'line';
	#opening: Promise<Result<OpenLine, PortError>> | undefined;

	async open(baud: number): Promise<Result<SerialLine, PortError>> {
		const before = this.#opening;
		const turn = (async () => {
			const earlier = await before;
			if (earlier?.ok) await earlier.value.close();
			if (this.signal.aborted) return err<PortError>({ kind: 'unplugged' });
			const { clock } = this.giver;
			return OpenLine.open(this.port, baud, {
				clock,
				back: (lost, signal) => this.giver.back(this, lost, signal),
				onLost: () => void this.giver.release(this, 'unplugged')
			});
		})();
		this.#opening = turn;
		const opened = await turn;
		return opened.ok ? ok(opened.value) : opened;
	}

	protected async shut(why: PortLost['why']): Promise<void> {
		const opened = await this.#opening;
		if (opened?.ok) await opened.value.end(why);
	}
}
