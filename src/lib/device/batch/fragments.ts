import { Counters, crc32, err, ok, sameBytes, type Result } from '$lib/base';

/** Bounds of docs/protocol.md §9. */
export const FRAGMENT_MAX_MESSAGE_BYTES = 4096;
export const FRAGMENT_MIN_PIECE_BYTES = 20;
export const FRAGMENT_MAX_PIECE_BYTES = 512;
/** A message whose next piece does not come for so long is given up. */
export const FRAGMENT_PATIENCE_MS = 5000;

const NUMBERS = 128;
const HEAD_BYTES = 2;
const FIRST_HEAD_BYTES = 8;
const LAST = 0x80;
/** Messages so far behind the newest come late, or again. */
const LATE = 8;

export type FragmentError = { kind: 'bad-message-length'; lengthBytes: number };

/**
 * Cuts a message into pieces.
 * @param number of the message: one more than that of the message before, modulo 128
 * @param pieceBytes what a packet of the link holds, 20 … 512
 * @returns at most 228 pieces, in the order in which they are to be sent
 */
export function cutMessage(
	message: Uint8Array,
	number: number,
	pieceBytes: number
): Result<readonly Uint8Array<ArrayBuffer>[], FragmentError> {
	if (!(pieceBytes >= FRAGMENT_MIN_PIECE_BYTES && pieceBytes <= FRAGMENT_MAX_PIECE_BYTES))
		throw new RangeError(`no size of pieces: ${pieceBytes}`);
	if (message.length === 0 || message.length > FRAGMENT_MAX_MESSAGE_BYTES)
		return err({ kind: 'bad-message-length', lengthBytes: message.length });
	const pieces: Uint8Array<ArrayBuffer>[] = [];
	for (let at = 0; at < message.length;) {
		const index = pieces.length;
		const headBytes = index === 0 ? FIRST_HEAD_BYTES : HEAD_BYTES;
		const bytes = message.subarray(at, at + pieceBytes - headBytes);
		at += bytes.length;
		const piece = new Uint8Array(headBytes + bytes.length);
		piece[0] = (number % NUMBERS) | (at === message.length ? LAST : 0);
		piece[1] = index;
		if (index === 0) {
			const view = new DataView(piece.buffer);
			view.setUint16(2, message.length, true);
			view.setUint32(4, crcOf(number % NUMBERS, message), true);
		}
		piece.set(bytes, headBytes);
		pieces.push(piece);
	}
	return ok(pieces);
}

/** What is wrong with a piece, or with the message that it should have belonged to. */
export type FragmentFault = 'malformed' | 'lost' | 'interrupted' | 'repeated' | 'damaged';

/** What came of a piece. */
export interface FragmentStep {
	/** Whole, and the caller's. */
	readonly message?: Uint8Array<ArrayBuffer>;
	readonly fault?: FragmentFault;
}

interface Told {
	readonly number: number;
	readonly lengthBytes: number;
	readonly crc: number;
}

interface UnderWay extends Told {
	readonly bytes: Uint8Array<ArrayBuffer>;
	/** The index of the next piece. */
	due: number;
	filled: number;
	/** Where the last piece's bytes begin. */
	lastAt: number;
}

/** Puts pieces together. Total: any pieces give messages that were sent, each once, or faults that are counted. */
export class FragmentReader {
	readonly counted = new Counters<FragmentFault>();
	#underWay: UnderWay | undefined;
	/** Further pieces of this message are passed over. */
	#passed: number | undefined;
	/** The newest message of which anything came. */
	#heard: number | undefined;
	/** The message that was given last. */
	#given: Told | undefined;
	#takenAtMs = 0;

	/** @param nowMs of any clock that only rises */
	take(piece: Uint8Array, nowMs: number): FragmentStep {
		this.expire(nowMs);
		const first = piece[1] === 0;
		if (piece.length <= (first ? FIRST_HEAD_BYTES : HEAD_BYTES)) return this.#refuse(piece);
		this.#takenAtMs = nowMs;
		return first ? this.#takeFirst(piece) : this.#takeFurther(piece);
	}

