import type { Clock } from '$lib/base';
import { DownloadMode } from './download-mode';
import { ChipRegisters } from './chip-registers';
import { CHIP_MAKES, type BoardChip } from './chips';
import type { SparseFlash } from './sparse-flash';
import type { BoardTiming } from './timing';
import { UartLine } from './uart-line';

/** For tests: the loader alone behind a serial port's interface, with the two transistors, and no program to start. */
export class LoaderOnlyPort extends EventTarget {
	readable: ReadableStream<Uint8Array> | null = null;
	writable: WritableStream<Uint8Array> | null = null;
	/** Every chunk passes through it, both ways. */
	meddle: (bytes: Uint8Array, to: 'chip' | 'host') => Uint8Array = (bytes) => bytes;
	readonly #line: UartLine;
	#mode: DownloadMode | undefined;
	#controller: ReadableStreamDefaultController<Uint8Array> | undefined;
	#signals = { dtr: false, rts: false };
	#enabled = true;
	starts = 0;

	constructor(
		private readonly parts: {
			flash: SparseFlash;
			timing: BoardTiming;
			clock: Clock;
			mac: string;
			chip?: BoardChip;
		}
	) {
		super();
		this.#line = new UartLine({
			timing: parts.timing,
			clock: parts.clock,
			onChip: (bytes) => this.#mode?.receive(this.meddle(bytes, 'chip')),
			onHost: (bytes) => this.#controller?.enqueue(this.meddle(bytes, 'host'))
		});
	}

	get stubRunning(): boolean {
		return this.#mode?.stubRunning ?? false;
	}

	open({ baudRate }: { baudRate: number }): Promise<void> {
		this.#line.hostBaud = baudRate;
		this.readable = new ReadableStream({ start: (controller) => void (this.#controller = controller) });
		this.writable = new WritableStream({ write: (bytes: Uint8Array) => this.#line.toChip(bytes) });
		return Promise.resolve();
	}

	close(): Promise<void> {
		this.readable = this.writable = null;
		this.#controller = undefined;
		return Promise.resolve();
	}

	setSignals(signals: { dataTerminalReady?: boolean; requestToSend?: boolean }): Promise<void> {
		const { dtr, rts } = this.#signals;
		this.#signals = { dtr: signals.dataTerminalReady ?? dtr, rts: signals.requestToSend ?? rts };
		const enabled = !(this.#signals.rts && !this.#signals.dtr);
		if (enabled && !this.#enabled) this.#reset(this.#signals.dtr && !this.#signals.rts);
		this.#enabled = enabled;
		return Promise.resolve();
	}

	getInfo() {
		return { usbVendorId: 0x10c4, usbProductId: 0xea60 };
	}

	#reset(download: boolean): void {
		this.#mode?.end();
		this.#mode = undefined;
		this.#line.chipBaud = 115_200;
		if (!download) {
			this.starts++;
			return;
		}
		const { flash, mac } = this.parts;
		const chip = CHIP_MAKES[this.parts.chip ?? 'ESP32-C3'];
		this.#mode = new DownloadMode({
			chip,
			flash,
			registers: new ChipRegisters(chip, { mac, flashBytes: flash.sizeBytes, usb: 'bridge' }),
			timing: this.parts.timing,
			clock: this.parts.clock,
			send: (bytes) => void this.#line.toHost(bytes),
			setBaud: (baud) => (this.#line.chipBaud = baud),
			restart: () => this.#reset(false)
		});
	}
}
