import type { FlashError } from './facts';

type Heard = Extract<FlashError, { kind: 'no-answer' }>['heard'];

/** Enough for a boot log; more tells nothing more. */
const MOST_BYTES = 4096;
/** Fewer bytes than this may be a glitch of the reset line. */
const FEW_BYTES = 4;
/** Of a running program's text, this share can be read. */
const READABLE = 0.85;

/** What came over the line while the ROM was asked: the last of it is kept, bounded. */
export class Ears {
	#bytes: number[] = [];

	hear(bytes: Uint8Array): void {
		for (const byte of bytes) this.#bytes.push(byte);
		if (this.#bytes.length > 2 * MOST_BYTES) this.#bytes = this.#bytes.slice(-MOST_BYTES);
	}

	/** Tells a dead line, a log and noise apart, so that the person is told what to do about it. */
	get verdict(): Heard {
		return classify(Uint8Array.from(this.#bytes.slice(-MOST_BYTES)));
	}
}

/** Total. What a line that gave no answer gave instead. */
export function classify(bytes: Uint8Array): Heard {
	if (bytes.length < FEW_BYTES) return 'nothing';
	const readable = bytes.reduce((sum, byte) => sum + (isText(byte) ? 1 : 0), 0) / bytes.length;
	return readable >= READABLE ? 'boot-log' : 'noise';
}

/** Printable ASCII, line ends, tabs and the escape that begins a colour. */
const isText = (byte: number): boolean =>
	(byte >= 0x20 && byte < 0x7f) || byte === 0x0a || byte === 0x0d || byte === 0x09 || byte === 0x1b;
