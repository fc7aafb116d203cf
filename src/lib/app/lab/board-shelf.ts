import { err, ok, randomId, type Clock, type Result } from '$lib/base';
import {
	faultsOf,
	INSTANT_TIMING,
	PracticeBoard,
	RADIO_TIMES,
	TYPICAL_TIMING,
	USUAL_MAKE,
	type BoardFault,
	type BoardWorld,
	type Cable,
	type IdbSparseFlash,
	type LabBoard,
	type LabStore
} from '$lib/lab';
import type { BoardAct, BoardInfo, LabError, NewBoard, OpenPortError, PortEvent } from './messages';

/** More than a class needs on one desk. */
export const MAX_BOARDS = 8;
/** Bytes kept for an opener that has not begun to listen. */
const MOST_EARLY_BYTES = 64 * 1024;

export interface BoardShelfParts {
	readonly store: Pick<LabStore, 'boards' | 'putBoard' | 'removeBoard' | 'boardFlash'>;
	readonly world: Omit<BoardWorld, 'radio'>;
	readonly clock: Clock;
	/** Resolves when whoever holds the Web Lock of that name is gone; never where there are no Web Locks. */
	readonly whenReleased: (lock: string) => Promise<void>;
	readonly changed: () => void;
}

/** A board, how it is remembered, and its flash, which outlives a change of its times. */
interface Kept {
	board: PracticeBoard;
	row: LabBoard;
	readonly flash: IdbSparseFlash;
}

/** One opener of a board's cable. */
interface Session {
	readonly mac: string;
	readonly cable: Cable;
	emit: ((event: PortEvent) => void) | undefined;
	early: PortEvent[];
	earlyBytes: number;
}

/** The practice boards of this browser: remembered, plugged in or not, and each open to one tab at a time. */
export class BoardShelf {
	readonly #boards = new Map<string, Kept>();
	readonly #sessions = new Map<string, Session>();

	constructor(private readonly parts: BoardShelfParts) {}

	/** Brings back what is remembered; what was plugged in boots. */
	async start(): Promise<void> {
		for (const row of await this.parts.store.boards()) await this.#restore(row);
	}

