import { createContext } from 'svelte';
import { ToastTray } from '$lib/ui';
import { BrokerProfiles } from './broker-profiles.svelte';
import { DeviceList } from './device-list.svelte';
import type { FieldPort } from './field-port';
import { NoticeList, RoleView, SessionView } from './field-views.svelte';
import { Install } from './install.svelte';
import { type LabPort, LabView } from './lab-view.svelte';
import { StorageView } from './storage-view.svelte';
import { Theme } from './theme.svelte';
import { Updates } from './updates.svelte';

/** What screens are made from: one of each, for the life of the page. */
export interface App {
	readonly field: FieldPort;
	readonly devices: DeviceList;
	readonly session: SessionView;
	readonly notices: NoticeList;
	readonly role: RoleView;
	readonly brokers: BrokerProfiles;
	readonly lab: LabView;
	readonly storage: StorageView;
	readonly theme: Theme;
	readonly install: Install;
	readonly updates: Updates;
	readonly toasts: ToastTray;
}

const [getApp, setApp] = createContext<App>();
export { getApp, setApp };

/** Joins the views to the services; they follow until `signal` aborts. */
export function createApp(services: { field: FieldPort; lab: LabPort }, signal: AbortSignal): App {
	const { field, lab } = services;
	const app: App = {
		field,
		devices: new DeviceList(),
		session: new SessionView(),
		notices: new NoticeList(),
		role: new RoleView(),
		brokers: new BrokerProfiles(field),
		lab: new LabView(lab),
		storage: new StorageView(field),
		theme: new Theme(),
		install: new Install(),
		updates: new Updates(),
		toasts: new ToastTray()
	};
	app.devices.follow(field, signal);
	app.session.follow(field, signal);
	app.notices.follow(field, signal);
	app.role.follow(field, signal);
	app.lab.follow(signal);
	app.install.follow(signal);
	return app;
}
