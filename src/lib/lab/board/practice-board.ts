import { err, ok, utf8, type Clock, type Result } from '$lib/base';
import type { MqttConnector } from '$lib/link';
import { bootFrom, type BootFault } from './boot';
import { DownloadMode } from './download-mode';
import { NvsRecords } from './nvs-records';
import { PracticeRegisters } from './practice-chip';
import { RunningFirmware } from './running-firmware';
import { SimBrokerSession, type Dial } from './sim-broker-session';
import { SimNetwork, type AccessPoint, type RADIO_TIMES } from './sim-network';
import { practiceSlots } from './practice-slots';
import { flashWindow, type SparseFlash } from './sparse-flash';
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
	/** 12 hexadecimal digits, lower case. */
	readonly mac: string;
	readonly name: string;
	readonly flash: SparseFlash;
	readonly timing: BoardTiming;
	readonly world: BoardWorld;
	readonly clock: Clock;
	readonly random: () => number;
	readonly onChange: () => void;
}

export type BoardState =
	| { readonly kind: 'unplugged' }
	| { readonly kind: 'download'; readonly stub: boolean }
	| { readonly kind: 'booting' }
	| { readonly kind: 'running'; readonly project: string; readonly version: string }
	| {
			readonly kind: 'stuck';
			readonly fault: BootFault | { readonly kind: 'crashed'; readonly cause: string };
	  };

/** The host's end of the cable. */
export interface Cable {
	/** Resolves when the line has taken the bytes. */
	write(bytes: Uint8Array): Promise<void>;
	onBytes(fn: (bytes: Uint8Array<ArrayBuffer>) => void): void;
	setSignals(signals: { dataTerminalReady?: boolean; requestToSend?: boolean }): void;
	/** Once, when the cable is pulled. */
	onLost(fn: () => void): void;
	close(): void;
}

interface OpenCable {
	bytes: (bytes: Uint8Array<ArrayBuffer>) => void;
	lost: () => void;
}

const ROM_BAUD = 115_200;
/** How long a bootloader looks at the flash before the program starts, and how soon a watchdog tries again. */
const BOOT_MS = 250;
const RETRY_MS = 2500;
/** Why a chip restarts, as an ESP32-C3's ROM writes it (ESP-IDF `esp32c3/rom/rtc.h`, `RESET_REASON`). */
const RESET = {
	powerOn: '0x1 (POWERON)',
	/** The stub's or the bootloader's own. */
	software: '0x3 (RTC_SW_SYS_RST)',
	watchdog: '0x7 (TG0WDT_SYS_RST)',
	panic: '0xc (RTC_SW_CPU_RST)'
} as const;
type Reset = (typeof RESET)[keyof typeof RESET];
/** The same as a program is told it, docs/firmware.md §2. */
const TOLD_RESET: Readonly<Record<Reset, number>> = {
	[RESET.powerOn]: 1,
	[RESET.software]: 2,
	[RESET.panic]: 3,
	[RESET.watchdog]: 4
};
const ROM_LINES = ['ESP-ROM:practice board of Fieldbench, an ESP32-C3 that is virtual', 'Build:Nov 21 2026'];

/** The id of the device that a board's firmware is, unless its owner chose another (docs/protocol.md §1). */
export const boardDeviceId = (mac: string): string => `sim-${mac}`;

/**
 * A virtual ESP32-C3 on a board with a USB bridge: a boot ROM and a stub to be flashed by, a flash that keeps what it is given,
 * and after a reset whatever program lies there, if it is one for this board.
 */
export class PracticeBoard {
	readonly #line: UartLine;
	readonly #network: SimNetwork;
	readonly #session: SimBrokerSession;
	#state: BoardState = { kind: 'unplugged' };
	#cable: OpenCable | undefined;
	#signals = { dtr: false, rts: false };
	#bootHeld = false;
	#enabled = true;
	#download: DownloadMode | undefined;
	#firmware: RunningFirmware | undefined;
	#cancelTimer: () => void = () => {};
	/** Names the run since the last reset; what an older one still does is nothing. */
	#run = 0;

