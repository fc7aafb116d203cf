import { concatBytes, delay, err, ok, textOf, utf8, type Clock, type Result } from '$lib/base';
import { encodeImprov, type ImprovPacket, type PortError, type SerialLine } from '$lib/link';

/** What the firmware says of itself. */
export interface ImprovDevice {
	readonly firmware: string;
	readonly version: string;
	readonly chip: string;
	readonly name: string;
}

export interface WifiNetwork {
	readonly ssid: string;
	/** dBm; −100 where the board does not say. */
	readonly rssiDbm: number;
	readonly secured: boolean;
}

export type ImprovState = 'authorised' | 'provisioning' | 'provisioned';

export type ImprovError =
	| { kind: 'line'; error: PortError }
	/** No answer came: no Improv there, or the packet was lost. */
	| { kind: 'no-answer'; timeoutMs: number }
	/** The board does not know the command. */
	| { kind: 'unsupported' }
	/** The board could not join. */
	| { kind: 'cannot-join' }
	/** A text is longer than its length byte, or than Wi-Fi, allows. */
	| { kind: 'too-long' }
	/** An error state of the board without a meaning here. */
	| { kind: 'refused'; code: number };

// The standard's numbers: improv-wifi.com/serial.
const TYPE = { state: 1, error: 2, command: 3, result: 4 } as const;
const COMMAND = { join: 1, state: 2, info: 3, scan: 4 } as const;
const STATES: Readonly<Record<number, ImprovState>> = {
	2: 'authorised',
	3: 'provisioning',
	4: 'provisioned'
};
const ERROR = { none: 0, badPacket: 1, unknownCommand: 2, cannotJoin: 3 } as const;

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
const UNKNOWN_RSSI_DBM = -100;

type Outcome<T> = { kind: 'more' } | { kind: 'is'; value: Result<T, ImprovError> };
const MORE = { kind: 'more' } as const;

/**
 * Improv over a board's line: one command at a time, each with its own deadline. What comes unasked, out of turn, or for
 * another command is passed over. Every method rejects only with its signal's reason.
 */
export class ImprovClient {
	#turn: Promise<unknown> = Promise.resolve();

	constructor(
		private readonly line: SerialLine,
		private readonly parts: { clock: Clock }
	) {}

	/** Asks until the board says who it is, so it finds one that is still starting. */
	info(signal: AbortSignal, timeoutMs = QUICK_MS): Promise<Result<ImprovDevice, ImprovError>> {
		const read = (packet: ImprovPacket): Outcome<ImprovDevice> => {
			const texts = resultOf(packet, COMMAND.info);
			if (!texts) return MORE;
			const [firmware = '', version = '', chip = '', name = ''] = texts;
			return is({ firmware, version, chip, name });
		};
		return this.#command(COMMAND.info, [], read, { signal, timeoutMs, askAgain: true });
	}

	state(signal: AbortSignal, timeoutMs = QUICK_MS): Promise<Result<ImprovState, ImprovError>> {
		const read = (packet: ImprovPacket): Outcome<ImprovState> => {
			const state = packet.type === TYPE.state ? STATES[packet.data[0] ?? -1] : undefined;
			return state === undefined ? MORE : is(state);
		};
		return this.#command(COMMAND.state, [], read, { signal, timeoutMs, askAgain: true });
	}

	/** What the board hears, once; a network of several access points is named once, at its strongest, the strongest first. */
	scan(signal: AbortSignal): Promise<Result<readonly WifiNetwork[], ImprovError>> {
		const found: WifiNetwork[] = [];
		const read = (packet: ImprovPacket): Outcome<readonly WifiNetwork[]> => {
			const texts = resultOf(packet, COMMAND.scan);
			if (!texts) return MORE;
			if (texts.length === 0) return is(mergeNetworks(found));
			const [ssid = '', rssi = '', secured = ''] = texts;
			const rssiDbm = /^-?\d{1,3}$/u.test(rssi) ? Number(rssi) : UNKNOWN_RSSI_DBM;
			if (ssid !== '') found.push({ ssid, rssiDbm, secured: secured !== 'NO' });
			return MORE;
		};
		return this.#command(COMMAND.scan, [], read, { signal, timeoutMs: SCAN_TIMEOUT_MS });
	}

