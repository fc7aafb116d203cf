import { randomId, serve, ServiceClient, toHex } from '$lib/base';
import { joinedPipes, Relay } from '../field/relay';
import { PracticePort, USUAL_MAKE, type BoardFault, type BoardMake, type BoardUsb } from '$lib/lab';
import { cableTo } from './board-cable';
import { GuestBook, parseLabTalk, pipeToHost, type LabTalk, type TalkChannel } from './lab-channel';
import { LabDesk, LabFailure, type LabDeskParts } from './lab-desk';
import type { BoardAct, BoardInfo, LabService, VirtualDeviceInfo, VirtualOrder } from './messages';

export interface LabTabParts extends LabDeskParts {
	readonly channel: TalkChannel;
	/** Calls `hold` when this tab hosts the lab; the place is free again when its promise settles. */
	readonly whenHosting: (hold: () => Promise<void>) => void;
	/** Does this browser remember virtual devices? Then the host wakes them without being asked. */
	readonly anyRemembered: () => Promise<boolean>;
	readonly onFieldRestart: (fn: () => void, signal: AbortSignal) => void;
}

/** A virtual device as screens show it. */
export interface LabDeviceView {
	readonly id: string;
	readonly name: string;
	readonly crashed: boolean;
	/** The broker hears it too. */
	readonly overBroker: boolean;
}

/** One tab's way to the lab, whichever tab hosts it. What is not answered when the host goes is asked of the next. */
export class LabTab {
	readonly #service: ServiceClient<LabService>;
	readonly #relay: Relay;
	readonly #tab = randomId();
	#guests: GuestBook | undefined;

	constructor(
		private readonly parts: LabTabParts,
		private readonly signal: AbortSignal
	) {
		const [pageEnd, farEnd] = joinedPipes();
		this.#relay = new Relay(farEnd);
		this.#service = new ServiceClient<LabService>(pageEnd, this.#tab);
		const { channel } = parts;
		const toHost = pipeToHost(channel, this.#tab);
		this.#relay.attach(toHost);
		channel.onmessage = (event) => {
			const talk = parseLabTalk(event.data);
			if (!talk) return;
			toHost.heard(talk);
			this.#guests?.heard(talk);
			if (talk.type === 'hosting' && !this.#guests) this.#relay.resend();
		};
		signal.addEventListener('abort', () => this.#leave(), { once: true });
		parts.whenHosting(() => this.#host());
	}

	/**
	 * Makes a virtual device; this is all it takes on a page that has none.
	 * @param make without, it is the one that a first press makes
	 * @throws LabFailure
	 */
	async add(name?: string, make: VirtualOrder = {}): Promise<LabDeviceView> {
		// The id is made here, so that asking again after a change of host makes no second one.
		const id = `sim-${randomId().slice(0, 10)}`;
		const devices = name ? [] : await this.#service.call('list', null, { signal: this.signal });
		const wanted = { ...make, id, name: name ?? freeName(devices, 'Virtual') };
		const added = await this.#service.call('add', wanted, { signal: this.signal });
		if (!added.ok) throw new LabFailure(added.error);
		return viewOf(added.value);
	}

	/** Forgets it, with its settings; its history is the field worker's. */
	remove(id: string): Promise<void> {
		return this.#service.call('remove', { id }, { signal: this.signal });
	}

	/**
	 * Makes a practice board, plugged in.
	 * @throws LabFailure
	 */
	async addBoard(make: BoardMake = USUAL_MAKE): Promise<BoardInfo> {
		const boards = await new Promise<readonly BoardInfo[]>((resolve) => {
			const once = new AbortController();
			this.watchBoards((now) => {
				resolve(now);
				queueMicrotask(() => once.abort());
			}, once.signal);
		});
		const name = freeName(boards, 'Practice board');
		const wanted = { mac: newMac(), name, make };
		const added = await this.#service.call('addBoard', wanted, { signal: this.signal });
		if (!added.ok) throw new LabFailure(added.error);
		return added.value;
	}

	/** Forgets it, with all that was flashed. */
	removeBoard(id: string): Promise<void> {
		return this.#service.call('removeBoard', { id }, { signal: this.signal });
	}

	actOnBoard(id: string, act: BoardAct): Promise<void> {
		return this.#service.call('boardAct', { id, act }, { signal: this.signal });
	}

	faultsOfBoard(id: string, faults: readonly BoardFault[]): Promise<void> {
		return this.#service.call('boardFaults', { id, faults }, { signal: this.signal });
	}

	watchBoards(emit: (boards: readonly BoardInfo[]) => void, signal: AbortSignal): void {
		this.#service.watch('boards', null, emit, signal);
	}

	/** The board's cable as a serial port; each call is another object for the same cable. */
	openPort(id: string, usb: BoardUsb): PracticePort {
		return new PracticePort(cableTo(id, this.#service, this.signal), usb);
	}

	watch(emit: (devices: readonly LabDeviceView[]) => void, signal: AbortSignal): void {
		this.#service.watch('devices', null, (devices) => emit(devices.map(viewOf)), signal);
	}

	/** Hosts until the tab ends. */
	#host(): Promise<void> {
		if (this.signal.aborted) return Promise.resolve();
		const desk = new LabDesk(this.parts);
		this.#guests = new GuestBook(this.parts.channel, desk.handlers, this.signal);
		const [guestEnd, deskEnd] = joinedPipes();
		serve<LabService>(deskEnd, desk.handlers, this.signal);
		this.#relay.attach(guestEnd);
		this.#relay.resend();
		this.#say({ type: 'hosting' });
		// A worker that does not start says so to whoever adds a device; here nobody asked.
		const wake = () =>
			desk.wake().then(
				() => {},
				() => {}
			);
		void this.parts.anyRemembered().then(
			(any) => (any ? wake() : undefined),
			() => {}
		);
		this.parts.onFieldRestart(() => void desk.rejoin().catch(() => {}), this.signal); // the next restart tries again
		return new Promise((resolve) => {
			const stop = () => {
				desk.close();
				resolve();
			};
			this.signal.addEventListener('abort', stop, { once: true });
		});
	}

	#say(talk: LabTalk): void {
		this.parts.channel.postMessage(talk);
	}

	#leave(): void {
		this.#say({ type: 'gone', tab: this.#tab });
		this.parts.channel.onmessage = null;
		this.parts.channel.close();
	}
}

const viewOf = ({ id, name, state, overBroker }: VirtualDeviceInfo): LabDeviceView => ({
	id,
	name,
	crashed: state.kind === 'crashed',
	overBroker
});

function freeName(there: readonly { readonly name: string }[], kind: string): string {
	const taken = new Set(there.map((each) => each.name));
	let n = 1;
	while (taken.has(`${kind} ${n}`)) n++;
	return `${kind} ${n}`;
}

/** Locally administered (the second bit of its first byte), so no maker of chips has it. */
function newMac(): string {
	return `fab0${toHex(crypto.getRandomValues(new Uint8Array(4)))}`;
}
