import type { DeviceId } from '$lib/model';
import { Watchers } from './watchers';
import type { DevicesNews, DeviceSummary } from './messages';

/** The facts beside the devices. */
type Beside = Pick<DevicesNews, 'refusedIds' | 'messagesPerSecond'>;

/**
 * Tells who follows the devices what has changed of them: to copy two thousand from worker to page each second holds the page up.
 * Whoever comes gets all of them first.
 */
export class DevicesTeller {
	readonly #watchers = new Watchers<DevicesNews>();
	#told: ReadonlyMap<DeviceId, DeviceSummary> = new Map();

	get size(): number {
		return this.#watchers.size;
	}

	add(
		emit: (news: DevicesNews) => void,
		signal: AbortSignal,
		devices: readonly DeviceSummary[],
		beside: Beside
	): void {
		this.#watchers.add(emit, signal, { whole: true, devices, gone: [], ...beside });
	}

	/** @param devices all of them; one that has not changed is the same object as before */
	tell(devices: readonly DeviceSummary[], beside: Beside): void {
		const before = this.#told;
		this.#told = new Map(devices.map((device) => [device.id, device]));
		this.#watchers.tell({
			...{ whole: false, ...beside },
			devices: devices.filter((device) => before.get(device.id) !== device),
			gone: [...before.keys()].filter((id) => !this.#told.has(id))
		});
	}
}

/** All devices, as the news of them say; one of whom there is none stays the same object. */
export class KnownDevices {
	readonly #byId = new Map<DeviceId, DeviceSummary>();

	/** @returns those that went */
	take({ whole, devices, gone }: Pick<DevicesNews, 'whole' | 'devices' | 'gone'>): readonly DeviceId[] {
		const here = new Set(devices.map(({ id }) => id));
		const went = whole ? [...this.#byId.keys()].filter((id) => !here.has(id)) : gone;
		for (const id of went) this.#byId.delete(id);
		for (const device of devices) this.#byId.set(device.id, device);
		return went;
	}

	/** In the order in which they were first heard of. */
	all(): readonly DeviceSummary[] {
		return [...this.#byId.values()];
	}

	find(id: string): DeviceSummary | undefined {
		return this.#byId.get(id as DeviceId);
	}
}
