import { delay, untilAborted, type Clock } from '$lib/base';
import { PortLost, type SerialLine } from '$lib/link';
import type { DeviceId } from '$lib/model';
import { BoardCalls, type BoardIdentity } from './board-calls';
import { giveNames, namesOf } from './board-names';
import { boardPage } from './board-page';
import { BrokerTrial } from './broker-trial';
import { FIND_MS, findBoard } from './find-board';
import type { ImprovDevice, ImprovState, WifiNetwork } from './improv';
import { ImprovClient } from './improv-client';
import { improvOverLine } from './improv-wire';
import { brokerByItself, keepOrder, untilJoined, whyNotJoined } from './joining';
import type {
	ApplyStep,
	BoardNames,
	BrokerForm,
	BrokerProblem,
	JoinedNetwork,
	NameProblem,
	SetupState,
	WifiForm,
	WifiProblem
} from './setup-state';
import { call, CALL_MS, failed, Stop, stopAtLine } from './setup-stop';

/** A board that does not call itself ours has a Device API of ours only rarely, and answers at once if so. */
const NOT_OURS_MS = 2000;
/** A board with a network stored joins it by itself after a start. */
const JOIN_BY_ITSELF_MS = 10_000;
/** As ours calls itself: firmware/core/improv.cpp. */
const OURS = /^fieldbench/iu;
/** From joined to an address: DHCP is quick, or not there. */
const ADDRESS_MS = 10_000;
const RESCAN_MS = 5000;
/** Longer than the period of any sample a fresh board sends. */
const HEAR_MS = 30_000;

export interface SetupParts {
	readonly line: SerialLine;
	readonly clock: Clock;
	/** Resolves when the page's own session with the broker has heard this device live; rejects with the signal's reason. */
	readonly firstMessage: (device: DeviceId, signal: AbortSignal) => Promise<void>;
	/** What the broker's form begins with. */
	readonly form?: Partial<BrokerForm>;
	/** How long the firmware that was just written takes to answer Improv, s, as its manifest says; 0: it never will. */
	readonly improvWaitS?: number;
}

/**
 * Sets a board up over its cable: finds it, gives it Wi-Fi, then a broker and a name, and waits for its first message. A board
 * without our Device API is done once it is in its network. One act at a time; a new one takes the place of the one under way.
 * Whatever fails leaves a board that can be set up again: Wi-Fi is kept by the board only once it joined, and the broker only
 * once it is confirmed.
 */
export class Setup {
	readonly #ended: AbortSignal;
	readonly #improv: ImprovClient;
	readonly #board: BoardCalls;
	readonly #trial: BrokerTrial;
	readonly #watchers = new Set<(state: SetupState) => void>();
	#state: SetupState = { kind: 'looking' };
	#act = new AbortController();
	#begun = false;
	#device: ImprovDevice = { firmware: '', version: '', chip: '', name: '' };
	#identity: BoardIdentity | undefined;
	#network: JoinedNetwork = { kind: 'wifi', ssid: '', ip: '' };
	#form: BrokerForm;
	#networks: readonly WifiNetwork[] | undefined;
	#names: BoardNames | undefined;
	/** What the board said last, asked or not. */
	#said: ImprovState | undefined;

