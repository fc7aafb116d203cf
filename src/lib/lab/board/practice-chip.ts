import { utf8, type Clock } from '$lib/base';
import type { BoardFaults } from './board-faults';
import { bootFrom, type BootedApp, type BootFault } from './boot';
import { ChipRegisters } from './chip-registers';
import { CHIP_MAKES, RESET, type BoardChip, type BoardUsb, type Reset } from './chips';
import { DownloadMode } from './download-mode';
import { NvsRecords } from './nvs-records';
import { practiceSlots } from './practice-slots';
import { RunningFirmware } from './running-firmware';
import type { SimBrokerSession } from './sim-broker-session';
import type { SimNetwork } from './sim-network';
import { flashWindow, type SparseFlash } from './sparse-flash';
import type { BoardTiming } from './timing';

/** What the chip does, with power. */
export type ChipState =
	| { readonly kind: 'download'; readonly stub: boolean }
	| { readonly kind: 'booting' }
	| { readonly kind: 'running'; readonly project: string; readonly version: string }
	| {
			readonly kind: 'stuck';
			readonly fault: BootFault | { readonly kind: 'crashed'; readonly cause: string };
	  };

export interface ChipParts {
	readonly chip: BoardChip;
	readonly usb: BoardUsb;
	/** 12 hexadecimal digits, lower case. */
	readonly mac: string;
	readonly name: string;
	readonly flash: SparseFlash;
	readonly timing: BoardTiming;
	readonly clock: Clock;
	readonly network: SimNetwork;
	readonly session: SimBrokerSession;
	faults(): BoardFaults;
	send(bytes: Uint8Array): void;
	setBaud(baud: number): void;
	/** Somebody has the cable open. */
	heard(): boolean;
	/** It is about to restart by itself: its own USB leaves the bus. */
	onRestart(): void;
	onBlock(): void;
	become(state: ChipState): void;
}

/** How long a bootloader looks at the flash before the program starts, and how soon a watchdog tries again. */
const BOOT_MS = 250;
const RETRY_MS = 2500;
/** How far a program comes before a supply that is too weak gives in: its radio wants the current. */
const BROWN_OUT_MS = 400;
const FLOOD_EVERY_MS = 20;
/** What 115,200 baud carry in that time. */
const FLOOD_BYTES = 230;
/** Why it restarts, as a program is told it, docs/firmware.md §2. */
const TOLD_RESET: Readonly<Record<Reset, number>> = {
	[RESET.powerOn]: 1,
	[RESET.usb]: 1,
	[RESET.software]: 2,
	[RESET.panic]: 3,
	[RESET.watchdog]: 4,
	[RESET.brownOut]: 5
};

/** The id of the device that a board's firmware is, unless its owner chose another (docs/protocol.md §1). */
export const boardDeviceId = (mac: string): string => `sim-${mac}`;

/** A virtual chip between two resets: its ROM's loader, or what its ROM and its bootloader find in the flash. */
export class PracticeChip {
	#download: DownloadMode | undefined;
	#firmware: RunningFirmware | undefined;
	#state: ChipState | undefined;
	#blocks = 0;
	#cancelTimer: () => void = () => {};
	#cancelFlood: () => void = () => {};
	/** Names the run since the last reset; what an older one still does is nothing. */
	#run = 0;

	constructor(private readonly parts: ChipParts) {}

