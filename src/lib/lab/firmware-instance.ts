import { err, ok, textOf, utf8, type Result } from '$lib/base';
import { boardImports, type BoardBody } from './board-imports';
import { cryptoImports } from './crypto-imports';
import type { Flash } from './flash';
import { flashImports, type FlashBody } from './flash-imports';
import { exportsOf, type FirmwareExports, type FirmwareFault } from './firmware-exports';

/** What a step tells of a board that is to start through its bootloader, with the other slot's program or the one before. */
export const RESET_WANTED = -2;

/** What a device of the instance is given by its host; docs/firmware.md §3. */
export interface DeviceBody {
	readonly flash: Flash;
	/** Takes one message. It must not call the instance: gather, and go on after the call. */
	publish(message: DevicePublish): void;
	log(line: DeviceLogLine): void;
	/** Its telemetry log and firmware slots; without, it keeps neither over a restart. */
	readonly regions?: FlashBody;
	/** Given to a device that was made with `board`, and only to one. */
	readonly board?: BoardBody;
}

/** What a device is made from; docs/firmware.md §2. */
export interface DeviceOptions {
	readonly id: string;
	readonly name: string;
	/** An integer, 0 … 2⁵³−1. */
	readonly seed: number;
	readonly config?: unknown;
	/** The simulated world, `Scenario` of firmware/sim/world.h; what is missing has its default. */
	readonly world?: unknown;
	/** Why it starts, docs/firmware.md §2; a power-on where it is missing. */
	readonly reset?: number;
	/** A board has its own network and session. @param mac 12 lower-case hex digits */
	readonly board?: { readonly mac: string };
}

export interface DevicePublish {
	readonly topic: string;
	readonly payload: Uint8Array<ArrayBuffer>;
	readonly qos: 0 | 1;
	readonly retain: boolean;
}

export interface DeviceLogLine {
	readonly level: 'critical' | 'error' | 'warning' | 'info' | 'debug';
	readonly tag: string;
	readonly text: string;
}

/** The two clocks a device is told: ms that only rise, and ms since the Unix epoch (0: not known). */
export interface DeviceTime {
	readonly monoMs: number;
	readonly unixMs: number;
}

export type DeviceHandle = number;
/** The firmware stopped in the middle of a call. Its other devices are as they were. */
export type Trapped = { kind: 'trapped'; cause: unknown };
export type CreateError = { kind: 'bad-options' | 'bad-id' | 'no-memory' | 'did-not-start' } | Trapped;

const CREATE_ERRORS = {
	'-1': 'bad-options',
	'-2': 'bad-id',
	'-3': 'no-memory',
	'-4': 'did-not-start'
} as const;
const LOG_LEVELS = { 0: 'critical', 1: 'error', 2: 'warning', 3: 'info', 4: 'debug' } as const;
const TEXTS = { willTopic: 0, willPayload: 1, commandTopic: 2, desiredTopic: 3 } as const;
const NOT_FOUND = -1;
const FAILED = -2;
const WASI_EBADF = 8;

/**
 * One instance of the firmware's WebAssembly, with many devices in it: the C ABI of docs/firmware.md as typed calls. A trap
 * becomes an error of the call, and leaves the instance usable for its other devices.
 */
export class FirmwareInstance {
	readonly #bodies = new Map<DeviceHandle, DeviceBody>();
	/** The body of the device under construction, which has no handle that we know yet. */
	#creating: DeviceBody | undefined;

	private constructor(
		private readonly wasm: FirmwareExports,
		private readonly stackTop: number
	) {}

	/** @param random 32 random bits */
	static async start(
		module: WebAssembly.Module,
		random: () => number
	): Promise<Result<FirmwareInstance, FirmwareFault>> {
		let self: FirmwareInstance | undefined;
		const bodyOf = (handle: number): DeviceBody | undefined => self?.body(handle);
		const memory = () => self!.wasm.memory.buffer;
		const bytes = (at: number, size: number) => new Uint8Array(memory(), at >>> 0, size >>> 0);
		const text = (at: number, size: number) => textOf(bytes(at, size)) ?? '';
		const badDescriptor = () => WASI_EBADF;
		const imports = {
			wasi_snapshot_preview1: { fd_write: badDescriptor, fd_close: badDescriptor, fd_seek: badDescriptor },
			fb: {
				publish(handle: number, t: number, tn: number, p: number, pn: number, qos: number, retain: number) {
					const body = bodyOf(handle);
					if (!body) return 0;
					const payload = bytes(p, pn).slice();
					body.publish({ topic: text(t, tn), payload, qos: qos === 0 ? 0 : 1, retain: retain !== 0 });
					return 1;
				},
				log(handle: number, level: number, t: number, tn: number, m: number, mn: number) {
					const known = LOG_LEVELS[level as keyof typeof LOG_LEVELS] ?? 'info';
					bodyOf(handle)?.log({ level: known, tag: text(t, tn), text: text(m, mn) });
				},
				storage_read(handle: number, k: number, kn: number, out: number, capacity: number) {
					const body = bodyOf(handle);
					if (!body) return FAILED;
					const record = body.flash.read(text(k, kn));
					if (!record) return NOT_FOUND;
					if (record.length <= capacity >>> 0) bytes(out, record.length).set(record);
					return record.length;
				},
				storage_write(handle: number, k: number, kn: number, p: number, pn: number) {
					return bodyOf(handle)?.flash.write(text(k, kn), bytes(p, pn).slice()) ? 0 : FAILED;
				},
				random: () => random() | 0,
				micros: () => performance.now() * 1000,
				...flashImports({ flash: (handle) => bodyOf(handle)?.regions, bytes }),
				...cryptoImports(bytes),
				...boardImports({ board: (handle) => bodyOf(handle)?.board, bytes })
			}
		};
		try {
			const instance = await WebAssembly.instantiate(module, imports);
			const wasm = exportsOf(instance.exports);
			if (!wasm.ok) return wasm;
			self = new FirmwareInstance(wasm.value, wasm.value.stackPointer.value);
			wasm.value.initialize();
			return ok(self);
		} catch (cause) {
			return err({ kind: 'not-firmware', cause });
		}
	}

