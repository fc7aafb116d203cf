import { backoffMs, err, ok, type Clock, type Result } from '$lib/base';
import type {
	FirmwareInstance,
	DeviceHandle,
	DevicePublish,
	DeviceTime,
	CreateError,
	Trapped
} from './firmware-instance';
import { MemorySparseFlash } from './board/sparse-flash';
import type { Flash } from './flash';
import type { FlashBody } from './flash-imports';

/** What carries a virtual device's messages. Both are called outside of the firmware, and must not throw. */
export interface DeviceLink {
	publish(message: DevicePublish): void;
	/** The device is gone without a word: whoever plays the broker publishes its last will. */
	lost?(): void;
}

export interface VirtualDeviceOptions {
	/** Begins with `sim-` (docs/protocol.md §1). */
	readonly id: string;
	readonly name: string;
	/** Decides the simulated world: an integer, 0 … 2⁵³−1. */
	readonly seed: number;
	/** The configuration of a first boot, as `config.get` tells it; components it leaves out have their defaults. */
	readonly config?: unknown;
	/** Its surroundings, at every boot; what it leaves out has the firmware's default. */
	readonly world?: unknown;
	readonly flash: Flash;
}

export type VirtualDeviceState =
	{ kind: 'running' } | { kind: 'crashed'; cause: string; retryAtMs: number } | { kind: 'removed' };

export interface LastWill {
	readonly topic: string;
	readonly payload: string;
}

/** What the device runs on: one instance shared with others, its clocks, its dice. */
export interface DeviceHardware {
	readonly instance: FirmwareInstance;
	readonly clock: Clock;
	readonly time: () => DeviceTime;
	readonly random: () => number;
	readonly log: (device: string, line: string) => void;
	readonly changed: () => void;
}

/** Four hours of a climate sensor. */
const TELEMETRY_BYTES = 64 << 10;
/** `reset` of a device that stopped in the middle of a call, docs/firmware.md §2. */
const RESET_PANIC = 3;
const RESTART = { baseMs: 1000, maxMs: 60_000 };
/** Up this long, a device's earlier crashes no longer count for the pause after the next. */
const STEADY_MS = 120_000;
/** No timer is longer: setTimeout wraps at 2³¹ ms, and a clock that was set shows soon. */
const LONGEST_WAIT_MS = 60_000;

/** One device: stepped when due, crashed and started again by itself. Made by VirtualDeviceHost.add(). */
export class VirtualDevice {
	#handle: DeviceHandle | undefined;
	#state: VirtualDeviceState = { kind: 'running' };
	#linkUp = false;
	#crashes = 0;
	#crashesInRow = 0;
	#startedMs = 0;
	#published = 0;
	#outbox: DevicePublish[] = [];
	#cancelTimer: () => void = () => {};
	#will: LastWill = { topic: '', payload: '' };
	#commandTopic = '';
	#desiredTopic = '';
	/** Outlives its restarts, and not this page: each start of the page is a new log (docs/telemetry-log.md). */
	readonly #regions: FlashBody = { telemetry: new MemorySparseFlash(TELEMETRY_BYTES) };
	#reset: number | undefined;

	private constructor(
		private readonly options: VirtualDeviceOptions,
		private readonly link: DeviceLink,
		private readonly hardware: DeviceHardware
	) {}

	static start(
		options: VirtualDeviceOptions,
		link: DeviceLink,
		hardware: DeviceHardware
	): Result<VirtualDevice, CreateError> {
		const device = new VirtualDevice(options, link, hardware);
		const booted = device.boot();
		if (!booted.ok) return booted;
		device.stepNow();
		return ok(device);
	}

