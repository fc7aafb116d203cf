import { delay, untilAborted, type Clock, type Result } from '$lib/base';
import { PortLost, type SerialLine } from '$lib/link';
import type { DeviceId } from '$lib/model';
import { BoardCalls, type BoardCallError, type BoardIdentity, type WifiStatus } from './board-calls';
import { ImprovClient, type ImprovDevice, type ImprovError, type WifiNetwork } from './improv-client';
import type {
	BrokerForm,
	BrokerProblem,
	JoinedNetwork,
	SetupProblem,
	SetupState,
	WifiForm,
	WifiProblem
} from './setup-state';

/** ESP Web Tools gives a board that was just flashed this long to say who it is. */
export const FIND_MS = 10_000;
/** A board with a network stored joins it by itself after a start. */
const JOIN_BY_ITSELF_MS = 10_000;
/** Of a board in its network, to find the broker that it knows. */
const CONNECT_BY_ITSELF_MS = 5_000;
/** Characters of a log that are looked at: more than a ROM and a bootloader say in one go. */
const LOG_KEPT = 4096;
/** What the ROM and ESP-IDF's bootloader say where they find no program (ESP-IDF `bootloader_utility.c`, the ROM's own text). */
const STARTS_NOTHING =
	/invalid header: 0x|ets_main\.c \d+|No bootable app partitions|Failed to verify partition table|boot_comm: mismatch chip ID/u;
/** From joined to an address: DHCP is quick, or not there. */
const ADDRESS_MS = 10_000;
const POLL_MS = 500;
/** A board acts on new settings only once its answer is out: ours after 300 ms (firmware/core/board.cpp). */
const CHANGE_MS = 1000;
const RESCAN_MS = 5000;
/** The Device API answers from memory; what takes longer was lost. */
const CALL_MS = 6000;
/** The board goes back to its settings before, unless it hears from us within this time. */
const TRIAL_S = 60;
/** TLS and a slow broker included, and less than the trial. */
const CONNECT_MS = 40_000;
/** Longer than the period of any sample a fresh board sends. */
const HEAR_MS = 30_000;

export interface SetupParts {
	readonly line: SerialLine;
	readonly clock: Clock;
	/** Resolves when the page's own session with the broker has heard this device live; rejects with the signal's reason. */
	readonly firstMessage: (device: DeviceId, signal: AbortSignal) => Promise<void>;
	/** What the broker's form begins with. */
	readonly form?: Partial<BrokerForm>;
}

/** What ends an act early: where the board is left, and what the person sees. */
class Stop extends Error {
	constructor(readonly state: SetupState) {
		super(state.kind);
	}
}

/**
 * Sets a board up over its cable: finds it, gives it Wi-Fi, then a broker and a name, and waits for its first message. One act
 * at a time; a new one takes the place of the one under way. Whatever fails leaves a board that can be set up again: Wi-Fi is
 * kept by the board only once it joined, and the broker only once it is confirmed.
 */
export class Setup {
	readonly #ended: AbortSignal;
	readonly #improv: ImprovClient;
	readonly #board: BoardCalls;
	readonly #watchers = new Set<(state: SetupState) => void>();
	#state: SetupState = { kind: 'looking' };
	#act = new AbortController();
	#device: ImprovDevice = { firmware: '', version: '', chip: '', name: '' };
	#takingBack: Promise<void> = Promise.resolve();
	#identity: BoardIdentity | undefined;
	#network: JoinedNetwork = { kind: 'wifi', ssid: '', ip: '' };
	#form: BrokerForm;
	#networks: readonly WifiNetwork[] | undefined;

	/** @param signal ends everything; so does the end of the line */
	constructor(
		private readonly parts: SetupParts,
		signal: AbortSignal
	) {
		this.#ended = AbortSignal.any([signal, parts.line.signal]);
		this.#improv = new ImprovClient(parts.line, parts);
		this.#board = new BoardCalls(parts.line, parts);
		this.#form = { uri: '', username: '', password: '', name: '', ...parts.form };
		this.#ended.addEventListener('abort', () => this.#lineEnded(), { once: true });
	}

	get state(): SetupState {
		return this.#state;
	}