	get #make() {
		return CHIP_MAKES[this.parts.chip];
	}

	/** Its program, while one runs. */
	get program(): RunningFirmware | undefined {
		return this.#firmware;
	}

	/** What runs is gone at once, without a word. */
	stop(): void {
		this.#run++;
		this.#cancelTimer();
		this.#cancelFlood();
		this.#download?.end();
		this.#download = undefined;
		this.#firmware?.end();
		this.#firmware = undefined;
		this.#state = undefined;
		this.parts.session.end();
		this.parts.network.end();
	}

	start(cause: Reset, download: boolean): void {
		this.stop();
		if (download) this.#startDownload(cause);
		else this.#boot(cause);
	}

	/** Bytes from the line. */
	hear(bytes: Uint8Array<ArrayBuffer>): void {
		if (!this.#download) return this.#firmware?.serial(bytes);
		this.#download.receive(bytes);
		const stub = this.#download?.stubRunning ?? false;
		if (this.#state?.kind === 'download' && this.#state.stub !== stub)
			this.#become({ kind: 'download', stub });
	}

	/** Other faults from now on. */
	faultsChanged(): void {
		const { kind } = this.#state ?? {};
		if (kind === 'running') this.#mindSupply();
		if (kind !== undefined && kind !== 'download') this.#flood();
	}

	say(...lines: readonly string[]): void {
		if (this.parts.heard()) this.parts.send(utf8(lines.map((line) => `${line}\r\n`).join('')));
	}

	#startDownload(cause: Reset): void {
		const { flash, timing, clock, mac, usb } = this.parts;
		const { words } = this.#make;
		this.#blocks = 0;
		this.say(
			...words.banner,
			`rst:${causeWords(words.resets, cause)},${words.download}`,
			'waiting for download'
		);
		this.#download = new DownloadMode({
			...{ flash, timing, clock, chip: this.#make },
			registers: new ChipRegisters(this.#make, { mac, flashBytes: flash.sizeBytes, usb }),
			send: (bytes) => this.parts.send(bytes),
			setBaud: (baud) => this.parts.setBaud(baud),
			restart: () => this.#restart(RESET.software),
			onBlock: () => this.#onBlock(),
			stubFault: () => this.parts.faults().stub
		});
		this.#become({ kind: 'download', stub: false });
	}

	#onBlock(): void {
		this.parts.onBlock();
		const { brownOutAtBlock } = this.parts.faults();
		if (this.#download && brownOutAtBlock !== undefined && ++this.#blocks >= brownOutAtBlock)
			this.#brownOut();
	}

	#brownOut(): void {
		this.say('', 'Brownout detector was triggered', '');
		this.#restart(RESET.brownOut);
	}

	#restart(cause: Reset): void {
		this.stop();
		this.parts.onRestart();
		this.#boot(cause);
	}

	#boot(cause: Reset): void {
		const { flash, chip, timing, clock } = this.parts;
		this.parts.setBaud(ROM_BAUD);
		this.#become({ kind: 'booting' });
		this.#flood();
		const boot = bootFrom(flash, chip);
		const { words } = this.#make;
		this.say(...words.banner, `rst:${causeWords(words.resets, cause)},${words.fromFlash}`, ...boot.log);
		if (boot.outcome.kind === 'stuck') {
			const { fault } = boot.outcome;
			this.#become({ kind: 'stuck', fault });
			return this.#tryAgain(stopsInRom(fault) ? RESET.watchdog : RESET.software);
		}
		const { app } = boot.outcome;
		const run = this.#run;
		const wait = timing.bitsPerByte === 0 ? 0 : BOOT_MS;
		this.#cancelTimer = clock.after(wait, () => {
			void this.#start(app, run, cause);
		});
	}

	async #start(app: BootedApp, run: number, cause: Reset): Promise<void> {
		const { mac, name, flash, clock, network, session } = this.parts;
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
			publish: (message) => session.publish(message),
			board: {
				serialOut: (bytes) => {
					if (ours()) this.parts.send(bytes);
					return ours();
				},
				network,
				mqtt: session
			},
			restarts: () => {
				if (ours()) this.#restart(RESET.software);
			},
			died: (why) => this.#died(why)
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
		this.#mindSupply();
		this.#firmware.step();
	}

	#died(cause: string): void {
		this.stop();
		this.say(
			`Guru Meditation Error: Core  0 panic'ed (${cause}). The program is WebAssembly, so there are no registers to show.`,
			'Rebooting...'
		);
		this.#become({ kind: 'stuck', fault: { kind: 'crashed', cause } });
		this.#tryAgain(RESET.panic);
	}

	/** A chip that found no program is restarted for ever, by its watchdog or its bootloader; heard only where a cable is open. */
	#tryAgain(cause: Reset): void {
		this.#cancelTimer = this.parts.clock.after(RETRY_MS, () => {
			if (this.parts.heard()) this.#boot(cause);
			else this.#tryAgain(cause);
		});
	}

	#mindSupply(): void {
		if (this.parts.faults().brownOutAtBlock === undefined) return;
		this.#cancelTimer();
		this.#cancelTimer = this.parts.clock.after(BROWN_OUT_MS, () => {
			if (this.parts.faults().brownOutAtBlock !== undefined) this.#brownOut();
		});
	}

	#flood(): void {
		this.#cancelFlood();
		if (!this.parts.faults().floods) return;
		let line = 0;
		const pour = () => {
			this.#cancelFlood = this.parts.clock.after(FLOOD_EVERY_MS, pour);
			let text = '';
			while (text.length < FLOOD_BYTES)
				text += `I (${line * 2}) flood: line ${line++} of a loop without a pause\r\n`;
			if (this.parts.heard()) this.parts.send(utf8(text));
		};
		this.#cancelFlood = this.parts.clock.after(FLOOD_EVERY_MS, pour);
	}

	#become(state: ChipState): void {
		this.#state = state;
		this.parts.become(state);
	}
}

/** What the ROM of every chip speaks at. */
export const ROM_BAUD = 115_200;

const causeWords = (names: Readonly<Record<Reset, string>>, cause: Reset): string =>
	`0x${cause.toString(16)} (${names[cause]})`;

/** Whether the ROM hangs over the bootloader until its watchdog; what a bootloader finds wrong it restarts for itself. */
const stopsInRom = (fault: BootFault): boolean =>
	fault.kind === 'no-bootloader' ||
	fault.kind === 'bootloader-damaged' ||
	(fault.kind === 'foreign' && fault.what === 'bootloader');
