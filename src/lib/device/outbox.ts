import { err, ok, type Clock, type Result } from '$lib/base';
import { isSettled, type Command, type DeviceId } from '$lib/model';
import type { MessageLink } from '$lib/link';
import { commandTopic } from './device-api';
import {
	encodeRequest,
	RPC_ANSWER_TOO_LARGE,
	RPC_BUSY,
	RPC_EXPIRED,
	RPC_OUTCOME_UNKNOWN,
	type RpcResponse
} from './rpc';
import type { Shelf } from './shelf';

export interface NewCommand {
	readonly id: string;
	readonly device: DeviceId;
	readonly method: string;
	readonly params: Readonly<Record<string, unknown>>;
	/** From now; after it the device must not carry it out. */
	readonly ttlMs: number;
}

export type OutboxError = { kind: 'outbox-full' } | { kind: 'not-stored'; cause: string };

export interface OutboxParts {
	readonly shelf: Shelf<Command>;
	readonly clock: Clock;
	/** The link the device is on; undefined or down where it cannot be reached now. */
	readonly link: (device: DeviceId) => MessageLink | undefined;
	readonly onChange: (device: DeviceId) => void;
	/** A settled state could not be stored: it is shown, but a restart would forget it. */
	readonly onFault: (cause: unknown) => void;
}

export const MAX_UNSETTLED = 200;
/** Half of what a device's journal holds (docs/protocol.md §4): asking again must not find its outcome gone from there. */
export const MAX_UNSETTLED_PER_DEVICE = 16;
export const MAX_HISTORY_PER_DEVICE = 50;
export const MAX_HISTORY = 1000;
export const MAX_TTL_MS = 24 * 3600 * 1000;
/** A silent device is asked again with the same id: it answers from its journal and does nothing twice. */
const ASK_AGAIN_MS = 5000;
/** For a reply that was under way when the command expired. */
const GRACE_MS = 2000;
/** A larger result is not kept in the history. */
const MAX_RESULT_CHARS = 8192;

/**
 * What people asked of devices: stored before it is sent, sent again with the same id until it is answered or expires, and
 * never called done, nor undone, when nobody knows.
 *
 *     queued ⇄ sent → acknowledged | failed | timed-out (asked to the end, no answer) | unknown (sent, and cannot be asked again, or the device itself does not know)
 *        ↘ expired (never sent, or refused by the device as too late)
 *
 * `sent` is stored before the bytes leave: after a crash it means "may have been sent". An answer that comes late still settles
 * what was timed out or unknown.
 */
export class Outbox {
	readonly #commands = new Map<string, Command>();
	/** ms of the last time each was put on a wire. */
	readonly #askedMs = new Map<string, number>();
	readonly #publishing = new Set<string>();
	#cancelTimer: () => void = () => {};
	readonly #closed = new AbortController();

	constructor(private readonly parts: OutboxParts) {}

