import { browserToGuard, err, guardWork, ok, type Result, untilAborted } from '$lib/base';
import {
	loadBuild,
	loadCatalogue,
	loadFiles,
	loadManifest,
	pickBuild,
	serialTypeOf,
	SettingsSnapshots
} from '$lib/flash';
import { PRACTICE_NETWORK, PracticePort, type BoardUsb } from '$lib/lab';
import type { ConsoleLog } from '$lib/console';
import type { DeviceId } from '$lib/model';
import { brokerAddresses } from '$lib/provision';
import { addressWords, NO_ADDRESS } from '$lib/provision/view';
import { pickSave } from '$lib/ui';
import type { BrokerProfile } from '../../field/messages';
import { compressInWorker } from '../../flash/compress-in-worker';
import type { App } from '../app.svelte';
import { connectLocal } from '../connect-local';
import { basePath } from '../links';
import { labErrorWords } from '../lab-words';
import { findLocalBrokers, type LocalBroker, sameAddress } from '../local-broker';
import { keptBauds } from './baud-memory';
import { boardView } from './board-view';
import { CableBoard } from './cable-board';
import { openFiles } from './open-files';
import { recentShelf } from './recent-shelf';
import { SECRET_NOT_KEPT } from './settings-step-words';
import { noBuildWords, sourceErrorWords } from './source-words';
import type { FirmwareShelf, FlashWorks, OfferedBroker, PracticeShelf } from './works';

/** Joins the Flash page to the rooms below it: the one place where they meet. */
export function joinWorks(app: App, log: ConsoleLog): FlashWorks {
	const door = navigator.serial;
	const board = {
		...(door && { serial: door }),
		compressor: compressInWorker,
		log: (line: string) => log.note(line, 'page', Date.now()),
		bauds: keptBauds(() => localStorage),
		firstMessage: (device: DeviceId, signal: AbortSignal) => heardLive(app, device, signal),
		brokers: (onPage: boolean, signal: AbortSignal) => offeredBrokers(app, onPage, signal)
	};
	return {
		door,
		practice: practiceShelf(app),
		firmware: shelf(),
		settings: new SettingsSnapshots(indexedDB),
		async keepSecret(device, secret) {
			const kept = await app.field.call('saveDeviceSecret', { device, secret });
			if (!kept.ok) app.toasts.say(SECRET_NOT_KEPT[kept.error.kind]);
		},
		pickSave,
		// A practice board's own USB comes back on a bus of its own.
		boardOn: (port) =>
			new CableBoard(port, port instanceof PracticePort ? { ...board, serial: port.bus } : board),
		async guarded(during) {
			const end = new AbortController();
			guardWork(browserToGuard(), end.signal);
			try {
				return await during();
			} finally {
				end.abort();
			}
		}
	};
}

/** The practice boards of this browser, as the page shows them. */
function practiceShelf(app: App): PracticeShelf {
	const { boards } = app.lab;
	const usbOf = new Map<string, BoardUsb>();
	return {
		network: PRACTICE_NETWORK,
		watch: (emit, signal) =>
			boards.watchBoards((all) => {
				for (const { id, make } of all) usbOf.set(id, make.usb);
				emit(all.map(boardView));
			}, signal),
		async make(order) {
			const made = await app.lab.addBoard(order);
			if (!made.ok) return err(labErrorWords(made.error));
			usbOf.set(made.value.id, made.value.make.usb);
			return ok(made.value.id);
		},
		remove: (id) => boards.removeBoard(id),
		act: (id, act) => boards.actOnBoard(id, act),
		misbehave: (id, faults) => boards.faultsOfBoard(id, faults),
		openPort: (id) => boards.openPort(id, usbOf.get(id) ?? 'bridge')
	};
}

function shelf(): FirmwareShelf {
	const fetching = (signal: AbortSignal) => ({
		fetch: globalThis.fetch.bind(globalThis),
		page: { href: location.href, online: navigator.onLine },
		signal
	});
	return {
		async catalogue(signal) {
			const found = await loadCatalogue(`${basePath}/firmware/catalogue.json`, fetching(signal));
			return found.ok ? ok(found.value.entries) : err(sourceErrorWords(found.error));
		},
		async fetchManifest(url, board, usb, signal) {
			const manifest = await loadManifest(url, fetching(signal));
			if (!manifest.ok) return err(sourceErrorWords(manifest.error));
			const build = pickBuild(manifest.value, board, serialTypeOf(usb));
			if (!build) return err(noBuildWords(manifest.value, board));
			const source = await loadBuild(manifest.value, build, fetching(signal));
			return source.ok ? source : err(sourceErrorWords(source.error));
		},
		fromFiles: loadFiles,
		open: openFiles,
		recent: recentShelf()
	};
}

/** Where a board finds the broker that this page listens to, in words; or why there is no such address. */
async function offeredBrokers(
	app: App,
	onPage: boolean,
	signal: AbortSignal
): Promise<Result<readonly OfferedBroker[], string>> {
	const servers = await findLocalBrokers(basePath, signal);
	const broker = (await profileInUse(app)) ?? (await useLocal(app, servers));
	const found = brokerAddresses({ broker, servers, onPage });
	return found.kind === 'some' ? ok(found.addresses.map(addressWords)) : err(NO_ADDRESS[found.reason]);
}

/** The profile of the page's session, also while it is only being connected. */
async function profileInUse(app: App): Promise<BrokerProfile | undefined> {
	if (!app.brokers.profiles) await app.brokers.load();
	const session = app.session.state;
	if (!session || session.kind === 'none') return undefined;
	return app.brokers.profiles?.find(({ id }) => id === session.id);
}

/** A page that listens to nothing would hear nothing of the board: it takes the broker that its own server runs, and says so. */
async function useLocal(app: App, servers: readonly LocalBroker[]): Promise<BrokerProfile | undefined> {
	const [server] = servers;
	if (!server) return undefined;
	await connectLocal(app, server);
	app.toasts.say(`This page listens to ${server.name} now, to hear the board.`);
	return app.brokers.profiles?.find(({ local, url }) => local && sameAddress(url, server.url));
}

/** Resolves at the device's first message over MQTT from now on. */
function heardLive(app: App, deviceId: DeviceId, signal: AbortSignal): Promise<void> {
	const sinceMs = Date.now();
	const end = new AbortController();
	const heard = new Promise<void>((resolve) => {
		app.field.watch(
			'devices',
			null,
			({ devices }) => {
				const device = devices.find(({ id }) => id === deviceId);
				if (device?.links.includes('mqtt') && device.lastSeenMs >= sinceMs) resolve();
			},
			AbortSignal.any([signal, end.signal])
		);
	});
	return untilAborted(heard, signal).finally(() => end.abort());
}
