import { concatBytes, sameBytes } from '$lib/base';
import { crcDigits, FRAME_CRC_DIGITS, FRAME_START, MAX_FRAME_JSON } from './api-frame';
import { IMPROV_DATA_AT, IMPROV_HEADER, improvSum } from './improv-packet';
import type { ImprovPacket, LineFault } from './lease';

/** Who gets what the line carries, in the line's order. Bytes are views of a buffer that nobody writes again. */
export interface LineSink {
	text(bytes: Uint8Array): void;
	improv(packet: ImprovPacket): void;
	frame(json: Uint8Array): void;
	fault(kind: LineFault): void;
}

type Match =
	| { kind: 'more' }
	| { kind: 'text'; fault?: LineFault }
	| { kind: 'frame'; end: number; json: Uint8Array }
	| { kind: 'improv'; end: number; packet: ImprovPacket };

const LINE_FEED = 0x0a;
const CAPITAL_I = IMPROV_HEADER[0];
const NOTHING = new Uint8Array(0);
const MORE: Match = { kind: 'more' };
const TEXT: Match = { kind: 'text' };
const BAD_FRAME: Match = { kind: 'text', fault: 'bad-frame' };
const TOO_LONG: Match = { kind: 'text', fault: 'too-long' };
const BAD_IMPROV: Match = { kind: 'text', fault: 'bad-improv' };

/**
 * Takes the line of a running firmware apart: Device API frames (docs/protocol.md §8), Improv packets, and text, which is all
 * the rest. Total: what begins like a frame or a packet and does not check is text from its first byte on, and its second
 * byte may begin another. However the bytes are chunked, the same pieces come out; only text may be cut elsewhere.
 */
export class LineSplitter {
	/** The beginning of something that is not whole yet. */
	#held: Uint8Array = NOTHING;
	/** How much of a held frame was looked at already, so that a frame in single bytes is not read again for each. */
	#looked = 0;
	/** The line feed that may follow an Improv packet belongs to it. */
	#afterImprov = false;

	constructor(private readonly sink: LineSink) {}

	push(chunk: Uint8Array): void {
		const bytes = this.#held.length === 0 ? chunk.slice() : concatBytes([this.#held, chunk]);
		let looked = this.#looked;
		let textFrom = 0;
		let at = 0;
		this.#held = NOTHING;
		this.#looked = 0;
		if (this.#afterImprov && bytes.length > 0) {
			if (bytes[0] === LINE_FEED) textFrom = at = 1;
			this.#afterImprov = false;
		}
		while (at < bytes.length) {
			const byte = bytes[at];
			if (byte !== FRAME_START && byte !== CAPITAL_I) {
				at++;
				continue;
			}
			const match = byte === FRAME_START ? this.#frameAt(bytes, at, looked) : improvAt(bytes, at);
			looked = 0;
			if (match.kind === 'text') {
				if (match.fault) this.sink.fault(match.fault);
				at++;
				continue;
			}
			if (at > textFrom) this.sink.text(bytes.subarray(textFrom, at));
			if (match.kind === 'more') {
				this.#held = bytes.subarray(at);
				return;
			}
			if (match.kind === 'frame') this.sink.frame(match.json);
			else this.sink.improv(match.packet);
			textFrom = at = match.end;
			if (match.kind === 'improv') {
				if (at === bytes.length) this.#afterImprov = true;
				else if (bytes[at] === LINE_FEED) textFrom = ++at;
			}
		}
		if (bytes.length > textFrom) this.sink.text(bytes.subarray(textFrom));
	}

	/** The line is cut: what was held is text. */
	end(): void {
		let held = this.#held;
		while (held.length > 0) {
			if (held[0] === FRAME_START) this.sink.fault('bad-frame');
			this.#held = NOTHING;
			this.#looked = 0;
			this.sink.text(held.subarray(0, 1));
			this.push(held.subarray(1)); // a packet may lie inside what only seemed to begin a frame
			held = this.#held;
		}
		this.#afterImprov = false;
	}

	#frameAt(bytes: Uint8Array, start: number, looked: number): Match {
		const jsonAt = start + 1 + FRAME_CRC_DIGITS;
		for (let at = start + Math.max(1, looked); at < bytes.length; at++) {
			const byte = bytes[at]!;
			if (at < jsonAt) {
				if (!isHexDigit(byte)) return BAD_FRAME;
			} else if (byte === LINE_FEED) {
				const json = bytes.subarray(jsonAt, at);
				if (!sameBytes(bytes.subarray(start + 1, jsonAt), crcDigits(json))) return BAD_FRAME;
				return { kind: 'frame', end: at + 1, json };
			} else if (byte < 0x20) return BAD_FRAME;
			else if (at - jsonAt >= MAX_FRAME_JSON) return TOO_LONG;
		}
		this.#looked = bytes.length - start;
		return MORE;
	}
}

function improvAt(bytes: Uint8Array, start: number): Match {
	for (let i = 1; i < IMPROV_HEADER.length; i++) {
		if (start + i >= bytes.length) return MORE;
		if (bytes[start + i] !== IMPROV_HEADER[i]) return TEXT;
	}
	const length = bytes[start + IMPROV_DATA_AT - 1];
	if (length === undefined) return MORE;
	const sumAt = start + IMPROV_DATA_AT + length;
	const sum = bytes[sumAt];
	if (sum === undefined) return MORE;
	if (sum !== improvSum(bytes.subarray(start, sumAt))) return BAD_IMPROV;
	const data = bytes.subarray(start + IMPROV_DATA_AT, sumAt);
	return {
		kind: 'improv',
		end: sumAt + 1,
		packet: { type: bytes[start + IMPROV_HEADER.length]!, data }
	};
}

const isHexDigit = (byte: number): boolean =>
	(byte >= 0x30 && byte <= 0x39) || (byte >= 0x61 && byte <= 0x66);

/** A piece of the line; neighbouring text is one piece. */
export type LinePiece =
	| { kind: 'text'; bytes: Uint8Array }
	| { kind: 'improv'; type: number; data: Uint8Array }
	| { kind: 'frame'; json: Uint8Array };

/** Takes a whole recording of a line apart, as LineSplitter does while it comes in. */
export function splitLine(recording: Uint8Array): {
	pieces: readonly LinePiece[];
	faults: readonly LineFault[];
} {
	const pieces: LinePiece[] = [];
	const faults: LineFault[] = [];
	const splitter = new LineSplitter({
		text: (bytes) => {
			const last = pieces.at(-1);
			if (last?.kind === 'text') last.bytes = concatBytes([last.bytes, bytes]);
			else pieces.push({ kind: 'text', bytes });
		},
		improv: (packet) => pieces.push({ kind: 'improv', ...packet }),
		frame: (json) => pieces.push({ kind: 'frame', json }),
		fault: (fault) => faults.push(fault)
	});
	splitter.push(recording);
	splitter.end();
	return { pieces, faults };
}
