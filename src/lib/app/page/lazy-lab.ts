import type { LabDeviceView } from '../lab/lab-tab';
import type { BoardInfo } from '../lab/messages';
import type { LabPort } from './lab-view.svelte';

/** Set once this browser has made a virtual device: from then on the lab is joined at every start. */
const USED_KEY = 'fieldbench-lab-used';

/**
 * The lab, whose code is fetched when it is first needed: at once where this browser has virtual devices, else when one is made
 * here or in another tab. Most people who only watch a broker never fetch it.
 */
export function lazyLab(connect: () => Promise<LabPort>, signal: AbortSignal): LabPort {
	let joined: Promise<LabPort> | undefined;
	let lab: LabPort | undefined;
	const waiting: { emit: (devices: readonly LabDeviceView[]) => void; until: AbortSignal }[] = [];
	const waitingForBoards: { emit: (boards: readonly BoardInfo[]) => void; until: AbortSignal }[] = [];

	const join = (): Promise<LabPort> => {
		joined ??= connect().then((connected) => {
			lab = connected;
			for (const { emit, until } of waiting.splice(0)) if (!until.aborted) lab.watch(emit, until);
			for (const { emit, until } of waitingForBoards.splice(0))
				if (!until.aborted) lab.watchBoards(emit, until);
			return lab;
		});
		// Fetching failed (offline, and never fetched before): the next who asks tries again.
		joined.catch(() => (joined = undefined));
		return joined;
	};

	if (wasUsed()) void join().catch(() => undefined);
	window.addEventListener(
		'storage',
		(event) => event.key === USED_KEY && void join().catch(() => undefined),
		{
			signal
		}
	);

	return {
		async add(name, make) {
			const made = await (await join()).add(name, make);
			rememberUse();
			return made;
		},
		remove: async (id) => (await join()).remove(id),
		async addBoard(make) {
			const made = await (await join()).addBoard(make);
			rememberUse();
			return made;
		},
		removeBoard: async (id) => (await join()).removeBoard(id),
		actOnBoard: async (id, act) => (await join()).actOnBoard(id, act),
		faultsOfBoard: async (id, faults) => (await join()).faultsOfBoard(id, faults),
		watchBoards(emit, until) {
			emit([]);
			if (lab) lab.watchBoards(emit, until);
			else waitingForBoards.push({ emit, until });
		},
		openPort(id, usb) {
			if (!lab) throw new Error('a board is known only once the lab is joined');
			return lab.openPort(id, usb);
		},
		watch(emit, until) {
			emit([]);
			if (lab) lab.watch(emit, until);
			else waiting.push({ emit, until });
		}
	};
}

function wasUsed(): boolean {
	try {
		return localStorage.getItem(USED_KEY) !== null;
	} catch {
		return true; // storage is blocked: better to look than to miss devices that are there
	}
}

function rememberUse(): void {
	try {
		localStorage.setItem(USED_KEY, '1');
	} catch {
		// Blocked: then wasUsed() always looks.
	}
}