	get id(): string {
		return this.options.id;
	}
	get name(): string {
		return this.options.name;
	}
	get state(): VirtualDeviceState {
		return this.#state;
	}
	/** How often it trapped since it was added. */
	get crashes(): number {
		return this.#crashes;
	}
	/** Messages it handed over. */
	get published(): number {
		return this.#published;
	}
	/** Given to the broker before the session is opened. */
	get will(): LastWill {
		return this.#will;
	}
	/** Where it takes commands. */
	get commandTopic(): string {
		return this.#commandTopic;
	}
	/** What it listens to: its commands, and what is desired of it. */
	get topics(): readonly string[] {
		return [this.#commandTopic, this.#desiredTopic];
	}

	/** The session came up (the device then publishes its status and shadow) or went down. */
	setLink(up: boolean): void {
		this.#linkUp = up;
		this.run((handle) => this.hardware.instance.setLink(handle, up, this.hardware.time()));
	}

	/** One message from the link; what it is not listening to is ignored. */
	deliver(topic: string, payload: Uint8Array): void {
		this.run((handle) => this.hardware.instance.receive(handle, topic, payload, this.hardware.time()));
		this.stepNow();
	}

	/** Ends it, without a last word. */
	remove(): void {
		this.#cancelTimer();
		if (this.#handle !== undefined) this.hardware.instance.destroy(this.#handle);
		this.#handle = undefined;
		this.#state = { kind: 'removed' };
	}

	private boot(): Result<void, CreateError> {
		const { instance, time, log } = this.hardware;
		const { flash, ...options } = this.options;
		const body = {
			flash,
			regions: this.#regions,
			publish: (message: DevicePublish) => void this.#outbox.push(message),
			log: (line: { level: string; tag: string; text: string }) =>
				log(this.id, `${line.level} ${line.tag}: ${line.text}`)
		};
		const reset = this.#reset === undefined ? {} : { reset: this.#reset };
		const made = instance.create({ ...options, ...reset }, body, time());
		if (!made.ok) return made;
		this.#handle = made.value;
		this.#startedMs = this.hardware.clock.now();
		const texts = { willTopic: '', willPayload: '', commandTopic: '', desiredTopic: '' };
		for (const which of ['willTopic', 'willPayload', 'commandTopic', 'desiredTopic'] as const) {
			const text = instance.text(made.value, which);
			if (!text.ok) {
				instance.destroy(made.value);
				this.#handle = undefined;
				return err(text.error);
			}
			texts[which] = text.value;
		}
		this.#will = { topic: texts.willTopic, payload: texts.willPayload };
		this.#commandTopic = texts.commandTopic;
		this.#desiredTopic = texts.desiredTopic;
		this.#state = { kind: 'running' };
		return ok(undefined);
	}

	private stepNow(): void {
		if (this.#handle === undefined) return; // crashed meanwhile: the timer that runs is its restart
		this.#cancelTimer();
		const due = this.run((handle) => this.hardware.instance.step(handle, this.hardware.time()));
		if (due === undefined) return;
		const waitMs = Math.min(LONGEST_WAIT_MS, Math.max(1, Math.ceil(due - this.hardware.time().monoMs)));
		this.#cancelTimer = this.hardware.clock.after(waitMs, () => this.stepNow());
	}

	/** One call of the firmware; what it published goes out after it, so that a link may answer at once. */
	private run<T>(call: (handle: DeviceHandle) => Result<T, Trapped>): T | undefined {
		if (this.#handle === undefined) return undefined;
		const result = call(this.#handle);
		const out = this.#outbox;
		this.#outbox = [];
		if (!result.ok) {
			this.crash(result.error.cause);
			return undefined;
		}
		this.#published += out.length;
		for (const message of out) this.link.publish(message);
		return result.value;
	}

	private crash(cause: unknown): void {
		const { clock, instance, log, random, changed } = this.hardware;
		this.#cancelTimer();
		if (this.#handle !== undefined) instance.destroy(this.#handle);
		this.#handle = undefined;
		this.#outbox = [];
		if (clock.now() - this.#startedMs > STEADY_MS) this.#crashesInRow = 0;
		const waitMs = backoffMs(this.#crashesInRow++, random, RESTART);
		this.#crashes++;
		this.#reset = RESET_PANIC;
		const words = cause instanceof Error ? cause.message : String(cause);
		this.#state = { kind: 'crashed', cause: words, retryAtMs: clock.now() + waitMs };
		log(this.id, `crashed: ${words}`);
		this.#cancelTimer = clock.after(waitMs, () => this.restart());
		this.link.lost?.();
		changed();
	}

	private restart(): void {
		const booted = this.boot();
		if (!booted.ok) return this.crash('cause' in booted.error ? booted.error.cause : booted.error.kind);
		this.hardware.changed();
		if (this.#linkUp) this.setLink(true);
		this.stepNow();
	}
}
