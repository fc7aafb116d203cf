import { err, ok, systemClock, type Clock, type Result } from '$lib/base';
import { parseDeviceId } from '$lib/model';
import type { FirmwareFault } from './firmware-exports';
import { FirmwareInstance, type CreateError } from './firmware-instance';
import { MemoryFlash, type Flash } from './flash';
import { VirtualDevice, type DeviceLink, type VirtualDeviceOptions } from './virtual-device';

export type AddError = CreateError | { kind: 'not-simulated' } | { kind: 'bad-id' } | { kind: 'taken' };

export interface HostOptions {
	readonly clock?: Clock;
	/** ms of a clock that only rises. */
	readonly monoMs?: () => number;
	/** 0 ≤ x < 1, for pauses. The firmware's own randomness is the platform's. */
	readonly random?: () => number;
	readonly log?: (device: string, line: string) => void;
	/** A device came, went, crashed or was started again. */
	readonly onChange?: () => void;
}

/**
 * Runs virtual devices: the firmware's WebAssembly in this thread, in Node or in a worker. One device that misbehaves is
 * started again with a growing pause; the others go on.
 */
export class VirtualDeviceHost {
	readonly #devices = new Map<string, VirtualDevice>();

	private constructor(
		private readonly instance: FirmwareInstance,
		private readonly options: HostOptions
	) {}

	/** @param firmware the module, or its bytes */
	static async load(
		firmware: WebAssembly.Module | Uint8Array<ArrayBuffer>,
		options: HostOptions = {}
	): Promise<Result<VirtualDeviceHost, FirmwareFault>> {
		let module: WebAssembly.Module;
		try {
			module = firmware instanceof WebAssembly.Module ? firmware : await WebAssembly.compile(firmware);
		} catch (cause) {
			return err({ kind: 'not-firmware', cause });
		}
		const instance = await FirmwareInstance.start(
			module,
			() => crypto.getRandomValues(new Uint32Array(1))[0] ?? 0
		);
		return instance.ok ? ok(new VirtualDeviceHost(instance.value, options)) : instance;
	}

	/**
	 * Makes a device and steps it at once; its link is down until setLink(true).
	 * @param options without `flash` it forgets everything when it is removed
	 */
	add(
		options: Omit<VirtualDeviceOptions, 'flash'> & { flash?: Flash },
		link: DeviceLink
	): Result<VirtualDevice, AddError> {
		if (!parseDeviceId(options.id).ok) return err({ kind: 'bad-id' });
		if (!options.id.startsWith('sim-')) return err({ kind: 'not-simulated' });
		if (this.#devices.has(options.id)) return err({ kind: 'taken' });
		const clock = this.options.clock ?? systemClock;
		const monoMs =
			this.options.monoMs ?? (clock === systemClock ? () => performance.now() : () => clock.now());
		const device = VirtualDevice.start({ flash: new MemoryFlash(), ...options }, link, {
			instance: this.instance,
			clock,
			time: () => ({ monoMs: monoMs(), unixMs: clock.now() }),
			random: this.options.random ?? Math.random,
			log: this.options.log ?? (() => {}),
			changed: () => this.options.onChange?.()
		});
		if (!device.ok) return device;
		this.#devices.set(options.id, device.value);
		this.options.onChange?.();
		return device;
	}

	get(id: string): VirtualDevice | undefined {
		return this.#devices.get(id);
	}

	get devices(): readonly VirtualDevice[] {
		return [...this.#devices.values()];
	}

	/** Bytes of the firmware's memory, all devices together. */
	get memoryBytes(): number {
		return this.instance.memoryBytes;
	}

	remove(id: string): void {
		this.#devices.get(id)?.remove();
		if (this.#devices.delete(id)) this.options.onChange?.();
	}

	/** Ends them all. */
	close(): void {
		for (const id of [...this.#devices.keys()]) this.remove(id);
	}
}