	constructor(private readonly parts: PracticeBoardParts) {
		const { timing, clock, world, random } = parts;
		this.#line = new UartLine({
			timing,
			clock,
			onChip: (bytes) => this.#heard(bytes),
			onHost: (bytes) => this.#cable?.bytes(bytes)
		});
		const changed = () => this.#firmware?.step();
		this.#network = new SimNetwork({ air: world.air, times: world.radio, clock, random, changed });
		this.#session = new SimBrokerSession({
			connector: world.connector,
			dial: world.dial,
			routed: () => this.#network.routed,
			clock,
			changed,
			message: (topic, payload) => this.#firmware?.receive(topic, payload),
			note: (line) => this.#say(`I (0) practice: ${line}`)
		});
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

	/** Power comes with the cable. */
	plug(): void {
		if (this.#state.kind !== 'unplugged') return;
		this.#reset();
	}

	/** Nothing is said goodbye to; what was on the way is lost, a block half programmed stays so. */
	unplug(): void {
		if (this.#state.kind === 'unplugged') return;
		this.#stop();
		this.#line.cut();
		this.#become({ kind: 'unplugged' });
		this.#signals = { dtr: false, rts: false };
		this.#enabled = true;
		const cable = this.#cable;
		this.#cable = undefined;
		cable?.lost();
		void this.parts.flash.flush();
	}

	pressBoot(down: boolean): void {
		this.#bootHeld = down;
	}

	/** A tap on EN, or RESET as some boards name it. */
	pressEn(): void {
		if (this.#state.kind !== 'unplugged' && this.#enabled) this.#reset();
	}

	/** One opener at a time. @param baud of the host's end; `chip`: whatever the chip's is */
	openCable(baud: number | 'chip'): Result<Cable, 'busy' | 'unplugged'> {
		if (this.#state.kind === 'unplugged') return err('unplugged');
		if (this.#cable) return err('busy');
		const cable: OpenCable = { bytes: () => {}, lost: () => {} };
		this.#cable = cable;
		this.#line.hostBaud = baud;
		const mine = () => this.#cable === cable;
		return ok({
			write: (bytes) => (mine() ? this.#line.toChip(bytes) : Promise.resolve()),
			onBytes: (fn) => (cable.bytes = fn),
			onLost: (fn) => (cable.lost = fn),
			setSignals: (signals) => {
				if (mine()) this.#setSignals(signals);
			},
			close: () => {
				if (!mine()) return;
				this.#cable = undefined;
				this.#line.cutToHost();
				// A driver lets both lines go with its port: an opener that died in mid-pulse leaves no board held in reset.
				this.#setSignals({ dataTerminalReady: false, requestToSend: false });
			}
		});
	}

	/** The two transistors of a usual board: RTS alone pulls EN, DTR alone pulls IO0, both together nothing. */
	#setSignals(signals: { dataTerminalReady?: boolean; requestToSend?: boolean }): void {
		const { dtr, rts } = this.#signals;
		this.#signals = { dtr: signals.dataTerminalReady ?? dtr, rts: signals.requestToSend ?? rts };
		const enabled = !(this.#signals.rts && !this.#signals.dtr);
		if (this.#enabled && !enabled) this.#stop();
		const rises = enabled && !this.#enabled;
		this.#enabled = enabled;
		if (rises) this.#reset();
	}

	get #io0Low(): boolean {
		return this.#bootHeld || (this.#signals.dtr && !this.#signals.rts);
	}

	#stop(): void {
		this.#run++;
		this.#cancelTimer();
		this.#download?.end();
		this.#download = undefined;
		this.#firmware?.end();
		this.#firmware = undefined;
		this.#session.end();
		this.#network.end();
		this.#line.chipBaud = ROM_BAUD;
	}

	#reset(): void {
		this.#stop();
		if (this.#io0Low) this.#startDownload();
		else this.#boot(RESET.powerOn);
	}

	#restart(): void {
		this.#stop();
		this.#boot(RESET.software);
	}

	#startDownload(): void {
		const { flash, timing, clock, mac } = this.parts;
		this.#say(...ROM_LINES, `rst:${RESET.powerOn},boot:0x4 (DOWNLOAD(USB/UART0/1))`, 'waiting for download');
		this.#download = new DownloadMode({
			flash,
			timing,
			clock,
			registers: new PracticeRegisters(mac),
			send: (bytes) => void this.#line.toHost(bytes),
			setBaud: (baud) => (this.#line.chipBaud = baud),
			restart: () => this.#restart()
		});
		this.#become({ kind: 'download', stub: false });
	}

	#boot(cause: Reset): void {
		this.#become({ kind: 'booting' });
		const boot = bootFrom(this.parts.flash);
		this.#say(...ROM_LINES, `rst:${cause},boot:0xc (SPI_FAST_FLASH_BOOT)`, ...boot.log);
		if (boot.outcome.kind === 'stuck') {
			const { fault } = boot.outcome;
			this.#become({ kind: 'stuck', fault });
			return this.#tryAgain(stopsInRom(fault) ? RESET.watchdog : RESET.software);
		}
		const { app } = boot.outcome;
		const run = this.#run;
		const wait = this.parts.timing.bitsPerByte === 0 ? 0 : BOOT_MS;
		this.#cancelTimer = this.parts.clock.after(wait, () => {
			void this.#start(app, run, cause);
		});
	}

	async #start(
		app: Extract<ReturnType<typeof bootFrom>['outcome'], { kind: 'app' }>['app'],
		run: number,
		cause: Reset
	): Promise<void> {
		const { mac, name, flash, clock } = this.parts;
		const ours = () => run === this.#run;
		const started = await RunningFirmware.start(app.wasm, {
			id: boardDeviceId(mac),
			name,
			mac,
			seed: Number.parseInt(mac.slice(-8), 16),
			reset: TOLD_RESET[cause],
			records: new NvsRecords(flash, app.nvs),
			regions: {
				telemetry: app.telemetry && flashWindow(flash, app.telemetry.offset, app.telemetry.size),
				slots: practiceSlots(flash, app.partitions, app.partition)
			},
			clock,
			publish: (message) => this.#session.publish(message),
			board: {
				serialOut: (bytes) => {
					if (ours()) void this.#line.toHost(bytes);
					return ours();
				},
				network: this.#network,
				mqtt: this.#session
			},
			restarts: () => {
				if (ours()) this.#restart();
			},
			died: (cause) => this.#died(cause)
		});
		if (!ours()) {
			if (started.ok) started.value.end();
			return;
		}
		if (!started.ok) {
			const fault = started.error;
			return this.#died(fault.kind === 'did-not-start' ? fault.cause : fault.kind);
		}
		this.#firmware = started.value;
		const { project = 'unknown', version = '' } = app.descriptor ?? {};
		this.#become({ kind: 'running', project, version });
		this.#firmware.step();
	}

	#died(cause: string): void {
		this.#stop();
		this.#say(
			`Guru Meditation Error: Core  0 panic'ed (${cause}). The program is WebAssembly, so there are no registers to show.`,
			'Rebooting...'
		);
		this.#become({ kind: 'stuck', fault: { kind: 'crashed', cause } });
		this.#tryAgain(RESET.panic);
	}

	/** A chip that found no program is restarted for ever, by its watchdog or its bootloader; heard only where a cable is open. */
	#tryAgain(cause: Reset): void {
		this.#cancelTimer = this.parts.clock.after(RETRY_MS, () => {
			if (this.#cable) this.#boot(cause);
			else this.#tryAgain(cause);
		});
	}

	#heard(bytes: Uint8Array<ArrayBuffer>): void {
		if (this.#download) {
			this.#download.receive(bytes);
			if (this.#state.kind === 'download' && this.#state.stub !== this.#download.stubRunning)
				this.#become({ kind: 'download', stub: this.#download.stubRunning });
		} else this.#firmware?.serial(bytes);
	}

	#say(...lines: readonly string[]): void {
		if (this.#cable) void this.#line.toHost(utf8(lines.map((line) => `${line}\r\n`).join('')));
	}

	#become(state: BoardState): void {
		this.#state = state;
		this.parts.onChange();
	}
}

/** Whether the ROM hangs over the bootloader until its watchdog; what a bootloader finds wrong it restarts for itself. */
const stopsInRom = (fault: BootFault): boolean =>
	fault.kind === 'no-bootloader' ||
	fault.kind === 'bootloader-damaged' ||
	(fault.kind === 'foreign' && fault.what === 'bootloader');