	/** Gives up a message that waited too long. */
	expire(nowMs: number): void {
		if (this.#underWay && nowMs - this.#takenAtMs >= FRAGMENT_PATIENCE_MS) this.#drop('lost', this.#underWay);
	}

	/** The link came up anew. */
	reset(): void {
		if (this.#underWay) this.#drop('lost', this.#underWay);
		this.#passed = this.#heard = this.#given = undefined;
	}

	#takeFirst(piece: Uint8Array): FragmentStep {
		const view = new DataView(piece.buffer, piece.byteOffset);
		const told = {
			number: numberOf(piece),
			lengthBytes: view.getUint16(2, true),
			crc: view.getUint32(4, true)
		};
		const bytes = piece.subarray(FIRST_HEAD_BYTES);
		if (told.lengthBytes > FRAGMENT_MAX_MESSAGE_BYTES || bytes.length > told.lengthBytes)
			return this.#refuse(piece);
		const before = this.#underWay;
		if (before && isSame(told, before) && repeatsLast(piece, bytes, before)) return this.#note('repeated');
		if ((this.#given && isSame(told, this.#given)) || this.#isLate(told.number))
			return this.#passOver('repeated', told.number);
		let fault: FragmentFault | undefined;
		if (this.#leavesSomeOut(told.number)) ({ fault } = this.#note('lost'));
		if (before) ({ fault } = this.#drop('interrupted', before));
		this.#heard = told.number;
		const message = { ...told, bytes: new Uint8Array(told.lengthBytes), due: 0, filled: 0, lastAt: 0 };
		this.#underWay = message;
		const step = this.#append(message, piece, bytes);
		return fault && !step.fault ? { ...step, fault } : step;
	}

	#takeFurther(piece: Uint8Array): FragmentStep {
		const number = numberOf(piece);
		const bytes = piece.subarray(HEAD_BYTES);
		const message = this.#underWay;
		if (message?.number !== number) {
			if (number === this.#passed) return {};
			if (number === this.#given?.number || this.#isLate(number)) return this.#passOver('repeated', number);
			return this.#miss('lost', number);
		}
		if (repeatsLast(piece, bytes, message)) return this.#note('repeated');
		if (piece[1] !== message.due) return this.#drop('lost', message);
		if (bytes.length > message.lengthBytes - message.filled) return this.#drop('malformed', message);
		return this.#append(message, piece, bytes);
	}

	#append(message: UnderWay, piece: Uint8Array, bytes: Uint8Array): FragmentStep {
		message.bytes.set(bytes, message.filled);
		message.lastAt = message.filled;
		message.filled += bytes.length;
		message.due++;
		if ((piece[0]! & LAST) === 0) return {};
		if (message.filled !== message.lengthBytes || crcOf(message.number, message.bytes) !== message.crc)
			return this.#drop('damaged', message);
		const { number, lengthBytes, crc } = message;
		this.#given = { number, lengthBytes, crc };
		this.#underWay = this.#passed = undefined;
		return { message: message.bytes };
	}

	#refuse(piece: Uint8Array): FragmentStep {
		if (this.#underWay) return this.#drop('malformed', this.#underWay);
		return piece.length === 0 ? this.#note('malformed') : this.#miss('malformed', numberOf(piece));
	}

	#isLate(number: number): boolean {
		const behind = distance(number, this.#heard ?? number);
		return behind >= 1 && behind <= LATE;
	}

	#leavesSomeOut(number: number): boolean {
		return distance(this.#heard ?? number, number) > 1;
	}

	/** A message of which anything else came than its beginning. */
	#miss(fault: FragmentFault, number: number): FragmentStep {
		if (!this.#isLate(number)) this.#heard = number;
		return this.#passOver(fault, number);
	}

	#drop(fault: FragmentFault, { number }: UnderWay): FragmentStep {
		this.#underWay = undefined;
		return this.#passOver(fault, number);
	}

	#passOver(fault: FragmentFault, number: number): FragmentStep {
		this.#passed = number;
		return this.#note(fault);
	}

	#note(fault: FragmentFault): FragmentStep {
		this.counted.add(fault);
		return { fault };
	}
}

const numberOf = (piece: Uint8Array): number => piece[0]! % NUMBERS;

/** Over the number too: a message under another one is another message. */
const crcOf = (number: number, message: Uint8Array): number => crc32(message, crc32(Uint8Array.of(number)));

const distance = (from: number, to: number): number => (to - from + NUMBERS) % NUMBERS;

const isSame = (a: Told, b: Told): boolean =>
	a.number === b.number && a.lengthBytes === b.lengthBytes && a.crc === b.crc;

/** Byte for byte what was just taken; a last piece it is not, for after that nothing is under way. */
const repeatsLast = (piece: Uint8Array, bytes: Uint8Array, message: UnderWay): boolean =>
	piece[0] === message.number &&
	piece[1]! + 1 === message.due &&
	sameBytes(bytes, message.bytes.subarray(message.lastAt, message.filled));
