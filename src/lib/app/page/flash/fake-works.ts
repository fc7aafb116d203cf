import { type Clock, err, ok, type Result, systemClock } from '$lib/base';
import {
	loadFiles,
	RecentFirmwares,
	SettingsSnapshots,
	type BoardFacts,
	type FirmwareSource,
	type FlashError,
	type FlashState,
	plainPlan,
	type EraseChoice,
	type PlanProblem,
	type WritePlan
} from '$lib/flash';
import type { SerialPortLike } from '$lib/link';
import { openFiles } from './open-files';
import { recentShelf } from './recent-shelf';
import type { BoardAtWork, FlashWorks, PracticeBoardView } from './works';

/** A board made up for the tests of screens: it says and does what a test wants. */
export interface FakeBoardScript {
	readonly answer: Result<BoardFacts, FlashError>;
	readonly problems: readonly PlanProblem[];
	/** Told at a write, in order; the last one stays. */
	readonly states: readonly FlashState[];
	/** What its flash holds; erased where nothing is said. */
	readonly flash?: Uint8Array<ArrayBuffer>;
}

export const FAKE_BOARD: BoardFacts = {
	chip: 'ESP32-C3',
	description: 'ESP32-C3 (QFN32)',
	mac: 'fa:b0:12:34:56:78',
	flashId: { maker: 0xef, device: 0x4016 },
	flashSizeBytes: 4 * 1024 * 1024,
	practice: true,
	features: ['Wi-Fi', 'BLE', 'single core, 160 MHz'],
	revision: 'v0.4',
	crystalMhz: 40,
	secureBoot: false,
	flashEncryption: false,
	usb: 'bridge'
};

const PORT: SerialPortLike = {
	readable: null,
	writable: null,
	open: () => Promise.resolve(),
	close: () => Promise.resolve(),
	setSignals: () => Promise.resolve(),
	getInfo: () => ({ usbVendorId: 0x10c4, usbProductId: 0xea60 }),
	addEventListener: () => undefined,
	removeEventListener: () => undefined
};

const source = (name: string, version: string): FirmwareSource => ({
	name,
	version,
	parts: [],
	eraseFirst: 'always',
	homeAssistantDomain: 'esphome',
	fundingUrl: 'https://example.org/support'
});

export function fakePlan(choice: EraseChoice, problems: readonly PlanProblem[]): WritePlan {
	const region = (
		kind: 'bootloader' | 'partition-table' | 'app',
		label: string,
		offset: number,
		length: number
	) => ({
		kind,
		label,
		offset,
		length,
		bytes: new Uint8Array(0),
		images: [],
		overwrites: label === 'fieldbench-node' ? ['old-blinky 1.2 (ota_0)'] : []
	});
	const settings = { offset: 0x9000, length: 0x5000, label: 'settings (nvs)', holds: 'settings' } as const;
	const log = { offset: 0x310000, length: 0xd0000, label: 'telemetry' };
	const old = { offset: 0x10000, length: 0x60000, label: 'old-blinky 1.2 (ota_0)' };
	return {
		...plainPlan(FAKE_BOARD.mac, []),
		regions: [
			region('bootloader', 'Bootloader', 0, 0x5000),
			region('partition-table', 'Partition table', 0x8000, 0x1000),
			region('app', 'fieldbench-node', 0x10000, 0x48000)
		],
		erase: { choice, because: choice === 'nothing' ? 'same-project' : 'chosen' },
		eraseAll: choice === 'all',
		erased: { nothing: [old], 'all-but-settings': [old, log], all: [settings, old, log] }[choice],
		kept: { nothing: [settings, log], 'all-but-settings': [settings], all: [] }[choice],
		problems
	};
}

/** @param script what the board says and does; each connect and write looks at it anew */
export function fakeWorks(
	script: FakeBoardScript,
	clock: Clock = systemClock,
	recents = new RecentFirmwares(indexedDB)
): FlashWorks {
	const boards: PracticeBoardView[] = [];
	let tell: (boards: readonly PracticeBoardView[]) => void = () => undefined;
	const board: BoardAtWork = {
		info: { vendorId: 0x10c4, productId: 0xea60 },
		baud: 921_600,
		beginAt: () => undefined,
		table: undefined,
		tableOffset: undefined,
		connect: () => Promise.resolve(script.answer),
		known: true,
		look: () => Promise.resolve(ok(undefined)),
		lookAt: () => Promise.resolve(ok(undefined)),
		plan: (_firmware, { erase = 'nothing' }) => fakePlan(erase, script.problems),
		read: ({ offset, length }) =>
			Promise.resolve(ok(script.flash?.slice(offset, offset + length) ?? new Uint8Array(length).fill(0xff))),
		async readOut({ length: totalBytes }, { take, tell }) {
			await take(new Uint8Array(totalBytes).fill(0xff));
			tell({ kind: 'comparing', readBytes: totalBytes, totalBytes, retries: 0 });
			return ok({ durationMs: 1000, totalBytes, retries: 0, baud: 921_600 });
		},
		write: (_plan, onState, signal) =>
			new Promise((resolve) => {
				for (const state of script.states) onState(state);
				const last = script.states.at(-1)?.kind;
				if (last === 'done' || last === 'failed') return resolve();
				signal.addEventListener('abort', () => {
					onState({ kind: 'cancelled', wroteAnything: true });
					resolve();
				});
			}),
		listen: () => Promise.resolve(err({ kind: 'unplugged' })),
		setUp: () => {
			throw new Error('this made-up board has no line');
		},
		brokers: () => Promise.resolve(err('None is known.')),
		release: () => Promise.resolve()
	};
	return {
		door: undefined,
		practice: {
			watch: (emit) => (tell = emit)(boards),
			make: (make) => {
				const id = `board-${clock.now()}`;
				boards.push({
					...{
						id,
						make,
						name: 'Practice board 1',
						mac: FAKE_BOARD.mac,
						faults: [],
						instant: false,
						onBus: true
					},
					...{ state: 'stuck', doing: 'Its flash is empty: there is nothing to start.' }
				});
				tell([...boards]);
				return Promise.resolve(ok(id));
			},
			remove: () => Promise.resolve(),
			act: () => Promise.resolve(),
			misbehave: (id, faults) => {
				const at = boards.findIndex((each) => each.id === id);
				const known = boards[at];
				if (known) boards[at] = { ...known, faults };
				tell([...boards]);
				return Promise.resolve();
			},
			openPort: () => PORT,
			network: { ssid: 'Fieldbench Practice', password: 'practice-wifi' }
		},
		firmware: {
			catalogue: () =>
				Promise.resolve(
					ok([
						{
							id: 'practice',
							name: 'Fieldbench practice node',
							family: 'FIELDBENCH-VIRTUAL',
							manifestUrl: 'https://example.org/practice/manifest.json',
							available: true
						},
						{
							id: 'node-c3',
							name: 'Fieldbench node',
							family: 'ESP32-C3',
							manifestUrl: 'https://example.org/node/manifest.json',
							available: false
						}
					])
				),
			fetchManifest: (url) =>
				Promise.resolve(
					url.includes('practice')
						? ok(source('Fieldbench practice node', '0.1.0'))
						: err('The address answers with a web page, not with a manifest.')
				),
			fromFiles: loadFiles,
			open: openFiles,
			recent: recentShelf(recents)
		},
		settings: new SettingsSnapshots(indexedDB),
		keepSecret: () => Promise.resolve(),
		pickSave: () => Promise.resolve(undefined),
		boardOn: () => board,
		guarded: (during) => during()
	};
}
