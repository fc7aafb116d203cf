import { resolve } from '$app/paths';

/** The app's base path without a slash at its end: '' on a host of its own. */
export const basePath = resolve('/').replace(/\/$/u, '');

export const DEVICE_VIEWS = ['now', 'history', 'control', 'events', 'about'] as const;
export type DeviceView = (typeof DEVICE_VIEWS)[number];

/** Every address of the app, made in one place. */
export const links = {
	devices: () => resolve('/'),
	overview: () => resolve('/overview'),
	flash: () => resolve('/flash'),
	broker: () => resolve('/broker'),
	health: () => resolve('/health'),
	settings: () => resolve('/settings'),
	data: () => resolve('/settings/data'),
	/** @param query what more the address says, as `historyQueryText` has it */
	device: (id: string, view?: DeviceView, query = '') => {
		const page = resolve('/devices/[id]', { id: encodeURIComponent(id) });
		if (!view || view === 'now') return page;
		return query === '' ? `${page}?view=${view}` : `${page}?view=${view}&${query}`;
	}
};

/** Total: an address may say anything. */
export function parseDeviceView(text: string | null): DeviceView {
	return DEVICE_VIEWS.find((view) => view === text) ?? 'now';
}
