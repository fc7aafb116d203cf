import { err, ok, type Clock, type Result } from '$lib/base';
import type { BoardBody } from '../board-imports';
import type { FirmwareFault } from '../firmware-exports';
import type { FlashBody } from '../flash-imports';
import { FirmwareInstance, RESET_WANTED, type DeviceHandle, type DevicePublish } from '../firmware-instance';
import type { Flash } from '../flash';

export interface RunningParts {
	readonly id: string;
	readonly name: string;
	readonly mac: string;
	readonly seed: number;
	/** Why it starts, docs/firmware.md §2. */
	readonly reset: number;
	readonly records: Flash;
	readonly regions: FlashBody;
	readonly board: BoardBody;
	readonly clock: Clock;
	publish(message: DevicePublish): void;
	/** The bootloader is to choose again: the other slot's program, or the one before. */
	restarts(): void;
	/** The program stopped in the middle of a call; nothing runs any more. */
	died(cause: string): void;
}

export type StartFault = FirmwareFault | { kind: 'did-not-start'; cause: string };

/** No timer is longer: setTimeout wraps at 2³¹ ms. */
const LONGEST_WAIT_MS = 60_000;

/** The practice firmware while it runs: the module that was flashed, in an instance of its own. */
export class RunningFirmware {
	#handle: DeviceHandle | undefined;
	#outbox: DevicePublish[] = [];
	#cancelTimer: () => void = () => {};
	/** A call is under way. What an import brings about meanwhile waits: calls must not be nested (docs/firmware.md §1). */
	#calling = false;
	#waiting: (() => void)[] = [];
	readonly #startedMs: number;

	private constructor(
		private readonly instance: FirmwareInstance,
		private readonly parts: RunningParts
	) {
		this.#startedMs = parts.clock.now();
	}

	/** Compiles and starts what was flashed. */
	static async start(
		wasm: Uint8Array<ArrayBuffer>,
		parts: RunningParts
	): Promise<Result<RunningFirmware, StartFault>> {
		let module: WebAssembly.Module;
		try {
			module = await WebAssembly.compile(wasm);
		} catch (cause) {
			return err({ kind: 'not-firmware', cause });
		}
		const instance = await FirmwareInstance.start(
			module,
			() => crypto.getRandomValues(new Uint32Array(1))[0] ?? 0
		);
		if (!instance.ok) return instance;
		const running = new RunningFirmware(instance.value, parts);
		const { id, name, mac, seed, reset, records, regions, board } = parts;
		const made = instance.value.create(
			{ id, name, seed, reset, board: { mac } },
			{
				flash: records,
				regions,
				board,
				publish: (message) => void running.#outbox.push(message),
				log: () => {} // a board writes its log to its cable itself
			},
			running.#time()
		);
		if (!made.ok) return err({ kind: 'did-not-start', cause: made.error.kind });
		running.#handle = made.value;
		return ok(running);
	}

	/** Bytes from the cable. */
	serial(bytes: Uint8Array): void {
		if (this.#mustWait(() => this.serial(bytes))) return;
		this.#run((handle) => this.instance.serial(handle, bytes, this.#time()));
		this.step();
	}

	/** One message of its broker session. */
	receive(topic: string, payload: Uint8Array): void {
		if (this.#mustWait(() => this.receive(topic, payload))) return;
		this.#run((handle) => this.instance.receive(handle, topic, payload, this.#time()));
		this.step();
	}

	/** Runs what is due; called whenever something that the firmware polls has changed. */
	step(): void {
		if (this.#mustWait(() => this.step())) return;
		this.#cancelTimer();
		const due = this.#run((handle) => this.instance.step(handle, this.#time()));
		if (due === undefined || this.#handle === undefined) return;
		if (due === RESET_WANTED) {
			this.end();
			return this.parts.restarts();
		}
		const waitMs = Math.min(LONGEST_WAIT_MS, Math.max(1, Math.ceil(due - this.#time().monoMs)));
		this.#cancelTimer = this.parts.clock.after(waitMs, () => this.step());
	}

	/** The power is gone, or the chip is reset. */
	end(): void {
		this.#cancelTimer();
		if (this.#handle !== undefined) this.instance.destroy(this.#handle);
		this.#handle = undefined;
		this.#outbox = [];
		this.#waiting = [];
	}

	#mustWait(act: () => void): boolean {
		if (this.#calling) this.#waiting.push(act);
		return this.#calling;
	}

	#time() {
		const unixMs = this.parts.clock.now();
		return { monoMs: unixMs - this.#startedMs, unixMs };
	}

	/** What it published goes out after the call, since an answer may come at once. */
	#run<T>(call: (handle: DeviceHandle) => Result<T, { cause: unknown }>): T | undefined {
		if (this.#handle === undefined) return undefined;
		this.#calling = true;
		const result = call(this.#handle);
		this.#calling = false;
		const out = this.#outbox;
		this.#outbox = [];
		if (!result.ok) {
			const { cause } = result.error;
			this.end();
			this.parts.died(cause instanceof Error ? cause.message : String(cause));
			return undefined;
		}
		for (const message of out) this.parts.publish(message);
		for (const act of this.#waiting.splice(0)) queueMicrotask(act);
		return result.value;
	}
}
