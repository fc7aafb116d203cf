import { type DeviceStanding, standing } from '$lib/device/view';
import type { StateName } from '$lib/ui';
import type { DeviceSummary } from '../field/messages';
import type { App } from './app.svelte';

/** Whether anything leads to the device now: the broker's session, or its own run in this browser. */
export function reachable(app: Pick<App, 'session' | 'lab'>, device: DeviceSummary): boolean {
	return device.links.some((link) => {
		if (link === 'mqtt') return app.session.live;
		if (link === 'loopback') return app.lab.devices.some((virtual) => virtual.id === device.id);
		return true;
	});
}

export function standingOf(
	app: Pick<App, 'session' | 'lab' | 'devices'>,
	device: DeviceSummary,
	nowMs: number
): DeviceStanding {
	return standing(device, {
		nowMs,
		lateAfterMs: app.devices.lateAfterMs(device.id),
		reachable: reachable(app, device)
	});
}

/** A device with how it stands now, and what fleets are counted by: to look that up in two thousand devices each time takes long. */
export interface Standing {
	readonly device: DeviceSummary;
	readonly state: StateName;
	readonly word: string;
	readonly simulated: boolean;
	/** It runs in this browser. */
	readonly local: boolean;
	/** W; undefined where it measures none. */
	readonly powerW: number | undefined;
}

export const standingAs = (device: DeviceSummary, state: StateName, word: string): Standing => ({
	...{ device, state, word },
	simulated: device.provenance === 'simulated',
	local: device.links.includes('loopback'),
	powerW: device.values['power']?.value
});

/**
 * How thousands of devices stand, asked many times a second: what is asked again is only how those stand that spoke or are due to be late.
 * Where none has changed, the list is the same object as before, and so is each standing.
 */
export class Standings {
	#list: readonly Standing[] = [];
	/** When each is late unless it speaks, ms since the epoch. */
	#dueMs: readonly number[] = [];
	#places: ReadonlyMap<DeviceSummary['id'], number> = new Map();
	#broker = false;
	#virtual: App['lab']['devices'] = [];
	#shape = 0;

	/** Another number once one has come, gone, been named anew or stands otherwise: measured values leave it as it is. @param newest as `of` gave it last */
	shapeOf(newest: readonly Standing[]): number {
		return newest === this.#list ? this.#shape : -1;
	}

	/** Of those asked for last. */
	find(id: DeviceSummary['id']): Standing | undefined {
		const place = this.#places.get(id);
		return place === undefined ? undefined : this.#list[place];
	}

	of(app: Pick<App, 'session' | 'lab' | 'devices'>, nowMs: number): readonly Standing[] {
		const { devices } = app.devices;
		// Read once: what is reactive is dear to read.
		const broker = app.session.live;
		const virtual = app.lab.devices;
		const asBefore = broker === this.#broker && virtual === this.#virtual;
		const before = this.#list;
		const now: Standing[] = [];
		const dues: number[] = [];
		let same = devices.length === before.length;
		let sameShape = same;
		for (let i = 0; i < devices.length; i++) {
			const device = devices[i]!;
			const last = before[i];
			const dueMs = this.#dueMs[i] ?? 0;
			if (asBefore && last?.device === device && nowMs <= dueMs) {
				now.push(last);
				dues.push(dueMs);
				continue;
			}
			const { state, word } = standingOf(app, device, nowMs);
			dues.push(state === 'live' ? device.lastSeenMs + app.devices.lateAfterMs(device.id) : Infinity);
			const stands = last?.state === state && last.word === word;
			if (stands && last.device === device) {
				now.push(last);
				continue;
			}
			same = false;
			sameShape &&= stands && looksLike(last.device, device);
			now.push(standingAs(device, state, word));
		}
		this.#dueMs = dues;
		this.#broker = broker;
		this.#virtual = virtual;
		if (same) return before;
		if (!sameShape) {
			this.#shape++;
			this.#places = new Map(now.map(({ device }, i) => [device.id, i]));
		}
		return (this.#list = now);
	}
}

/** The same device, found by the same words. */
const looksLike = (a: DeviceSummary, b: DeviceSummary): boolean =>
	a.id === b.id && a.name === b.name && a.firmware === b.firmware && a.provenance === b.provenance;
