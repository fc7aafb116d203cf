import type { ESPLoader } from 'esptool-js';
import { done, err, ok, untilAborted, type Clock, type Result } from '$lib/base';
import { isChipFamily } from '$lib/formats';
import {
	isNativeUsb,
	openFault,
	usbKindOf,
	type FlashLease,
	type SerialPortLike,
	type UsbKind
} from '$lib/link';
import { flashFacts, locks, romFacts } from './chip-facts';
import type { BoardFacts, FlashError } from './facts';
import { Ears } from './heard';
import { intoDownload, resetLadder, type ResetKind } from './reset';
import { tapped } from './tapped-port';

/** A chip whose stub runs and listens, on a port that is open with both streams free. */
export interface OpenChip {
	readonly board: BoardFacts;
	readonly baud: number;
	/** The most that the stub takes in one block of compressed bytes. */
	readonly blockBytes: number;
}

/** Where a chip is opened: its port, which may be another one after a reset. */
export type ChipPlace = Pick<FlashLease, 'device' | 'back'>;

export type ChipOpener = (
	place: ChipPlace,
	parts: { readonly clock: Clock; readonly log: (line: string) => void },
	onAttempt: (attempt: number) => void,
	signal: AbortSignal
) => Promise<Result<OpenChip, FlashError>>;

/** The ROM's rate after a reset; it finds others by itself, but this is the one that every chip has. */
export const ROM_BAUD = 115_200;
/** Of the port's own buffers: the default of Web Serial, 255, would cut a block into a hundred pieces. */
export const PORT_BUFFER_BYTES = 0x8000;

/**
 * Opens the port, brings the chip into download mode, asks who it is and starts the stub: the only place that speaks to
 * esptool-js, whose throws end here. The library is fetched when first needed. Leaves the port open in any case.
 * Rejects only with the signal's reason.
 */
export const openChip: ChipOpener = async (place, { clock, log }, onAttempt, signal) => {
	const { ClassicReset, ESPLoader, Transport, UsbJtagSerialReset } = await import('esptool-js');
	const ears = new Ears();
	const opened = await openAtRomBaud(place.device);
	if (!opened.ok) return opened;

	/** The library opens and closes as it sees fit; here the port stays as it is, and one reader runs. */
	class HeldTransport extends Transport {
		override connect(): Promise<void> {
			return Promise.resolve();
		}
		override disconnect(): Promise<void> {
			this.flushInput();
			return Promise.resolve();
		}
		override trace(): void {
			// the library's own trace goes to the browser's console
		}
	}

	let failure: FlashError | undefined;
	const ladder = [...resetLadder(place.device)];
	for (let attempts = 1; ladder.length > 0; attempts++) {
		const port = place.device;
		const kind = ladder.shift()!;
		signal.throwIfAborted();
		onAttempt(attempts);
		log(RESET_WORDS[kind]);
		const tap = tapped(port, (bytes) => ears.hear(bytes));
		const reset = () => intoDownload(tap.port, kind, clock, signal);
		// The library types its port by a package that is not installed; it uses what SerialPortLike has.
		const transport = new HeldTransport(tap.port);
		transport.baudrate = ROM_BAUD; // as its own `connect` would have it: some chips' crystal is reckoned from it
		const readLoop = transport.readLoop.bind(transport);
		const reading = readLoop();
		transport.readLoop = () => Promise.resolve(); // it is running
		const loader = new ESPLoader({
			transport,
			baudrate: ROM_BAUD,
			// What the library says of itself is for its own page; a log of ours names the steps in our words.
			terminal: { clean: () => undefined, write: () => undefined, writeLine: () => undefined },
			resetConstructors: {
				classicReset: (held, delayMs) => Object.assign(new ClassicReset(held, delayMs), { reset }),
				usbJTAGSerialReset: (held) => Object.assign(new UsbJtagSerialReset(held), { reset })
			}
		});
		try {
			const tried = await untilAborted(attempt(loader, kind, usbKindOf(port)), signal);
			if (tried.ok) {
				log(`${tried.value.board.description}, ${tried.value.board.mac}; the stub runs.`);
				return tried;
			}
			failure = tried.error;
			if (FOR_GOOD.has(failure.kind)) return tried;
		} catch (cause) {
			signal.throwIfAborted();
			if (!tap.lost) log(cause instanceof Error ? cause.message : String(cause));
		} finally {
			await tap.release();
			await reading;
		}
		if (!tap.lost) continue;
		const there = await openedAgain(place, port, log, signal);
		if (!there.ok) return there;
		if (kind !== 'none') ladder.unshift('none'); // the reset may have done what it was to do
	}
	return err(failure ?? { kind: 'no-answer', heard: ears.verdict });
};

async function openAtRomBaud(port: SerialPortLike): Promise<Result<void, FlashError>> {
	try {
		await port.open({ baudRate: ROM_BAUD, bufferSize: PORT_BUFFER_BYTES });
		return done;
	} catch (cause) {
		return err(openFault(cause));
	}
}

/** After the port went away: a chip's own USB does so with each reset, and comes back as another port. */
async function openedAgain(
	place: ChipPlace,
	lost: SerialPortLike,
	log: (line: string) => void,
	signal: AbortSignal
): Promise<Result<void, FlashError>> {
	if (!isNativeUsb(lost)) return err({ kind: 'unplugged' });
	log('The board left the USB: waiting for it to come back…');
	if (!(await place.back(lost, signal))) return err({ kind: 'not-back' });
	return openAtRomBaud(place.device);
}

/** What another try would not change. */
const FOR_GOOD: ReadonlySet<FlashError['kind']> = new Set(['secure-download', 'unsupported-chip', 'no-stub']);

const RESET_WORDS: Readonly<Record<ResetKind, string>> = {
	classic: 'Resetting the chip into download mode by DTR and RTS…',
	slow: 'The same with more time for its reset line…',
	'usb-jtag': 'Resetting the chip into download mode over its own USB…',
	none: 'Asking it as it is, without a reset…'
};

async function attempt(
	loader: ESPLoader,
	kind: ResetKind,
	usb: UsbKind
): Promise<Result<OpenChip, FlashError>> {
	try {
		await loader.connect(kind === 'none' ? 'no_reset' : 'default_reset', 1, true);
	} catch (cause) {
		const name = cause instanceof Error ? cause.name : '';
		if (name === 'UnexpectedChipIdError' || name === 'UnexpectedChipMagicError')
			return err({ kind: 'unsupported-chip', cause: said(cause) });
		throw cause;
	}
	const { CHIP_NAME: chip } = loader.chip;
	// Its registers cannot be read in this mode, so this is all that can be known of it.
	if (loader.secureDownloadMode) return err({ kind: 'secure-download', chip, ...(await locks(loader)) });
	if (!isChipFamily(chip)) return err({ kind: 'unsupported-chip', cause: chip });
	try {
		const about = await romFacts(loader, chip);
		await loader.chip.postConnect?.(loader);
		await loader.runStub();
		if (!loader.IS_STUB) return err({ kind: 'no-stub', chip, mac: about.mac, revision: about.revision });
		const board = { chip, ...about, ...(await flashFacts(loader)), usb };
		return ok({ board, baud: ROM_BAUD, blockBytes: loader.FLASH_WRITE_SIZE });
	} catch (cause) {
		return err({ kind: 'stub-failed', cause: said(cause) });
	}
}

const said = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause));
