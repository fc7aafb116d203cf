import { concatBytes, delay, err, ok, utf8, type Clock, type Result } from '$lib/base';
import type { PortError } from '$lib/link';
import type {
	Improv,
	ImprovDevice,
	ImprovError,
	ImprovLink,
	ImprovStanding,
	ImprovState,
	NetworkReach,
	WifiNetwork
} from './improv';
import {
	COMMAND,
	commandOf,
	deviceOf,
	isHostname,
	mergeNetworks,
	MOST_DATA_BYTES,
	networkOf,
	reachOf,
	readImprov,
	withLength,
	type ImprovSaying
} from './improv-wire';

/** The standard's clients give every command this long; joining may take nearly as much. */
export const RPC_TIMEOUT_MS = 30_000;
/** A board that runs answers what it knows at once. */
const QUICK_MS = 2000;
/** While a board starts it may miss a question, so it is asked again this often. */
const ASK_AGAIN_MS = 1000;
/** IEEE 802.11: an SSID has at most 32 bytes, a WPA passphrase 63 characters or 64 hex digits. */
const MAX_SSID_BYTES = 32;
const MAX_PASSWORD_BYTES = 64;
/** All channels of 2.4 GHz take 2 to 4 s; a board that is joining at the same time takes longer. */
const SCAN_TIMEOUT_MS = 15_000;
/** How often a packet that reached the board broken is sent anew. */
const MAX_RESENT = 3;

type Outcome<T> = { kind: 'more' } | { kind: 'is'; value: Result<T, ImprovError> };
type Reader<T> = (said: ImprovSaying) => Outcome<T>;
const MORE = { kind: 'more' } as const;
const NO_DATA = new Uint8Array(0);

/** Improv over any link: one command at a time, each with its own deadline. What comes out of turn or for another command is passed over. */
export class ImprovClient implements Improv {
	#turn: Promise<unknown> = Promise.resolve();

	constructor(
		private readonly link: ImprovLink,
		private readonly parts: { clock: Clock }
	) {}

	onState(fn: (state: ImprovState) => void, signal: AbortSignal): void {
		this.link.onPacket((packet) => {
			const said = readImprov(packet);
			if (said?.kind === 'state') fn(said.state);
		}, signal);
	}

	info(signal: AbortSignal, timeoutMs = QUICK_MS): Promise<Result<ImprovDevice, ImprovError>> {
		const read = textsFor(COMMAND.info, deviceOf);
		return this.#command(COMMAND.info, NO_DATA, read, { signal, timeoutMs, askAgain: true });
	}

	async state(signal: AbortSignal, timeoutMs = QUICK_MS): Promise<Result<ImprovStanding, ImprovError>> {
		let heard: ImprovState | undefined;
		const read: Reader<ImprovStanding> = (said) => {
			if (said.kind === 'result' && said.command === COMMAND.state)
				return is({ state: 'provisioned', urls: said.texts });
			if (said.kind === 'state') heard = said.state;
			// Of a board that is in a network the addresses follow.
			return said.kind === 'state' && said.state !== 'provisioned'
				? is({ state: said.state, urls: [] })
				: MORE;
		};
		const asked = await this.#command(COMMAND.state, NO_DATA, read, { signal, timeoutMs, askAgain: true });
		return !asked.ok && asked.error.kind === 'no-answer' && heard ? ok({ state: heard, urls: [] }) : asked;
	}

	scan(signal: AbortSignal): Promise<Result<readonly WifiNetwork[], ImprovError>> {
		const found: WifiNetwork[] = [];
		const read: Reader<readonly WifiNetwork[]> = (said) => {
			if (said.kind !== 'result' || said.command !== COMMAND.scan) return MORE;
			if (said.texts.length === 0) return is(mergeNetworks(found));
			const network = networkOf(said.texts);
			if (network) found.push(network);
			return MORE;
		};
		return this.#command(COMMAND.scan, NO_DATA, read, { signal, timeoutMs: SCAN_TIMEOUT_MS });
	}