	/** Tells each new state until `signal` aborts. */
	watch(fn: (state: SetupState) => void, signal: AbortSignal): void {
		this.#watchers.add(fn);
		signal.addEventListener('abort', () => this.#watchers.delete(fn), { once: true });
	}

	/** Begins, or begins anew. Resolves when it waits for a person, or cannot go on. */
	begin(): Promise<void> {
		return this.#run((signal) => this.#find(signal));
	}

	/** Looks for networks again, and goes back to choosing one. */
	chooseWifi(): Promise<void> {
		return this.#run((signal) => this.#askForWifi(signal, ''));
	}

	join(form: WifiForm): Promise<void> {
		return this.#run((signal) => this.#join(form, signal));
	}

	/** Goes back to the broker's form, with what was typed. What is on trial is taken back. */
	chooseBroker(): Promise<void> {
		return this.#run(() => {
			this.#askForBroker();
			return Promise.resolve();
		});
	}

	apply(form: BrokerForm): Promise<void> {
		return this.#run((signal) => this.#apply(form, signal));
	}

	async #run(act: (signal: AbortSignal) => Promise<void>): Promise<void> {
		if (this.#ended.aborted) return;
		this.#act.abort();
		const own = (this.#act = new AbortController());
		const signal = AbortSignal.any([this.#ended, own.signal]);
		try {
			await act(signal);
		} catch (cause) {
			if (signal.aborted) return; // another act took its place, or the line ended
			if (!(cause instanceof Stop)) throw cause;
			this.#become(cause.state);
		}
	}

	async #find(signal: AbortSignal): Promise<void> {
		this.#become({ kind: 'looking' });
		let text = '';
		const decoder = new TextDecoder();
		this.parts.line.onText(
			(bytes) => (text = (text + decoder.decode(bytes, { stream: true })).slice(-LOG_KEPT)),
			signal
		);
		const found = await this.#improv.info(signal, FIND_MS);
		if (!found.ok) {
			if (found.error.kind === 'line') throw failed({ kind: 'line', error: found.error.error });
			const heard = text === '' ? 'nothing' : STARTS_NOTHING.test(text) ? 'no-program' : 'text';
			throw new Stop({ kind: 'no-improv', heard });
		}
		this.#device = found.value;
		const identity = await this.#board.identity(call(signal));
		if (identity.ok) this.#identity = identity.value;
		else if (identity.error.kind === 'not-sent') throw lineFailed(identity.error);
		if (this.#form.name === '')
			this.#form = { ...this.#form, name: this.#identity?.name ?? this.#device.name };
		const joined = await this.#joinedBy(JOIN_BY_ITSELF_MS, signal);
		if (joined.kind !== 'joined') return this.#askForWifi(signal, '');
		const uri = await this.#brokerByItself(signal);
		if (uri === undefined || !this.#identity) return this.#askForBroker();
		this.#form = { ...this.#form, uri };
		return this.#hear(this.#identity.id, this.#form, signal);
	}

	/** A board that kept its settings is with its broker already, or soon: then there is nothing to ask. */
	async #brokerByItself(signal: AbortSignal): Promise<string | undefined> {
		const until = this.parts.clock.now() + CONNECT_BY_ITSELF_MS;
		for (;;) {
			const asked = await this.#board.mqtt(call(signal));
			if (!asked.ok || asked.value.uri === '') return undefined;
			if (asked.value.state === 'connected') return asked.value.uri;
			if (this.parts.clock.now() >= until) return undefined;
			await delay(POLL_MS, this.parts.clock, signal);
		}
	}

	async #askForWifi(signal: AbortSignal, ssid: string, problem?: WifiProblem): Promise<void> {
		const show = (scanning: boolean) =>
			this.#become({
				kind: 'needs-wifi',
				board: this.#device,
				networks: this.#networks,
				scanning,
				ssid,
				...(problem ? { problem } : {})
			});
		for (;;) {
			show(true);
			const scanned = await this.#improv.scan(signal);
			if (scanned.ok) this.#networks = keepOrder(this.#networks ?? [], scanned.value);
			else if (scanned.error.kind === 'line') throw failed({ kind: 'line', error: scanned.error.error });
			else this.#networks ??= scanned.error.kind === 'unsupported' ? [] : undefined;
			show(false);
			if (!scanned.ok && scanned.error.kind === 'unsupported') return;
			await delay(RESCAN_MS, this.parts.clock, signal);
		}
	}

	async #join(form: WifiForm, signal: AbortSignal): Promise<void> {
		this.#become({ kind: 'joining', board: this.#device, ssid: form.ssid });
		const joined = await this.#improv.join(form, signal);
		if (!joined.ok && joined.error.kind === 'line') throw failed({ kind: 'line', error: joined.error.error });
		if (!joined.ok && joined.error.kind === 'too-long')
			return this.#askForWifi(signal, form.ssid, { kind: 'too-long' });
		const status = await this.#joinedBy(joined.ok ? ADDRESS_MS : 0, signal);
		// The answer may have been lost on the line; where the board is in the network that was asked for, it joined.
		const lostAnswer = !joined.ok && joined.error.kind === 'no-answer';
		if (status.kind === 'joined' && (joined.ok || (lostAnswer && this.#network.ssid === form.ssid)))
			return this.#askForBroker();
		if (joined.ok && status.kind === 'unknown') throw failed({ kind: 'no-device-api', urls: joined.value });
		return this.#askForWifi(signal, form.ssid, whyNotJoined(joined, status));
	}

	/** Waits for the network as long as it may still come. */
	async #joinedBy(
		waitMs: number,
		signal: AbortSignal
	): Promise<{ kind: 'joined' } | { kind: 'not-joined'; status: WifiStatus } | { kind: 'unknown' }> {
		const until = this.parts.clock.now() + waitMs;
		for (;;) {
			const asked = await this.#board.wifi(call(signal));
			if (!asked.ok && asked.error.kind === 'not-sent') throw lineFailed(asked.error);
			if (!asked.ok) return { kind: 'unknown' };
			const { kind, state, ssid, ip } = asked.value;
			if (state === 'joined' && ip !== '') {
				this.#network = { kind, ssid, ip };
				return { kind: 'joined' };
			}
			const mayCome = state === 'joining' || state === 'joined';
			if (!mayCome || this.parts.clock.now() >= until) return { kind: 'not-joined', status: asked.value };
			await delay(POLL_MS, this.parts.clock, signal);
		}
	}

	#askForBroker(problem?: BrokerProblem): void {
		if (!this.#identity)
			return this.#become({ kind: 'failed', problem: { kind: 'no-device-api', urls: [] } });
		this.#become({
			kind: 'needs-broker',
			board: this.#device,
			network: this.#network,
			form: this.#form,
			...(problem ? { problem } : {})
		});
	}

	async #apply(form: BrokerForm, signal: AbortSignal): Promise<void> {
		const identity = this.#identity;
		if (!identity) return this.#askForBroker();
		this.#form = form;
		const show = (step: 'naming' | 'setting' | 'connecting' | 'confirming') =>
			this.#become({ kind: 'applying', board: this.#device, step, form });
		const renames = form.name !== identity.name;
		show(renames ? 'naming' : 'setting');
		// A revert that is still on its way would take back what comes now.
		await untilAborted(this.#takingBack, signal);
		if (renames) {
			this.#must(await this.#board.rename(form.name, call(signal)));
			this.#identity = { ...identity, name: form.name };
			show('setting');
		}
		let onTrial = true; // from here on: what was sent may have arrived, whatever becomes of the answer
		try {
			this.#must(await this.#board.setMqtt(form, TRIAL_S, call(signal)));
			show('connecting');
			await this.#connected(form, signal);
			show('confirming');
			const confirmed = this.#must(await this.#board.confirm(call(signal)));
			if (!confirmed.includes('mqtt')) throw this.#brokerStop({ kind: 'trial-over' });
			onTrial = false;
		} finally {
			if (onTrial) this.#takeBack();
		}
		await this.#hear(identity.id, form, signal);
	}

	/** Throws a Stop unless the board says that it is connected with these settings. */
	async #connected(form: BrokerForm, signal: AbortSignal): Promise<void> {
		const until = this.parts.clock.now() + CONNECT_MS;
		let waitMs = CHANGE_MS; // until then the status may still be that of the session before
		for (;;) {
			await delay(waitMs, this.parts.clock, signal);
			waitMs = POLL_MS;
			const status = this.#must(await this.#board.mqtt(call(signal)));
			if (status.uri === form.uri && status.state === 'connected') return;
			if (status.uri === form.uri && status.state === 'failed')
				throw this.#brokerStop({ kind: status.reason ?? 'unreachable' });
			if (this.parts.clock.now() >= until) throw this.#brokerStop({ kind: status.reason ?? 'timeout' });
		}
	}

	async #hear(deviceId: DeviceId, form: BrokerForm, signal: AbortSignal): Promise<void> {
		this.#become({ kind: 'waiting-for-message', deviceId, form });
		const over = new AbortController();
		const stop = AbortSignal.any([signal, over.signal]);
		const cancel = this.parts.clock.after(HEAR_MS, () => over.abort());
		try {
			await untilAborted(this.parts.firstMessage(deviceId, stop), stop);
			this.#become({ kind: 'live', deviceId, form });
		} catch (cause) {
			if (signal.aborted || !over.signal.aborted) throw cause;
			this.#askForBroker({ kind: 'not-heard', waitedMs: HEAR_MS });
		} finally {
			cancel();
			over.abort();
		}
	}

	/** Waited for only by the next settings: where it is lost too, the trial runs out and the board goes back by itself. */
	#takeBack(): void {
		if (this.#ended.aborted) return;
		const options = { signal: this.#ended, timeoutMs: CALL_MS };
		this.#takingBack = this.#board.revert(options).then(
			() => undefined,
			() => undefined // the line ended: the trial does it
		);
	}

	#must<T>(answer: Result<T, BoardCallError>): T {
		if (answer.ok) return answer.value;
		const { error } = answer;
		switch (error.kind) {
			case 'not-sent':
				throw lineFailed(error);
			case 'device': {
				const { code, message, data } = error.error;
				const field = typeof data === 'object' && data !== null && 'field' in data ? data.field : undefined;
				throw this.#brokerStop(
					field === 'uri' ? { kind: 'bad-uri' } : { kind: 'board-refused', code, message }
				);
			}
			case 'timeout':
			case 'busy':
			case 'not-connected':
			case 'bad-answer':
				throw this.#brokerStop({ kind: 'no-answer' });
		}
	}

	#brokerStop(problem: BrokerProblem): Stop {
		return new Stop({
			kind: 'needs-broker',
			board: this.#device,
			network: this.#network,
			form: this.#form,
			problem
		});
	}

	#lineEnded(): void {
		const lost: unknown = this.#ended.reason;
		if (lost instanceof PortLost && lost.why === 'unplugged' && this.#state.kind !== 'live')
			this.#become({ kind: 'failed', problem: { kind: 'line', error: { kind: 'unplugged' } } });
	}

	#become(state: SetupState): void {
		this.#state = state;
		for (const fn of [...this.#watchers]) fn(state);
	}
}

