import {
	err,
	pipeOverPort,
	ServiceClient,
	type FromService,
	type Handlers,
	type PortLike,
	type ToService
} from '$lib/base';
import type { BoardInfo, LabError, LabService, LabWorkerService, VirtualDeviceInfo } from './messages';

/** A lab worker as the desk needs it. */
export interface LabWorker {
	readonly port: PortLike;
	/** Calls `fn` where the worker cannot be loaded or died of an error. */
	onDeath(fn: (cause: string) => void): void;
	end(): void;
}

export interface LabDeskParts {
	readonly spawn: () => LabWorker;
	readonly wasmUrl: string;
	/** Gives one end of a channel to the field worker. */
	readonly joinField: (port: MessagePort) => Promise<unknown>;
}

interface Running {
	readonly worker: LabWorker;
	readonly client: ServiceClient<LabWorkerService>;
	readonly life: AbortController;
}

/**
 * What the hosting tab answers with: the lab worker, started when there is something for it to do. A worker that dies is
 * started again at the next request.
 */
export class LabDesk {
	readonly #watchers = new Set<(devices: readonly VirtualDeviceInfo[]) => void>();
	readonly #boardWatchers = new Set<(boards: readonly BoardInfo[]) => void>();
	#devices: readonly VirtualDeviceInfo[] = [];
	#boards: readonly BoardInfo[] = [];
	#running: Promise<Running> | undefined;
	#closed = false;

	constructor(private readonly parts: LabDeskParts) {}

	readonly handlers: Handlers<LabService> = {
		calls: {
			list: () => this.#devices,
			add: async (device) => {
				try {
					const { client, life } = await this.wake();
					return await client.call('add', device, { signal: life.signal });
				} catch (cause) {
					return err(labErrorOf(cause));
				}
			},
			remove: async ({ id }) => {
				const { client, life } = await this.wake();
				await client.call('remove', { id }, { signal: life.signal });
			},
			addBoard: async (board) => {
				try {
					const { client, life } = await this.wake();
					return await client.call('addBoard', board, { signal: life.signal });
				} catch (cause) {
					return err(labErrorOf(cause));
				}
			},
			removeBoard: (args) => this.#pass('removeBoard', args),
			boardAct: (args) => this.#pass('boardAct', args),
			boardFaults: (args) => this.#pass('boardFaults', args),
			openPort: (args) => this.#pass('openPort', args),
			writePort: (args) => this.#pass('writePort', args),
			signalPort: (args) => this.#pass('signalPort', args),
			closePort: (args) => this.#pass('closePort', args)
		},
		feeds: {
			devices: (_, emit, signal) => {
				this.#watchers.add(emit);
				signal.addEventListener('abort', () => this.#watchers.delete(emit), { once: true });
				emit(this.#devices);
			},
			boards: (_, emit, signal) => {
				this.#boardWatchers.add(emit);
				signal.addEventListener('abort', () => this.#boardWatchers.delete(emit), { once: true });
				emit(this.#boards);
			},
			port: (args, emit, signal) =>
				void this.wake().then(
					({ client, life }) => {
						const until = AbortSignal.any([signal, life.signal]);
						client.watch('port', args, (event) => emit(event), until);
						life.signal.addEventListener('abort', () => emit({ kind: 'lost' }), { once: true });
					},
					() => emit({ kind: 'lost' })
				)
		}
	};

	/**
	 * The running worker, started where there is none: its remembered devices are running and joined to the field worker.
	 * @throws LabFailure, or the reason of the worker's death
	 */
	wake(): Promise<Running> {
		if (this.#closed) return Promise.reject(new Error('this tab hosts the lab no longer'));
		this.#running ??= this.#start().catch((cause: unknown) => {
			this.#running = undefined;
			throw cause;
		});
		return this.#running;
	}

	/** The field worker was started anew: joins it again, where there are devices at all. */
	async rejoin(): Promise<void> {
		if (this.#running) await this.#join(await this.#running);
	}

	/** Ends the worker and its devices; what they had in flash stays for the next host. */
	close(): void {
		this.#closed = true;
		void this.#running?.then(end, () => {}); // one that did not start has ended already
		this.#running = undefined;
	}

	/** A call as it is, to the worker. */
	async #pass<M extends keyof LabService['calls']>(
		method: M,
		args: LabService['calls'][M]['args']
	): Promise<LabService['calls'][M]['result']> {
		const { client, life } = await this.wake();
		return client.call(method, args, { signal: life.signal });
	}

	async #start(): Promise<Running> {
		const worker = this.parts.spawn();
		const life = new AbortController();
		const client = new ServiceClient<LabWorkerService>(
			pipeOverPort<FromService, ToService>(worker.port),
			'desk'
		);
		const running = { worker, client, life };
		worker.onDeath((cause) => {
			life.abort(new Error(cause));
			worker.end();
			this.#running = undefined;
			this.#tell(
				this.#devices.map((d) => ({ ...d, state: { kind: 'crashed', cause, retryAtMs: Infinity } }))
			);
		});
		try {
			const started = await client.call('start', { wasmUrl: this.parts.wasmUrl }, { signal: life.signal });
			if (!started.ok) throw new LabFailure(started.error);
			client.watch('devices', null, (devices) => this.#tell(devices), life.signal);
			client.watch('boards', null, (boards) => this.#tellBoards(boards), life.signal);
			await this.#join(running);
			return running;
		} catch (cause) {
			end(running);
			throw cause;
		}
	}

	async #join({ client, life }: Running): Promise<void> {
		const { port1, port2 } = new MessageChannel();
		await client.call('attachField', null, { signal: life.signal, transfer: [port1] });
		await this.parts.joinField(port2);
	}

	#tellBoards(boards: readonly BoardInfo[]): void {
		this.#boards = boards;
		for (const emit of this.#boardWatchers) emit(boards);
	}

	#tell(devices: readonly VirtualDeviceInfo[]): void {
		this.#devices = devices;
		for (const emit of this.#watchers) emit(devices);
	}
}

/** The lab's error as something to throw. Words for people are made in a view, from `error.kind`. */
export class LabFailure extends Error {
	constructor(readonly error: LabError) {
		super(`lab: ${error.kind}`);
	}
}

function labErrorOf(cause: unknown): LabError {
	if (cause instanceof LabFailure) return cause.error;
	return { kind: 'firmware-unreachable', cause: cause instanceof Error ? cause.message : String(cause) };
}

function end({ worker, life }: Running): void {
	life.abort(new DOMException('the lab was closed', 'AbortError'));
	worker.end();
}