	get devices(): number {
		return this.#bodies.size;
	}

	get memoryBytes(): number {
		return this.wasm.memory.buffer.byteLength;
	}

	create(options: DeviceOptions, body: DeviceBody, time: DeviceTime): Result<DeviceHandle, CreateError> {
		this.#creating = body;
		try {
			const made = this.guard(() =>
				this.withBytes([utf8(JSON.stringify(options))], ([at, size]) =>
					this.wasm.create(at!, size!, time.monoMs, time.unixMs)
				)
			);
			if (!made.ok) return made;
			if (made.value > 0) {
				this.#bodies.set(made.value, body);
				return ok(made.value);
			}
			const code = String(made.value) as keyof typeof CREATE_ERRORS;
			return err({ kind: CREATE_ERRORS[code] ?? 'did-not-start' });
		} finally {
			this.#creating = undefined;
		}
	}

	/** Total: also what trapped can be destroyed; where its own ending traps too, its memory is lost to the instance. */
	destroy(handle: DeviceHandle): void {
		this.guard(() => this.wasm.destroy(handle));
		this.#bodies.delete(handle);
	}

	/** @returns when to step next, in ms of the device's rising clock; Infinity: only on a message; RESET_WANTED */
	step(handle: DeviceHandle, time: DeviceTime): Result<number, Trapped> {
		const due = this.guard(() => this.wasm.step(handle, time.monoMs, time.unixMs));
		if (!due.ok || due.value === RESET_WANTED) return due;
		if (due.value < 0) return err({ kind: 'trapped', cause: new Error('the device did not come up again') });
		return ok(due.value >= 9e15 ? Infinity : due.value);
	}

	setLink(handle: DeviceHandle, up: boolean, time: DeviceTime): Result<void, Trapped> {
		return this.guard(() => this.wasm.link(handle, up ? 1 : 0, time.monoMs, time.unixMs));
	}

	/** @returns whether the device listens to that topic */
	receive(
		handle: DeviceHandle,
		topic: string,
		payload: Uint8Array,
		time: DeviceTime
	): Result<boolean, Trapped> {
		return this.guard(() =>
			this.withBytes(
				[utf8(topic), payload],
				([t, tn, p, pn]) => this.wasm.receive(handle, t!, tn!, p!, pn!, time.monoMs, time.unixMs) === 1
			)
		);
	}

	/** Bytes that came over a board's cable; step it afterwards. */
	serial(handle: DeviceHandle, bytes: Uint8Array, time: DeviceTime): Result<void, Trapped> {
		return this.guard(() =>
			this.withBytes([bytes], ([at, size]) => this.wasm.serial(handle, at!, size!, time.monoMs, time.unixMs))
		);
	}

	text(handle: DeviceHandle, which: keyof typeof TEXTS): Result<string, Trapped> {
		const capacity = 512; // the longest is a topic: 64 bytes of id and 26 around it
		return this.guard(() =>
			this.withBytes([new Uint8Array(capacity)], ([at]) => {
				const size = this.wasm.text(handle, TEXTS[which], at!, capacity);
				if (size < 0 || size > capacity) throw new Error(`text ${which} has ${size} bytes`);
				return textOf(new Uint8Array(this.wasm.memory.buffer, at, size).slice()) ?? '';
			})
		);
	}

	private body(handle: DeviceHandle): DeviceBody | undefined {
		return this.#bodies.get(handle) ?? this.#creating;
	}

	/** Runs `fn` with (pointer, length) of each argument copied into the module; frees them however it ends. */
	private withBytes<T>(args: readonly Uint8Array[], fn: (pointers: readonly number[]) => T): T {
		const pointers: number[] = [];
		try {
			for (const arg of args) {
				const at = this.wasm.alloc(arg.length || 1) >>> 0;
				if (at === 0) throw new Error(`no memory for ${arg.length} bytes`);
				new Uint8Array(this.wasm.memory.buffer, at, arg.length).set(arg);
				pointers.push(at, arg.length);
			}
			return fn(pointers);
		} finally {
			for (let i = 0; i < pointers.length; i += 2) this.wasm.free(pointers[i]!);
		}
	}

	/** A trap skips the epilogues that would give the C stack back: it is set to where it was before any call. */
	private guard<T>(fn: () => T): Result<T, Trapped> {
		try {
			return ok(fn());
		} catch (cause) {
			this.wasm.stackPointer.value = this.stackTop;
			return err({ kind: 'trapped', cause });
		}
	}
}
