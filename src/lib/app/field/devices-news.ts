import type { DeviceId } from '$lib/model';
import { Watchers } from './watchers';
import type { DevicesNews, DeviceSummary } from './messages';

/** The facts beside the devices. */
type Beside = Pick<DevicesNews, 'refusedIds' | 'messagesPerSecond'>;

/** Of so many one telling speaks: a page that takes longer over them than a frame lasts would stutter. */
const MOST_A_TELLING = 40;

/**
 * Tells who follows the devices what has changed of them: to copy two thousand from worker to page each second holds the page up.
 * Whoever comes gets all of them first.
 */
export class DevicesTeller {
	readonly #watchers = new Watchers<DevicesNews>();
	readonly #told = new Map<DeviceId, DeviceSummary>();
	/** All that anybody may have been told of. */
	readonly #shown = new Set<DeviceId>();
	/** The one that is next, where not all that had changed were told of. */
	#nextId: DeviceId | undefined;

	get size(): number {
		return this.#watchers.size;
	}

	/** Some that have changed are not told of yet: tell again soon. */
	get behind(): boolean {
		return this.#nextId !== undefined;
	}

	add(
		emit: (news: DevicesNews) => void,
		signal: AbortSignal,
		devices: readonly DeviceSummary[],
		beside: Beside
	): void {
		// Nobody else waits for what has changed.
		if (this.size === 0) for (const device of devices) this.#told.set(device.id, device);
		for (const { id } of devices) this.#shown.add(id);
		this.#watchers.add(emit, signal, { whole: true, devices, gone: [], ...beside });
	}

	/** @param devices all of them; one that has not changed is the same object as before */
	tell(devices: readonly DeviceSummary[], beside: Beside): void {
		const changed = devices.filter((device) => this.#told.get(device.id) !== device);
		// In turn, so that the last of many is told of too while the first go on changing.
		const start = Math.max(
			0,
			changed.findIndex(({ id }) => id === this.#nextId)
		);
		const inTurn = start > 0 ? [...changed.slice(start), ...changed.slice(0, start)] : changed;
		const now = inTurn.slice(0, MOST_A_TELLING);
		this.#nextId = inTurn[MOST_A_TELLING]?.id;
		for (const device of now) {
			this.#told.set(device.id, device);
			this.#shown.add(device.id);
		}
		this.#watchers.tell({ ...{ whole: false, ...beside }, devices: now, gone: this.#gone(devices) });
	}

	#gone(devices: readonly DeviceSummary[]): readonly DeviceId[] {
		const here = new Set(devices.map(({ id }) => id));
		const gone = [...this.#shown].filter((id) => !here.has(id));
		for (const id of gone) {
			this.#told.delete(id);
			this.#shown.delete(id);
		}
		return gone;
	}
}

/** All devices, as the news of them say; one of whom there is none stays the same object. */
export class KnownDevices {
	#list: readonly DeviceSummary[] = [];
	#places = new Map<DeviceId, number>();

	/** @returns those that went */
	take({ whole, devices, gone }: Pick<DevicesNews, 'whole' | 'devices' | 'gone'>): readonly DeviceId[] {
		const here = new Set(devices.map(({ id }) => id));
		const went = new Set(whole ? this.#list.map(({ id }) => id).filter((id) => !here.has(id)) : gone);
		const list = went.size > 0 ? this.#list.filter(({ id }) => !went.has(id)) : this.#list.slice();
		if (went.size > 0) this.#places = new Map(list.map(({ id }, i) => [id, i]));
		for (const device of devices) {
			const place = this.#places.get(device.id) ?? list.length;
			list[place] = device;
			this.#places.set(device.id, place);
		}
		this.#list = list;
		return [...went];
	}

	/** In the order in which they were first heard of. */
	all(): readonly DeviceSummary[] {
		return this.#list;
	}

	find(id: string): DeviceSummary | undefined {
		const place = this.#places.get(id as DeviceId);
		return place === undefined ? undefined : this.#list[place];
	}
}
