import { err, ok, type Clock, type Result } from '$lib/base';
import type { MqttConnector } from '$lib/link';
import { wearing, type BoardFaults } from './board-faults';
import { CHIP_MAKES, RESET, type BoardChip, type BoardUsb, type Reset } from './chips';
import { LineNoise } from './line-noise';
import { PracticeChip, ROM_BAUD, type ChipState } from './practice-chip';
import { resetLines, type HostSignals, type LineAct } from './reset-lines';
import { SimBrokerSession, type Dial } from './sim-broker-session';
import { SimNetwork, type AccessPoint, type RADIO_TIMES } from './sim-network';
import type { SparseFlash } from './sparse-flash';
import type { BoardTiming } from './timing';
import { UartLine } from './uart-line';

/** The air around a board and the brokers it can dial. */
export interface BoardWorld {
	readonly air: readonly AccessPoint[];
	readonly radio: typeof RADIO_TIMES;
	readonly connector: MqttConnector;
	readonly dial: (uri: string) => Dial;
}

export interface PracticeBoardParts {
	/** Without: an ESP32-C3 behind a bridge. */
	readonly chip?: BoardChip;
	readonly usb?: BoardUsb;
	/** 12 hexadecimal digits, lower case. */
	readonly mac: string;
	readonly name: string;
	/** Its size is a power of two. */
	readonly flash: SparseFlash;
	readonly timing: BoardTiming;
	readonly world: BoardWorld;
	readonly clock: Clock;
	readonly random: () => number;
	readonly onChange?: () => void;
}

export type BoardState = { readonly kind: 'unplugged' } | ChipState;

/** The host's end of the cable. */
export interface Cable {
	/** Resolves when the line has taken the bytes. */
	write(bytes: Uint8Array): Promise<void>;
	onBytes(fn: (bytes: Uint8Array<ArrayBuffer>) => void): void;
	setSignals(signals: HostSignals): void;
	/** Once, when the cable is pulled, or the chip's own USB left the bus. */
	onLost(fn: () => void): void;
	close(): void;
}

interface OpenCable {
	bytes: (bytes: Uint8Array<ArrayBuffer>) => void;
	lost: () => void;
}

/** How long a chip's own USB is away when the chip is reset, and where nothing takes time. An assumption: half a second is usual. */
const AWAY_MS = 500;
const AWAY_INSTANT_MS = 20;
/** What full-speed USB carries through the chip's own serial port, as bits of a line. An assumption: 600 kB/s. */
const NATIVE_BAUD = 6_000_000;

/**
 * A virtual ESP32 on a board: a boot ROM and a stub to be flashed by, a flash that keeps what it is given, and after a reset
 * whatever program lies there, if it is one for this board. Its USB is a bridge, or the chip's own, which leaves the bus with
 * every reset. It can be made to misbehave.
 */
export class PracticeBoard {
	readonly chip: BoardChip;
	readonly usb: BoardUsb;
	readonly #line: UartLine;
	readonly #noise: { readonly toChip: LineNoise; readonly toHost: LineNoise };
	readonly #lines;
	readonly #core: PracticeChip;
	readonly #watchers = new Set<() => void>();
	#faults: BoardFaults = {};
	#state: BoardState = { kind: 'unplugged' };
	#onBus = false;
	#cable: OpenCable | undefined;
	#bootHeld = false;
	/** EN is up. */
	#enabled = true;
	/** Blocks for the flash since it was plugged in. */
	#blocks = 0;
	#cancelReturn: () => void = () => {};

