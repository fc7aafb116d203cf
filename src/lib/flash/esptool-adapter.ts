import type { ESPLoader } from 'esptool-js';
import { err, ok, untilAborted, utf8, type Clock, type Result } from '$lib/base';
import { isChipFamily } from '$lib/formats';
import type { SerialPortLike } from '$lib/link';
import type { BoardFacts, FlashError } from './facts';
import { Ears } from './heard';
import { openError } from './port-faults';
import { intoDownload, resetLadder, type ResetKind } from './reset';
import { tapped } from './tapped-port';

/** A chip whose stub runs and listens, on a port that is open with both streams free. */
export interface OpenChip {
	readonly board: BoardFacts;
	readonly baud: number;
	/** The most that the stub takes in one block of compressed bytes. */
	readonly blockBytes: number;
}

export type ChipOpener = (
	port: SerialPortLike,
	parts: { readonly clock: Clock; readonly log: (line: string) => void },
	onAttempt: (attempt: number) => void,
	signal: AbortSignal
) => Promise<Result<OpenChip, FlashError>>;

/** The ROM's rate after a reset; it finds others by itself, but this is the one that every chip has. */
export const ROM_BAUD = 115_200;
/** Of the port's own buffers: the default of Web Serial, 255, would cut a block into a hundred pieces. */
export const PORT_BUFFER_BYTES = 0x8000;

/** Where a practice board has its mark: eFuse BLOCK3 (USR_DATA) of an ESP32-C3 (docs/flashing.md). */
const PRACTICE_MARK = { address: 0x60008800 + 0x7c, text: utf8('FIELDBENCH-VIRT\0') };

/**
 * Opens the port, brings the chip into download mode, asks who it is and starts the stub: the only place that speaks to
 * esptool-js, whose throws end here. The library is fetched when first needed. Leaves the port open in any case.
 * Rejects only with the signal's reason.
 */
export const openChip: ChipOpener = async (port, { clock, log }, onAttempt, signal) => {
	const { ClassicReset, ESPLoader, Transport, UsbJtagSerialReset } = await import('esptool-js');
	const ears = new Ears();
	try {
		await port.open({ baudRate: ROM_BAUD, bufferSize: PORT_BUFFER_BYTES });
	} catch (cause) {
		return err(openError(cause));
	}

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
	for (const [i, kind] of resetLadder(port).entries()) {
		signal.throwIfAborted();
		onAttempt(i + 1);
		log(RESET_WORDS[kind]);
		const tap = tapped(port, (bytes) => ears.hear(bytes));
		const reset = () => intoDownload(tap.port, kind, clock, signal);
		// The library types its port by a package that is not installed; it uses what SerialPortLike has.
		const transport = new HeldTransport(tap.port);
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
			const tried = await untilAborted(attempt(loader, kind), signal);
			if (tried.ok) {
				log(`${tried.value.board.description}, ${tried.value.board.mac}; the stub runs.`);
				return tried;
			}
			failure = tried.error;
			if (failure.kind === 'secure-download' || failure.kind === 'unsupported-chip') return tried;
		} catch (cause) {
			signal.throwIfAborted();
			if (tap.lost) return err({ kind: 'unplugged' });
			log(cause instanceof Error ? cause.message : String(cause));
		} finally {
			await tap.release();
			await reading;
		}
	}
	return err(failure ?? { kind: 'no-answer', heard: ears.verdict });
};

const RESET_WORDS: Readonly<Record<ResetKind, string>> = {
	classic: 'Resetting the chip into download mode by DTR and RTS…',
	slow: 'The same with more time for its reset line…',
	'usb-jtag': 'Resetting the chip into download mode over its own USB…',
	none: 'Asking it as it is, without a reset…'
};

