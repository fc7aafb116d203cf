import { type DeviceStanding, standing } from '$lib/device/view';
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
