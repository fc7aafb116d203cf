import { err, ok, systemClock, utf8, type Clock, type Handlers, type Result } from '$lib/base';
import {
	MAX_VIRTUAL_DEVICES,
	type LabStore,
	VirtualDeviceHost,
	type DevicePublish,
	type LabDevice,
	type VirtualDevice
} from '$lib/lab';
import type { LoopbackMessage } from '$lib/link';
import type { BoardShelf } from './board-shelf';
import type { BoardInfo, LabError, LabWorkerService, NewVirtualDevice, VirtualDeviceInfo } from './messages';

/** The end of the MessagePort to the field worker that the bench needs. */
export interface FieldPort {
	postMessage(message: LoopbackMessage, transfer: Transferable[]): void;
	onmessage: ((event: MessageEvent) => void) | null;
	close(): void;
}

/** The lab worker's inside: the virtual devices this browser remembers, running, joined to the field worker. */
export class LabBench {
	readonly boards: BoardShelf;
	readonly #watchers = new Set<(devices: readonly VirtualDeviceInfo[]) => void>();
	readonly #boardWatchers = new Set<(boards: readonly BoardInfo[]) => void>();
	#host: VirtualDeviceHost | undefined;
	#field: FieldPort | undefined;
	/** Ids of the devices that the broker hears too. */
	readonly #overBroker = new Set<string>();

