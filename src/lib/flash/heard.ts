import { concatBytes } from '$lib/base';

/** What came over the line instead of the ROM's answer; each has its own remedy (flash-words.ts). */
export type Heard =
	/** Not one byte, though the line was reset: a wrong mode, or nothing behind the port. */
	| 'nothing'
	| 'noise'
	/** A program's text, or the log of its start. */
	| 'boot-log'
	/** A chip that was reset and started from its flash: the BOOT strap was not pulled. */
	| 'flash-boot'
	/** The ROM waits for a download, and does not hear us. */
	| 'download-unheard'
	| 'brown-out'
	| 'boot-loop';

/** Enough for some starts; more tells nothing more. */
const MOST_BYTES = 16_384;
/** Fewer bytes than this may be a glitch of the reset line. */
const FEW_BYTES = 4;
/** Of a running program's text, this share can be read. */
const READABLE = 0.85;
/** So many of the same within some seconds are a loop: our own resets are at most three of the first five tries. */
const BROWN_OUTS = 2;
const LOOPED_STARTS = 4;

/** What came over the line while the ROM was asked: the last of it is kept, bounded. */
export class Ears {
	readonly #chunks: Uint8Array[] = [];
	#length = 0;

	hear(bytes: Uint8Array): void {
		this.#chunks.push(bytes);
		this.#length += bytes.length;
		while (this.#length - this.#chunks[0]!.length >= MOST_BYTES) this.#length -= this.#chunks.shift()!.length;
	}

	/** Tells a dead line, a log and noise apart, so that the person is told what to do about it. */
	get verdict(): Heard {
		return classify(concatBytes(this.#chunks).subarray(-MOST_BYTES));
	}
}

/**
 * `rst:0x1 (POWERON),boot:0x13 (SPI_FAST_FLASH_BOOT)`, as every ROM since the ESP32's writes it after a reset: its cause, and how
 * the strapping pins were. Source: ESP-IDF `esp_rom`, and esptool's "Boot mode selection".
 */
const START = /rst:0x[\da-f]+ \((\w+)\),boot:0x[\da-f]+ \(([\w/()]+)/giu;
/** Watchdogs and panics; what a person, our lines or power do is none. */
const BY_ITSELF = /WDT|PANIC|SW_CPU|SW_RESET|SW_SYS/iu;
const BROWN_OUT = /brownout detector was triggered|BROWN_?OUT_RE?SE?T/giu;

/** Total. What a line that gave no answer gave instead; the cause that explains most comes first. */
export function classify(bytes: Uint8Array): Heard {
	if (bytes.length < FEW_BYTES) return 'nothing';
	const text = Array.from(bytes, (byte) => String.fromCharCode(byte)).join('');
	if ((text.match(BROWN_OUT) ?? []).length >= BROWN_OUTS) return 'brown-out';
	const starts = [...text.matchAll(START)].map(([, cause = '', mode = '']) => ({ cause, mode }));
	if (starts.filter(({ cause }) => BY_ITSELF.test(cause)).length >= LOOPED_STARTS) return 'boot-loop';
	const last = starts.at(-1);
	if (last && /DOWNLOAD/iu.test(last.mode)) return 'download-unheard';
	const readable = bytes.reduce((sum, byte) => sum + (isText(byte) ? 1 : 0), 0) / bytes.length;
	if (readable < READABLE && !last) return 'noise';
	return last ? 'flash-boot' : 'boot-log';
}

/** Printable ASCII, line ends, tabs and the escape that begins a colour. */
const isText = (byte: number): boolean =>
	(byte >= 0x20 && byte < 0x7f) || byte === 0x0a || byte === 0x0d || byte === 0x09 || byte === 0x1b;