	list(): readonly BoardInfo[] {
		return [...this.#boards.values()].map(({ board, row, flash }) => ({
			id: row.mac,
			name: row.name,
			mac: row.mac,
			state: board.state,
			instant: row.instant,
			make: row.make,
			onBus: board.onBus,
			faults: row.faults,
			...(flash.failure !== undefined && { notKept: flash.failure })
		}));
	}

	/** A new one, plugged in and on the bus. The same MAC again gives what is there. */
	async add({ mac, name, make = USUAL_MAKE }: NewBoard): Promise<Result<BoardInfo, LabError>> {
		if (!this.#boards.has(mac)) {
			if (this.#boards.size >= MAX_BOARDS) return err({ kind: 'too-many', most: MAX_BOARDS });
			const createdMs = this.parts.clock.now();
			const row: LabBoard = { mac, name, make, plugged: true, instant: false, faults: [], createdMs };
			try {
				await this.parts.store.putBoard(row);
				await this.#restore(row);
				await onBus(this.#boards.get(mac)?.board);
			} catch (cause) {
				return err({ kind: 'not-stored', cause: String(cause) });
			}
		}
		const info = this.list().find((board) => board.id === mac);
		return info ? ok(info) : err({ kind: 'not-stored', cause: 'it is gone already' });
	}

	async remove(mac: string): Promise<void> {
		const known = this.#boards.get(mac);
		known?.board.unplug();
		this.#boards.delete(mac);
		// What was still to be written must not come after the forgetting: nobody would ever forget that.
		await known?.flash.flush();
		await this.parts.store.removeBoard(mac);
		this.parts.changed();
	}

	async act(mac: string, act: BoardAct): Promise<void> {
		const known = this.#boards.get(mac);
		if (!known) return;
		const { board } = known;
		if (act === 'boot-down' || act === 'boot-up') board.pressBoot(act === 'boot-down');
		else if (act === 'en') board.pressEn();
		else if (act === 'plug' || act === 'unplug') {
			if (act === 'plug') board.plug();
			else board.unplug();
			await this.#keep(known, { plugged: act === 'plug' });
		} else {
			// Another speed is another board around the same flash: as if the cable had been pulled meanwhile.
			board.unplug();
			await this.#keep(known, { instant: act === 'take-no-time' });
			known.board = this.#make(known.row, known.flash);
			if (known.row.plugged) known.board.plug();
			this.parts.changed();
		}
	}

	/** From now on, and kept. */
	async misbehave(mac: string, faults: readonly BoardFault[]): Promise<void> {
		const known = this.#boards.get(mac);
		if (!known) return;
		known.board.misbehave(faultsOf(faults));
		await this.#keep(known, { faults });
		this.parts.changed();
	}

	/** @param lock a Web Lock that the opener's tab holds: when it is released, the cable is let go */
	open({ id, baud, lock }: { id: string; baud: number; lock: string }): Result<string, OpenPortError> {
		const known = this.#boards.get(id);
		if (!known) return err('unplugged');
		const opened = known.board.openCable(baud);
		if (!opened.ok) return opened;
		const name = randomId();
		const session: Session = { mac: id, cable: opened.value, emit: undefined, early: [], earlyBytes: 0 };
		this.#sessions.set(name, session);
		opened.value.onBytes((bytes) => this.#tell(session, { kind: 'bytes', bytes }));
		opened.value.onLost(() => {
			this.#tell(session, { kind: 'lost' });
			this.#sessions.delete(name);
		});
		void this.parts.whenReleased(lock).then(() => this.close(name));
		return ok(name);
	}

	/** What the cable brings, from its opening on, until `signal` aborts. */
	listen(name: string, emit: (event: PortEvent) => void, signal: AbortSignal): void {
		const session = this.#sessions.get(name);
		if (!session) return emit({ kind: 'lost' });
		session.emit = emit;
		for (const event of session.early.splice(0)) emit(event);
		signal.addEventListener('abort', () => this.close(name), { once: true });
	}

	/** Resolves when the line has taken the bytes; at once where the cable is gone, whose loss is told apart. */
	async write(name: string, bytes: Uint8Array): Promise<void> {
		await this.#sessions.get(name)?.cable.write(bytes);
	}

	setSignals(name: string, signals: { dataTerminalReady?: boolean; requestToSend?: boolean }): void {
		this.#sessions.get(name)?.cable.setSignals(signals);
	}

	close(name: string): void {
		this.#sessions.get(name)?.cable.close();
		this.#sessions.delete(name);
	}

	async #keep(known: Kept, change: Partial<LabBoard>): Promise<void> {
		known.row = { ...known.row, ...change };
		await this.parts.store.putBoard(known.row);
	}

	async #restore(row: LabBoard): Promise<void> {
		const flash = await this.parts.store.boardFlash(row.mac, row.make.flashBytes);
		const board = this.#make(row, flash);
		this.#boards.set(row.mac, { board, row, flash });
		if (row.plugged) board.plug();
		this.parts.changed();
	}

	#make({ mac, name, instant, make, faults }: LabBoard, flash: IdbSparseFlash): PracticeBoard {
		const { world, clock, changed } = this.parts;
		const timing = instant ? INSTANT_TIMING : TYPICAL_TIMING;
		const radio = instant ? { scanMs: 50, joinMs: 50 } : RADIO_TIMES;
		const board = new PracticeBoard({
			...{ chip: make.chip, usb: make.usb, mac, name, flash, timing, clock, world: { ...world, radio } },
			random: Math.random,
			onChange: changed
		});
		board.misbehave(faultsOf(faults));
		return board;
	}

	#tell(session: Session, event: PortEvent): void {
		if (session.emit) return session.emit(event);
		session.earlyBytes += event.kind === 'bytes' ? event.bytes.length : 0;
		if (session.earlyBytes <= MOST_EARLY_BYTES) session.early.push(event);
	}
}

/** Resolves when a host sees a port of it: a chip's own USB takes a moment. */
function onBus(board: PracticeBoard | undefined): Promise<void> {
	return new Promise((resolve) => {
		if (!board || board.onBus) return resolve();
		const end = new AbortController();
		const look = () => {
			if (!board.onBus) return;
			end.abort();
			resolve();
		};
		board.watch(look, end.signal);
	});
}