	/** Takes up what an earlier worker left. Call once, before anything else. */
	async restore(): Promise<void> {
		const rows = [...(await this.parts.shelf.all())].sort((a, b) => a.createdMs - b.createdMs);
		for (const row of rows) this.#commands.set(row.id, row);
		for (const row of rows) {
			// It may have been carried out while nobody listened, and it is too late to ask.
			if (row.state === 'sent' && this.#expired(row)) this.#settle(row, { state: 'unknown' });
		}
		this.pump();
	}

	/** Of every device, newest first. */
	all(): readonly Command[] {
		return [...this.#commands.values()].reverse();
	}

	/** Newest first. */
	history(device: DeviceId): readonly Command[] {
		return [...this.#commands.values()].filter((c) => c.device === device).reverse();
	}

	/** Stores, then sends when it can. The same id again gives the command as it stands. */
	async submit(wanted: NewCommand): Promise<Result<Command, OutboxError>> {
		const known = this.#commands.get(wanted.id);
		if (known) return ok(known);
		const unsettled = [...this.#commands.values()].filter(({ state }) => !isSettled(state));
		const ofDevice = unsettled.filter((c) => c.device === wanted.device);
		if (unsettled.length >= MAX_UNSETTLED || ofDevice.length >= MAX_UNSETTLED_PER_DEVICE)
			return err({ kind: 'outbox-full' });
		const createdMs = this.parts.clock.now();
		const expiresMs = createdMs + Math.min(MAX_TTL_MS, Math.max(1, wanted.ttlMs));
		const { id, device, method, params } = wanted;
		const reachable = this.parts.link(device)?.up === true;
		const command: Command = {
			...{ id, device, method, params, createdMs, expiresMs },
			...(reachable ? { state: 'sent', sentMs: createdMs } : { state: 'queued' })
		};
		this.#commands.set(id, command);
		this.#publishing.add(id); // nobody else may send it before it is stored
		try {
			await this.parts.shelf.put(id, command, { strict: true });
		} catch (cause) {
			this.#commands.delete(id);
			return err({ kind: 'not-stored', cause: cause instanceof Error ? cause.message : String(cause) });
		} finally {
			this.#publishing.delete(id);
		}
		this.parts.onChange(device);
		if (reachable) void this.#ask(command, true);
		else this.pump();
		this.#schedule();
		return ok(this.#commands.get(id) ?? command);
	}

	/** A device answered. @returns false where the id is none of ours */
	response(device: DeviceId, response: RpcResponse): boolean {
		const command = response.id === null ? undefined : this.#commands.get(response.id);
		if (!command || command.device !== device) return false;
		if (command.state === 'acknowledged' || command.state === 'failed') return true; // its journal spoke twice
		if (response.kind === 'result') {
			const size = JSON.stringify(response.result)?.length ?? 0;
			const result = size <= MAX_RESULT_CHARS ? response.result : { omittedChars: size };
			this.#settle(command, { state: 'acknowledged', result });
		} else if (response.error.code === RPC_EXPIRED) {
			this.#settle(command, { state: 'expired', error: response.error });
		} else if (response.error.code === RPC_OUTCOME_UNKNOWN) {
			this.#settle(command, { state: 'unknown' });
		} else if (response.error.code === RPC_ANSWER_TOO_LARGE) {
			this.#settle(command, { state: 'acknowledged' });
		} else if (response.error.code !== RPC_BUSY) {
			const { code, message } = response.error;
			this.#settle(command, { state: 'failed', error: { code, message } });
		}
		return true;
	}

	/** A link came up, or a device: asks now whatever waits. */
	nudge(device?: DeviceId): void {
		for (const [id] of this.#askedMs) {
			if (device === undefined || this.#commands.get(id)?.device === device) this.#askedMs.delete(id);
		}
		this.pump();
	}

	/** Sends what can be sent and settles what is over. */
	pump(): void {
		if (this.#closed.signal.aborted) return;
		const now = this.parts.clock.now();
		for (const command of [...this.#commands.values()]) {
			if (isSettled(command.state) || this.#publishing.has(command.id)) continue;
			const up = this.parts.link(command.device)?.up === true;
			if (this.#expired(command)) {
				if (command.state === 'queued') this.#settle(command, { state: 'expired' });
				else if (now >= command.expiresMs + GRACE_MS)
					this.#settle(command, { state: up ? 'timed-out' : 'unknown' });
				continue;
			}
			const askedMs = this.#askedMs.get(command.id);
			if (up && (askedMs === undefined || now - askedMs >= ASK_AGAIN_MS))
				void this.#ask(command, command.state === 'queued');
		}
		this.#schedule();
	}

	/** Forgets a device's commands. */
	async forget(device: DeviceId): Promise<void> {
		for (const command of this.history(device)) await this.#drop(command.id);
		this.parts.onChange(device);
	}

	close(): void {
		this.#closed.abort(new DOMException('the outbox is closed', 'AbortError'));
		this.#cancelTimer();
	}

	/** @param firstTry it never left before */
	async #ask(command: Command, firstTry: boolean): Promise<void> {
		const { id, device, method, params, expiresMs } = command;
		if (this.#publishing.has(id)) return;
		const link = this.parts.link(device);
		if (!link) return;
		this.#publishing.add(id);
		this.#askedMs.set(id, this.parts.clock.now());
		try {
			if (command.state === 'queued' && !(await this.#markSent(command))) return;
			const leftMs = Math.max(1000, expiresMs - this.parts.clock.now());
			const sent = await link.publish(
				commandTopic(device),
				encodeRequest({ id, method, params, expiresMs }),
				{ qos: 1, expirySeconds: Math.ceil(leftMs / 1000) },
				this.#closed.signal
			);
			const now = this.#commands.get(id);
			// It never left: it is only queued, as before.
			if (!sent.ok && sent.error.kind === 'not-connected' && firstTry && now?.state === 'sent')
				await this.#change(now, { state: 'queued' });
			// The broker did not pass it on. Of a repeat that says nothing: an earlier one may have arrived.
			if (!sent.ok && sent.error.kind === 'rejected' && firstTry && now?.state === 'sent') {
				const { code } = sent.error;
				this.#settle(now, { state: 'failed', error: { code, message: 'refused by the broker' } });
			}
		} catch (cause) {
			if (!this.#closed.signal.aborted) this.parts.onFault(cause);
		} finally {
			this.#publishing.delete(id);
			this.#schedule();
		}
	}

	async #markSent(command: Command): Promise<boolean> {
		await this.#change(command, { state: 'sent', sentMs: this.parts.clock.now() }, { strict: true });
		return this.#commands.get(command.id)?.state === 'sent';
	}

	#settle(command: Command, outcome: Partial<Command> & Pick<Command, 'state'>): void {
		this.#askedMs.delete(command.id);
		const settled = { ...outcome, settledMs: this.parts.clock.now() };
		this.#change(command, settled).catch((cause: unknown) => this.parts.onFault(cause));
		void this.#trim(command.device);
	}

	#change(command: Command, change: Partial<Command>, options: { strict?: boolean } = {}): Promise<void> {
		const next = { ...command, ...change };
		this.#commands.set(command.id, next);
		this.parts.onChange(command.device);
		return this.parts.shelf.put(command.id, next, options);
	}

	async #trim(device: DeviceId): Promise<void> {
		const settled = [...this.#commands.values()].filter((c) => isSettled(c.state));
		const ofDevice = settled.filter((c) => c.device === device);
		const tooMany = [
			...ofDevice.slice(0, Math.max(0, ofDevice.length - MAX_HISTORY_PER_DEVICE)),
			...settled.slice(0, Math.max(0, settled.length - MAX_HISTORY))
		];
		for (const { id } of tooMany) await this.#drop(id).catch((cause: unknown) => this.parts.onFault(cause));
	}

	async #drop(id: string): Promise<void> {
		this.#commands.delete(id);
		this.#askedMs.delete(id);
		await this.parts.shelf.delete(id);
	}

	#expired(command: Command): boolean {
		return this.parts.clock.now() >= command.expiresMs;
	}

	/** One timer, for whatever is due first. */
	#schedule(): void {
		this.#cancelTimer();
		if (this.#closed.signal.aborted) return;
		const now = this.parts.clock.now();
		let dueMs = Infinity;
		for (const command of this.#commands.values()) {
			if (isSettled(command.state)) continue;
			const overMs = command.state === 'queued' ? command.expiresMs : command.expiresMs + GRACE_MS;
			const askedMs = this.#askedMs.get(command.id);
			const up = this.parts.link(command.device)?.up === true;
			const askMs =
				up && askedMs !== undefined && !this.#expired(command) ? askedMs + ASK_AGAIN_MS : Infinity;
			dueMs = Math.min(dueMs, overMs, askMs);
		}
		if (dueMs !== Infinity)
			this.#cancelTimer = this.parts.clock.after(Math.max(10, dueMs - now), () => this.pump());
	}
}
