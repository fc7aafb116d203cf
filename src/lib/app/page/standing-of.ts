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

/** A device with how it stands now. */
export interface Standing {
	readonly device: DeviceSummary;
	readonly state: StateName;
	readonly word: string;
}

/** How thousands of devices stand, asked each second: one of whom nothing has changed stays the same object. */
export class Standings {
	#known: ReadonlyMap<DeviceSummary['id'], Standing> = new Map();

	of(app: Pick<App, 'session' | 'lab' | 'devices'>, nowMs: number): readonly Standing[] {
		// Read once: what is reactive is dear to read.
		const broker = app.session.live;
		const virtual = new Set<string>(app.lab.devices.map(({ id }) => id));
		const before = this.#known;
		const now = app.devices.devices.map((device): Standing => {
			const reachable = device.links.some(
				(link) => (link !== 'mqtt' || broker) && (link !== 'loopback' || virtual.has(device.id))
			);
			const lateAfterMs = app.devices.lateAfterMs(device.id);
			const { state, word } = standing(device, { nowMs, reachable, lateAfterMs });
			const last = before.get(device.id);
			const same = last?.device === device && last.state === state && last.word === word;
			return same ? last : { device, state, word };
		});
		this.#known = new Map(now.map((one) => [one.device.id, one]));
		return now;
	}
}