	/** @param signal ends everything; so does the end of the line */
	constructor(
		private readonly parts: SetupParts,
		signal: AbortSignal
	) {
		this.#ended = AbortSignal.any([signal, parts.line.signal]);
		this.#improv = new ImprovClient(improvOverLine(parts.line), parts);
		this.#board = new BoardCalls(parts.line, parts);
		this.#trial = new BrokerTrial(this.#board, parts.clock, this.#ended);
		this.#form = { uri: '', username: '', password: '', name: '', ...parts.form };
		this.#improv.onState((state) => this.#heard(state), this.#ended);
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
		const again = this.#begun;
		this.#begun = true;
		if (this.parts.improvWaitS === 0 && !again) throw new Stop({ kind: 'no-improv', heard: 'not-offered' });
		this.#become({ kind: 'looking' });
		const { line, improvWaitS = 0 } = this.parts;
		this.#device = await findBoard(this.#improv, line, Math.max(FIND_MS, improvWaitS * 1000), signal);
		this.#names = undefined;
		const ours = OURS.test(this.#device.firmware);
		const identity = await this.#board.identity(call(signal, ours ? CALL_MS : NOT_OURS_MS));
		if (identity.ok) this.#identity = identity.value;
		else stopAtLine(identity.error);
		if (!this.#identity) {
			if (ours) throw failed({ kind: 'silent-api' });
			return this.#findNetwork(signal);
		}
		if (this.#form.name === '') this.#form = { ...this.#form, name: this.#identity.name };
		return this.#findBroker(this.#identity, JOIN_BY_ITSELF_MS, signal);
	}

	/** Of a board with our Device API: it may have all that it needs, from before it was flashed. */
	async #findBroker(identity: BoardIdentity, waitMs: number, signal: AbortSignal): Promise<void> {
		const joining = await untilJoined(this.#board, waitMs, this.parts.clock, signal);
		if (joining.kind !== 'joined') return this.#askForWifi(signal, '');
		this.#network = joining.network;
		const uri = await brokerByItself(this.#board, this.parts.clock, signal);
		if (uri === undefined) return this.#askForBroker();
		this.#form = { ...this.#form, uri };
		return this.#hear(identity.id, this.#form, signal);
	}

	/** Of a board that speaks Improv alone: whether it is in a network, and else whether it can be. */
	async #findNetwork(signal: AbortSignal): Promise<void> {
		const standing = await this.#improv.state(signal);
		if (!standing.ok) stopAtLine(standing.error);
		else if (standing.value.state === 'provisioned') return this.#onNetwork('', standing.value.urls);
		const reach = await this.#improv.reach(signal);
		if (!reach.ok) stopAtLine(reach.error);
		else if (reach.value.online) return this.#onNetwork('', reach.value.urls);
		else if (!reach.value.wifi) throw failed({ kind: 'no-wifi' });
		if (standing.ok && standing.value.state === 'stopped') throw failed({ kind: 'wifi-off' });
		return this.#askForWifi(signal, '');
	}

	async #askForWifi(signal: AbortSignal, ssid: string, problem?: WifiProblem | NameProblem): Promise<void> {
		const show = (scanning: boolean) =>
			this.#become({
				kind: 'needs-wifi',
				board: this.#device,
				networks: this.#networks,
				scanning,
				ssid,
				names: this.#names,
				...(problem ? { problem } : {})
			});
		for (;;) {
			show(true);
			this.#names ??= await namesOf(this.#improv, this.#identity !== undefined, signal);
			const scanned = await this.#improv.scan(signal);
			if (scanned.ok) this.#networks = keepOrder(this.#networks ?? [], scanned.value);
			else {
				stopAtLine(scanned.error);
				this.#networks ??= scanned.error.kind === 'unsupported' ? [] : undefined;
			}
			show(false);
			if (!scanned.ok && scanned.error.kind === 'unsupported') return;
			await delay(RESCAN_MS, this.parts.clock, signal);
		}
	}

	async #join(form: WifiForm, signal: AbortSignal): Promise<void> {
		const { clock } = this.parts;
		const { ssid, names: wanted } = form;
		this.#become({ kind: 'joining', board: this.#device, ssid });
		if (wanted && this.#names) {
			const given = await giveNames(this.#improv, this.#names, wanted, signal);
			this.#names = given.names;
			if (given.problem) return this.#askForWifi(signal, ssid, given.problem);
		}
		const wasIn = this.#said === 'provisioned';
		const joined = await this.#improv.join(form, signal);
		if (!joined.ok) stopAtLine(joined.error);
		if (!joined.ok && joined.error.kind === 'too-long')
			return this.#askForWifi(signal, ssid, { kind: 'too-long' });
		// The answer may have been lost on the line: then the board itself is asked.
		const lostAnswer = !joined.ok && joined.error.kind === 'no-answer';
		if (!this.#identity) {
			if (joined.ok) return this.#onNetwork(ssid, joined.value);
			const standing = lostAnswer && !wasIn ? await this.#improv.state(signal) : undefined;
			if (standing?.ok && standing.value.state === 'provisioned')
				return this.#onNetwork(ssid, standing.value.urls);
			return this.#askForWifi(signal, ssid, whyNotJoined(joined));
		}
		const status = await untilJoined(this.#board, joined.ok ? ADDRESS_MS : 0, clock, signal);
		if (status.kind === 'joined') this.#network = status.network;
		if (status.kind === 'joined' && (joined.ok || (lostAnswer && status.network.ssid === ssid)))
			return this.#askForBroker();
		return this.#askForWifi(signal, ssid, whyNotJoined(joined, status));
	}

	#onNetwork(ssid: string, urls: readonly string[]): void {
		this.#become({
			kind: 'on-network',
			board: this.#device,
			ssid,
			page: boardPage(urls),
			names: this.#names
		});
	}

	/** A board may join by itself while a network is being chosen, or fall out of its own. */
	#heard(state: ImprovState): void {
		const before = this.#said;
		this.#said = state;
		if (state === before) return;
		if (this.#state.kind === 'needs-wifi' && state === 'provisioned')
			void this.#run((signal) => {
				if (this.#identity) return this.#findBroker(this.#identity, ADDRESS_MS, signal);
				return this.#findNetwork(signal);
			});
		const fellOut = state === 'authorised' || state === 'stopped';
		if (this.#state.kind === 'on-network' && before === 'provisioned' && fellOut) {
			const { ssid } = this.#state;
			void this.#run((signal) => this.#askForWifi(signal, ssid, { kind: 'lost' }));
		}
	}

	#askForBroker(problem?: BrokerProblem): void {
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
		if (!identity) throw failed({ kind: 'silent-api' });
		this.#form = form;
		const show = (step: ApplyStep) => this.#become({ kind: 'applying', board: this.#device, step, form });
		if (form.name !== identity.name) {
			show('naming');
			const problem = await this.#trial.rename(form.name, signal);
			if (problem) return this.#askForBroker(problem);
			this.#identity = { ...identity, name: form.name };
		} else show('setting');
		const problem = await this.#trial.apply(form, show, signal);
		if (problem) return this.#askForBroker(problem);
		await this.#hear(identity.id, form, signal);
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

	#lineEnded(): void {
		const lost: unknown = this.#ended.reason;
		const done = this.#state.kind === 'live' || this.#state.kind === 'on-network';
		if (lost instanceof PortLost && lost.why === 'unplugged' && !done)
			this.#become({ kind: 'failed', problem: { kind: 'line', error: { kind: 'unplugged' } } });
	}

	#become(state: SetupState): void {
		this.#state = state;
		for (const fn of [...this.#watchers]) fn(state);
	}
}