	constructor(private readonly parts: PracticeBoardParts) {
		const { timing, clock, world, random, flash, mac, name } = parts;
		this.chip = parts.chip ?? 'ESP32-C3';
		this.usb = parts.usb ?? 'bridge';
		this.#lines = resetLines(this.usb);
		const faults = () => this.#faults;
		this.#noise = {
			toChip: new LineNoise({ faults, random, clock, deliver: (bytes) => this.#core.hear(bytes) }, 'to-chip'),
			toHost: new LineNoise(
				{ faults, random, clock, deliver: (bytes) => this.#cable?.bytes(bytes) },
				'to-host'
			)
		};
		this.#line = new UartLine({
			timing,
			clock,
			onChip: (bytes) => this.#noise.toChip.pass(bytes),
			onHost: (bytes) => this.#noise.toHost.pass(bytes)
		});
		const changed = () => this.#core.program?.step();
		const air = CHIP_MAKES[this.chip].hasWifi ? world.air : [];
		const network = new SimNetwork({ air, times: world.radio, clock, random, changed });
		const session = new SimBrokerSession({
			connector: world.connector,
			dial: world.dial,
			routed: () => network.routed,
			clock,
			changed,
			message: (topic, payload) => this.#core.program?.receive(topic, payload),
			note: (line) => this.#core.say(`I (0) practice: ${line}`)
		});
		this.#core = new PracticeChip({
			...{ chip: this.chip, usb: this.usb, mac, name, timing, clock, network, session, faults },
			flash: wearing(flash, faults),
			send: (bytes) => void this.#line.toHost(bytes),
			setBaud: (baud) => this.#setBaud(baud),
			heard: () => this.#cable !== undefined,
			onRestart: () => this.#leaveBus(),
			onBlock: () => this.#onBlock(),
			become: (state) => this.#become(state)
		});
		this.#setBaud(ROM_BAUD);
	}

	get mac(): string {
		return this.parts.mac;
	}

	get name(): string {
		return this.parts.name;
	}

	get state(): BoardState {
		return this.#state;
	}

	/** The host sees a port of it: it is plugged in, and its USB is there. */
	get onBus(): boolean {
		return this.#onBus;
	}

	get faults(): BoardFaults {
		return this.#faults;
	}

	/** From now on; `{}`: all is well again. */
	misbehave(faults: BoardFaults): void {
		this.#faults = faults;
		this.#blocks = 0;
		this.#core.faultsChanged();
	}

	/** Calls `fn` after each change of `state` and `onBus`, until `signal` aborts. */
	watch(fn: () => void, signal: AbortSignal): void {
		this.#watchers.add(fn);
		signal.addEventListener('abort', () => this.#watchers.delete(fn), { once: true });
	}

	/** Power comes with the cable. */
	plug(): void {
		if (this.#state.kind !== 'unplugged') return;
		this.#blocks = 0;
		this.#onBus = this.usb === 'bridge';
		this.#reset(RESET.powerOn);
	}

	/** Nothing is said goodbye to; what was on the way is lost, a block half programmed stays so. */
	unplug(): void {
		if (this.#state.kind === 'unplugged') return;
		this.#cancelReturn();
		this.#stop();
		this.#lines.fall();
		this.#enabled = true;
		this.#onBus = false;
		this.#become({ kind: 'unplugged' });
		this.#loseCable();
		void this.parts.flash.flush();
	}

	pressBoot(down: boolean): void {
		this.#bootHeld = down;
	}

	/** A tap on EN, or RESET as some boards name it. */
	pressEn(): void {
		if (this.#state.kind !== 'unplugged' && this.#enabled) this.#reset(RESET.powerOn);
	}

	/** One opener at a time. @param baud of the host's end; `chip`: whatever the chip's is */
	openCable(baud: number | 'chip'): Result<Cable, 'busy' | 'unplugged'> {
		if (!this.#onBus) return err('unplugged');
		if (this.#cable) return err('busy');
		const cable: OpenCable = { bytes: () => {}, lost: () => {} };
		this.#cable = cable;
		// Over the chip's own USB a baud is a word that nobody heeds.
		this.#line.hostBaud = this.usb === 'native' ? 'chip' : baud;
		const mine = () => this.#cable === cable;
		return ok({
			write: (bytes) => (mine() ? this.#line.toChip(bytes) : Promise.resolve()),
			onBytes: (fn) => (cable.bytes = fn),
			onLost: (fn) => (cable.lost = fn),
			setSignals: (signals) => {
				if (mine() && this.#signalsReach) this.#obey(this.#lines.set(signals));
			},
			close: () => {
				if (!mine()) return;
				this.#cable = undefined;
				this.#line.cutToHost();
				this.#noise.toHost.cut();
				// A driver lets both lines go with its port: an opener that died in mid-pulse leaves no board held in reset.
				this.#obey(this.#lines.fall());
			}
		});
	}

	get #signalsReach(): boolean {
		return !(this.#faults.noAutoReset ?? false) && !(this.#faults.chargeOnly ?? false);
	}

	#obey(act: LineAct): void {
		if (act === 'hold') {
			this.#enabled = false;
			this.#stop();
		} else if (act !== undefined) {
			this.#enabled = true;
			this.#reset(act === 'reset' ? RESET.usb : RESET.powerOn);
		}
	}

	#stop(): void {
		this.#core.stop();
		this.#setBaud(ROM_BAUD);
	}

	#reset(cause: Reset): void {
		const download = this.#bootHeld || this.#lines.download;
		this.#stop();
		this.#leaveBus();
		this.#core.start(cause, download);
	}

	/** With a chip's own USB, a reset is a cable pulled and plugged in again. */
	#leaveBus(): void {
		if (this.usb === 'bridge') return;
		this.#cancelReturn();
		this.#onBus = false;
		this.#lines.fall();
		this.#changed();
		this.#loseCable();
		const awayMs = this.parts.timing.bitsPerByte === 0 ? AWAY_INSTANT_MS : AWAY_MS;
		this.#cancelReturn = this.parts.clock.after(awayMs, () => {
			this.#onBus = true;
			this.#changed();
		});
	}

	#loseCable(): void {
		this.#line.cut();
		this.#noise.toChip.cut();
		this.#noise.toHost.cut();
		const cable = this.#cable;
		this.#cable = undefined;
		cable?.lost();
	}

	#onBlock(): void {
		this.#blocks++;
		if (this.#blocks === this.#faults.slipsOutAtBlock) this.unplug();
	}

	#setBaud(baud: number): void {
		this.#line.chipBaud = this.usb === 'native' ? NATIVE_BAUD : baud;
	}

	#become(state: BoardState): void {
		this.#state = state;
		this.#changed();
	}

	#changed(): void {
		this.parts.onChange?.();
		for (const fn of [...this.#watchers]) fn();
	}
}