const call = (signal: AbortSignal) => ({ signal, timeoutMs: CALL_MS });

const failed = (problem: SetupProblem): Stop => new Stop({ kind: 'failed', problem });

/** Over a cable only the port can fail to send. */
function lineFailed({ cause }: Extract<BoardCallError, { kind: 'not-sent' }>): Stop {
	switch (cause.kind) {
		case 'port-busy':
		case 'held':
		case 'unplugged':
		case 'permission':
		case 'failed':
			return failed({ kind: 'line', error: cause });
		default:
			return failed({ kind: 'line', error: { kind: 'failed', cause: cause.kind } });
	}
}

/** Improv says only that it could not; the board's own status knows more. */
function whyNotJoined(
	joined: Result<readonly string[], ImprovError>,
	status: { kind: 'joined' } | { kind: 'not-joined'; status: WifiStatus } | { kind: 'unknown' }
): WifiProblem {
	if (status.kind === 'not-joined' && status.status.reason) return { kind: status.status.reason };
	if (joined.ok || joined.error.kind === 'no-answer') return { kind: 'timeout' };
	return { kind: 'refused' };
}

/** What was shown stays where it is, with its newest strength; what is new comes behind: nothing jumps under a finger. */
function keepOrder(shown: readonly WifiNetwork[], found: readonly WifiNetwork[]): readonly WifiNetwork[] {
	const newest = new Map(found.map((network) => [network.ssid, network]));
	const known = new Set(shown.map((network) => network.ssid));
	return [
		...shown.map((network) => newest.get(network.ssid) ?? network),
		...found.filter((network) => !known.has(network.ssid))
	];
}