async function attempt(loader: ESPLoader, kind: ResetKind): Promise<Result<OpenChip, FlashError>> {
	try {
		await loader.connect(kind === 'none' ? 'no_reset' : 'default_reset', 1, true);
	} catch (cause) {
		const name = cause instanceof Error ? cause.name : '';
		if (name === 'UnexpectedChipIdError' || name === 'UnexpectedChipMagicError')
			return err({ kind: 'unsupported-chip', cause: said(cause) });
		throw cause;
	}
	if (loader.secureDownloadMode) return err({ kind: 'secure-download' });
	const { CHIP_NAME: chip } = loader.chip;
	if (!isChipFamily(chip)) return err({ kind: 'unsupported-chip', cause: chip });
	try {
		const about = await chipFacts(loader);
		await loader.chip.postConnect?.(loader);
		await loader.runStub();
		if (!loader.IS_STUB) return err({ kind: 'unsupported-chip', cause: `${chip}: no stub` });
		const board = { chip, ...about, flashSizeBytes: await flashSize(loader) };
		return ok({ board, baud: ROM_BAUD, blockBytes: loader.FLASH_WRITE_SIZE });
	} catch (cause) {
		return err({ kind: 'stub-failed', cause: said(cause) });
	}
}

async function chipFacts(loader: ESPLoader): Promise<Omit<BoardFacts, 'chip' | 'flashSizeBytes'>> {
	const { chip } = loader;
	const description = await chip.getChipDescription(loader);
	return {
		description,
		mac: (await chip.readMac(loader)).toLowerCase(),
		practice: chip.CHIP_NAME === 'ESP32-C3' && (await hasPracticeMark(loader)),
		features: await chip.getChipFeatures(loader),
		revision: /revision (v[\d.]+)/u.exec(description)?.[1] ?? '',
		crystalMhz: await chip.getCrystalFreq(loader),
		...(await locks(loader))
	};
}

async function hasPracticeMark(loader: ESPLoader): Promise<boolean> {
	const { address, text } = PRACTICE_MARK;
	for (let at = 0; at < text.length; at += 4) {
		const word = await loader.readReg(address + at);
		for (let i = 0; i < 4; i++) if (((word >>> (8 * i)) & 0xff) !== text[at + i]) return false;
	}
	return true;
}

/** ESP32: eFuse block 0, `FLASH_CRYPT_CNT` and `ABS_DONE_0/1` (ESP-IDF `esp_efuse_table`). */
const ESP32_EFUSE = { word0: 0x3ff5a000, word6: 0x3ff5a018 };

async function locks(loader: ESPLoader): Promise<Pick<BoardFacts, 'secureBoot' | 'flashEncryption'>> {
	switch (loader.chip.CHIP_NAME) {
		case 'ESP8266':
			return { secureBoot: false, flashEncryption: false }; // it has neither
		case 'ESP32': {
			const word0 = await loader.readReg(ESP32_EFUSE.word0);
			const word6 = await loader.readReg(ESP32_EFUSE.word6);
			return { secureBoot: (word6 & 0x30) !== 0, flashEncryption: oddBits((word0 >>> 20) & 0x7f) };
		}
		default: {
			const { parsedFlags, flashCryptCnt } = await loader.getSecurityInfo();
			return { secureBoot: parsedFlags.SECURE_BOOT_EN, flashEncryption: oddBits(flashCryptCnt) };
		}
	}
}

/** Encryption is on while an odd number of the counter's fuses is burnt. */
const oddBits = (count: number): boolean => count.toString(2).replaceAll('0', '').length % 2 === 1;

/** JEDEC's third byte, the capacity, in the library's table. */
async function flashSize(loader: ESPLoader): Promise<number | null> {
	const id = await loader.readFlashId();
	const sizes: Readonly<Record<number, string>> = loader.DETECTED_FLASH_SIZES;
	const found = /^(\d+)(KB|MB)$/u.exec(sizes[(id >>> 16) & 0xff] ?? '');
	return found ? Number(found[1]) * (found[2] === 'MB' ? 1024 * 1024 : 1024) : null;
}

const said = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause));