	/** Only the result of this command counts: a state alone may tell of the network before. */
	async join(
		{ ssid, password }: { readonly ssid: string; readonly password: string },
		signal: AbortSignal
	): Promise<Result<readonly string[], ImprovError>> {
		const [name, secret] = [utf8(ssid), utf8(password)];
		if (name.length > MAX_SSID_BYTES || secret.length > MAX_PASSWORD_BYTES) return err({ kind: 'too-long' });
		const data = concatBytes([withLength(name), withLength(secret)]);
		const read = textsFor(COMMAND.join, (urls) => urls);
		return this.#command(COMMAND.join, data, read, { signal, timeoutMs: RPC_TIMEOUT_MS });
	}

	async hostname(signal: AbortSignal, wanted?: string): Promise<Result<string, ImprovError>> {
		if (wanted !== undefined && !isHostname(wanted)) return err({ kind: 'bad-hostname' });
		return this.#name(COMMAND.hostname, wanted, signal);
	}

	deviceName(signal: AbortSignal, wanted?: string): Promise<Result<string, ImprovError>> {
		return this.#name(COMMAND.deviceName, wanted, signal);
	}

	reach(signal: AbortSignal): Promise<Result<NetworkReach, ImprovError>> {
		const read = textsFor(COMMAND.reach, reachOf);
		return this.#command(COMMAND.reach, NO_DATA, read, { signal, timeoutMs: QUICK_MS });
	}

	async #name(
		command: number,
		wanted: string | undefined,
		signal: AbortSignal
	): Promise<Result<string, ImprovError>> {
		const data = wanted === undefined ? NO_DATA : utf8(wanted);
		if (data.length > MOST_DATA_BYTES) return err({ kind: 'too-long' });
		const read = textsFor(command, ([name = '']) => name);
		return this.#command(command, data, read, { signal, timeoutMs: QUICK_MS });
	}

	#command<T>(
		command: number,
		data: Uint8Array,
		read: Reader<T>,
		options: { signal: AbortSignal; timeoutMs: number; askAgain?: boolean }
	): Promise<Result<T, ImprovError>> {
		const turn = this.#turn.then(() => this.#ask(commandOf(command, data), read, options));
		this.#turn = turn.catch(() => undefined); // its own caller hears of it
		return turn;
	}

	async #ask<T>(
		command: Uint8Array,
		read: Reader<T>,
		{ signal, timeoutMs, askAgain = false }: { signal: AbortSignal; timeoutMs: number; askAgain?: boolean }
	): Promise<Result<T, ImprovError>> {
		signal.throwIfAborted();
		const over = new AbortController();
		const stop = AbortSignal.any([signal, over.signal]);
		try {
			return await new Promise<Result<T, ImprovError>>((resolve, reject) => {
				let resent = 0;
				const send = (askAgain: boolean) =>
					this.#send(command, askAgain, stop).then(
						(error) => {
							if (error) resolve(err({ kind: 'line', error }));
						},
						() => undefined // answered, or given up, while it was sent
					);
				this.link.onPacket((packet) => {
					const said = readImprov(packet);
					if (!said) return;
					if (said.kind === 'error' && said.broken && resent++ < MAX_RESENT) return void send(false);
					const outcome: Outcome<T> =
						said.kind === 'error' ? { kind: 'is', value: err(said.error) } : read(said);
					if (outcome.kind === 'is') resolve(outcome.value);
				}, stop);
				signal.addEventListener('abort', () => reject(signal.reason as Error), { signal: over.signal });
				const timer = this.parts.clock.after(timeoutMs, () => resolve(err({ kind: 'no-answer', timeoutMs })));
				over.signal.addEventListener('abort', timer, { once: true });
				void send(askAgain);
			});
		} finally {
			over.abort();
		}
	}

	/** @returns why it could not be sent */
	async #send(command: Uint8Array, askAgain: boolean, stop: AbortSignal): Promise<PortError | undefined> {
		for (;;) {
			const sent = await this.link.send(command, stop);
			if (!sent.ok) return sent.error;
			if (!askAgain) return undefined;
			await delay(ASK_AGAIN_MS, this.parts.clock, stop);
		}
	}
}

const is = <T>(value: T): Outcome<T> => ({ kind: 'is', value: ok(value) });

/** Waits for the result of `command`. @param make undefined: it is not in form, and passed over */
const textsFor =
	<T>(command: number, make: (texts: readonly string[]) => T | undefined): Reader<T> =>
	(said) => {
		const made = said.kind === 'result' && said.command === command ? make(said.texts) : undefined;
		return made === undefined ? MORE : is(made);
	};