	constructor(
		private readonly store: LabStore,
		private readonly loadModule: (url: string) => Promise<Result<WebAssembly.Module, LabError>>,
		makeBoards: (changed: () => void) => BoardShelf,
		private readonly clock: Clock = systemClock
	) {
		this.boards = makeBoards(() => this.#tellBoards());
	}

	/** Loads the firmware and brings back what is remembered. */
	async start(wasmUrl: string): Promise<Result<void, LabError>> {
		const module = await this.loadModule(wasmUrl);
		if (!module.ok) return module;
		const host = await VirtualDeviceHost.load(module.value, {
			clock: this.clock,
			onChange: () => this.#tell()
		});
		if (!host.ok) return err({ kind: 'firmware-refused', fault: host.error.kind });
		this.#host = host.value;
		// One that does not come up keeps nobody else from it; it is tried again at the next start.
		for (const device of await this.store.devices()) await this.#run(host.value, device);
		await this.boards.start();
		return ok(undefined);
	}

	list(): readonly VirtualDeviceInfo[] {
		return (this.#host?.devices ?? []).map((device) => this.#infoOf(device));
	}

	async add({
		id,
		name,
		config,
		world,
		overBroker
	}: NewVirtualDevice): Promise<Result<VirtualDeviceInfo, LabError>> {
		const host = this.#host;
		if (!host) return err({ kind: 'firmware-unreachable', cause: 'not started' });
		const there = host.get(id);
		if (there) return ok(this.#infoOf(there));
		if (host.devices.length >= MAX_VIRTUAL_DEVICES)
			return err({ kind: 'too-many', most: MAX_VIRTUAL_DEVICES });
		const seed = crypto.getRandomValues(new Uint32Array(1))[0] ?? 0;
		const broker = overBroker === true ? { overBroker } : {};
		const made = { ...(config && { config }), ...(world && { world }), ...broker };
		const device: LabDevice = { id, name, seed, createdMs: this.clock.now(), ...made };
		const running = await this.#run(host, device);
		if (!running.ok) return running;
		try {
			await this.store.put(device);
		} catch (cause) {
			host.remove(id);
			return err({ kind: 'not-stored', cause: String(cause) });
		}
		return ok(this.#infoOf(running.value));
	}

	async remove(id: string): Promise<void> {
		const device = this.#host?.get(id);
		this.#host?.remove(id);
		if (device) this.#publish({ ...willOf(device), qos: 1, retain: true }, id);
		if (this.#overBroker.delete(id)) this.#field?.postMessage({ type: 'unrelay', device: id }, []);
		await this.store.remove(id);
	}

	/** Takes ownership of `port`; the devices say their status anew to whoever is there now. */
	attachField(port: FieldPort): void {
		this.#field?.close();
		for (const device of this.#host?.devices ?? []) device.setLink(false);
		this.#field = port;
		port.onmessage = (event) => {
			const message = parseDelivery(event.data);
			if (!message) return;
			for (const device of this.#host?.devices ?? [])
				if (device.topics.includes(message.topic)) device.deliver(message.topic, message.payload);
		};
		for (const device of this.#host?.devices ?? []) device.setLink(true);
	}

	watch(emit: (devices: readonly VirtualDeviceInfo[]) => void, signal: AbortSignal): void {
		this.#watchers.add(emit);
		signal.addEventListener('abort', () => this.#watchers.delete(emit), { once: true });
		emit(this.list());
	}

	watchBoards(emit: (boards: readonly BoardInfo[]) => void, signal: AbortSignal): void {
		this.#boardWatchers.add(emit);
		signal.addEventListener('abort', () => this.#boardWatchers.delete(emit), { once: true });
		emit(this.boards.list());
	}

	#tellBoards(): void {
		const boards = this.boards.list();
		for (const emit of this.#boardWatchers) emit(boards);
	}

	async #run(host: VirtualDeviceHost, device: LabDevice): Promise<Result<VirtualDevice, LabError>> {
		const { createdMs: _, overBroker, ...remembered } = device;
		const { id } = device;
		let flash;
		try {
			flash = await this.store.flash(id);
		} catch (cause) {
			return err({ kind: 'not-stored', cause: String(cause) });
		}
		if (overBroker) this.#overBroker.add(id);
		const added = host.add(
			{ ...remembered, flash },
			{
				publish: (message) => this.#publish(message, id),
				lost: () => {
					const lost = host.get(id);
					if (lost) this.#publish({ ...willOf(lost), qos: 1, retain: true }, id);
				}
			}
		);
		if (!added.ok) return err({ kind: 'device-refused', fault: added.error.kind });
		if (this.#field) added.value.setLink(true);
		return added;
	}

	#publish({ topic, payload, retain, qos }: DevicePublish, device: string): void {
		const relay = this.#overBroker.has(device) ? { relay: true as const, qos } : {};
		this.#field?.postMessage({ type: 'publish', topic, payload, retain, ...relay }, [payload.buffer]);
	}

	#infoOf({ id, name, state, crashes }: VirtualDevice): VirtualDeviceInfo {
		return { id, name, state, crashes, overBroker: this.#overBroker.has(id) };
	}

	#tell(): void {
		const devices = this.list();
		for (const emit of this.#watchers) emit(devices);
	}
}

/** The worker's calls and feeds over a bench. */
export function benchHandlers(bench: Promise<LabBench>): Handlers<LabWorkerService> {
	return {
		calls: {
			start: async ({ wasmUrl }) => (await bench).start(wasmUrl),
			list: async () => (await bench).list(),
			add: async (device) => (await bench).add(device),
			remove: async ({ id }) => (await bench).remove(id),
			addBoard: async (board) => (await bench).boards.add(board),
			removeBoard: async ({ id }) => (await bench).boards.remove(id),
			boardAct: async ({ id, act }) => (await bench).boards.act(id, act),
			boardFaults: async ({ id, faults }) => (await bench).boards.misbehave(id, faults),
			openPort: async (port) => (await bench).boards.open(port),
			writePort: async ({ session, bytes }) => (await bench).boards.write(session, bytes),
			signalPort: async ({ session, ...signals }) => (await bench).boards.setSignals(session, signals),
			closePort: async ({ session }) => (await bench).boards.close(session),
			attachField: async (_, { ports }) => {
				const port = ports[0];
				if (port) (await bench).attachField(port);
			}
		},
		feeds: {
			devices: (_, emit, signal) => void bench.then((b) => b.watch(emit, signal)),
			boards: (_, emit, signal) => void bench.then((b) => b.watchBoards(emit, signal)),
			port: ({ session }, emit, signal) => void bench.then((b) => b.boards.listen(session, emit, signal))
		}
	};
}

const willOf = ({ will }: VirtualDevice) => ({ topic: will.topic, payload: utf8(will.payload) });

function parseDelivery(data: unknown): { topic: string; payload: Uint8Array } | undefined {
	if (typeof data !== 'object' || data === null) return undefined;
	const { type, topic, payload } = data as Record<string, unknown>;
	if (type !== 'deliver' || typeof topic !== 'string') return undefined;
	return payload instanceof Uint8Array ? { topic, payload } : undefined;
}