	/**
	 * Joins a network; the board keeps it once it is in. Only the result of this command counts: a state alone may tell of the
	 * network before.
	 * @returns addresses of the board's own pages, if it has any
	 */
	async join(
		{ ssid, password }: { ssid: string; password: string },
		signal: AbortSignal
	): Promise<Result<readonly string[], ImprovError>> {
		const [name, secret] = [utf8(ssid), utf8(password)];
		if (name.length > MAX_SSID_BYTES || secret.length > MAX_PASSWORD_BYTES) return err({ kind: 'too-long' });
		const payload = concatBytes([Uint8Array.of(name.length), name, Uint8Array.of(secret.length), secret]);
		const read = (packet: ImprovPacket): Outcome<readonly string[]> => {
			const urls = resultOf(packet, COMMAND.join);
			return urls ? is(urls) : MORE;
		};
		return this.#command(COMMAND.join, payload, read, { signal, timeoutMs: RPC_TIMEOUT_MS });
	}

	#command<T>(
		command: number,
		payload: ArrayLike<number>,
		read: (packet: ImprovPacket) => Outcome<T>,
		options: { signal: AbortSignal; timeoutMs: number; askAgain?: boolean }
	): Promise<Result<T, ImprovError>> {
		const data = Uint8Array.from([command, payload.length, ...Array.from(payload)]);
		const turn = this.#turn.then(() => this.#ask(encodeImprov(TYPE.command, data), read, options));
		this.#turn = turn.catch(() => undefined); // its own caller hears of it
		return turn;
	}

	async #ask<T>(
		packet: Uint8Array,
		read: (packet: ImprovPacket) => Outcome<T>,
		{ signal, timeoutMs, askAgain = false }: { signal: AbortSignal; timeoutMs: number; askAgain?: boolean }
	): Promise<Result<T, ImprovError>> {
		signal.throwIfAborted();
		const over = new AbortController();
		const stop = AbortSignal.any([signal, over.signal]);
		try {
			return await new Promise<Result<T, ImprovError>>((resolve, reject) => {
				let resent = 0;
				const send = (askAgain: boolean) =>
					this.#send(packet, askAgain, stop).then(
						(error) => {
							if (error) resolve(err({ kind: 'line', error }));
						},
						() => undefined // answered, or given up, while it was sent
					);
				this.line.onImprov((received) => {
					const error = errorOf(received);
					if (error?.kind === 'refused' && error.code === ERROR.badPacket && resent++ < MAX_RESENT)
						return void send(false);
					const outcome: Outcome<T> = error ? { kind: 'is', value: err(error) } : read(received);
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
	async #send(packet: Uint8Array, askAgain: boolean, stop: AbortSignal): Promise<PortError | undefined> {
		for (;;) {
			const sent = await this.line.write(packet, stop);
			if (!sent.ok) return sent.error;
			if (!askAgain) return undefined;
			await delay(ASK_AGAIN_MS, this.parts.clock, stop);
		}
	}
}

const is = <T>(value: T): Outcome<T> => ({ kind: 'is', value: ok(value) });

/** "No error" is sent to take an earlier one back. */
function errorOf({ type, data }: ImprovPacket): ImprovError | undefined {
	const code = data[0];
	if (type !== TYPE.error || code === undefined || code === ERROR.none) return undefined;
	if (code === ERROR.unknownCommand) return { kind: 'unsupported' };
	if (code === ERROR.cannotJoin) return { kind: 'cannot-join' };
	return { kind: 'refused', code };
}

/** The texts of a result of `command`; undefined for anything else, and for lengths that do not fit. */
function resultOf({ type, data }: ImprovPacket, command: number): readonly string[] | undefined {
	if (type !== TYPE.result || data[0] !== command || data[1] !== data.length - 2) return undefined;
	const texts: string[] = [];
	for (let at = 2; at < data.length;) {
		const end = at + 1 + data[at]!;
		if (end > data.length) return undefined;
		texts.push(textOf(data.subarray(at + 1, end)) ?? '');
		at = end;
	}
	return texts;
}

/** One entry for each name, at its strongest; strongest first. */
export function mergeNetworks(found: readonly WifiNetwork[]): readonly WifiNetwork[] {
	const best = new Map<string, WifiNetwork>();
	for (const network of found) {
		const known = best.get(network.ssid);
		if (!known || network.rssiDbm > known.rssiDbm) best.set(network.ssid, network);
	}
	return [...best.values()].sort((a, b) => b.rssiDbm - a.rssiDbm || a.ssid.localeCompare(b.ssid));
}
