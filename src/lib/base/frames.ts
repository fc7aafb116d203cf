import { concatBytes, textOf, utf8 } from './bytes';
import { crc32 } from './crc32';
import { err, ok, type Result } from './result';
import { parseRowJson, rowJson } from './row-json';

/** One piece of a framed file: what it is, and bytes that go with it. Drawn in docs/backup-format.md. */
export interface Frame {
	readonly meta: unknown;
	readonly bytes: Uint8Array<ArrayBuffer>;
}

/** `place`: bytes from the file's start, of the frame that cannot be read. */
export type FrameError =
	| { readonly kind: 'foreign' }
	/** `bounded`: only what is in it changed, so that the frame behind it can be read. */
	| { readonly kind: 'damaged'; readonly place: number; readonly bounded?: true }
	/** It ends within a frame. */
	| { readonly kind: 'truncated'; readonly place: number };

const HEAD_BYTES = 12;
const CRC_BYTES = 4;
const MAX_META_BYTES = 64 << 20;
const MAX_BYTES = 256 << 20;
const NONE = new Uint8Array(0);

/** Writes frames one after the other: magic first, each with its number, so that none can go missing or change places. */
export class FrameWriter {
	#number = 0;

	constructor(private readonly magic: string) {}

	write(meta: unknown, bytes: Uint8Array<ArrayBuffer> = NONE): Uint8Array<ArrayBuffer> {
		const json = utf8(rowJson(meta));
		const head = new Uint8Array(HEAD_BYTES);
		const view = new DataView(head.buffer);
		view.setUint32(0, this.#number, true);
		view.setUint32(4, json.length, true);
		view.setUint32(8, bytes.length, true);
		const tail = new Uint8Array(CRC_BYTES);
		const crc = [head, json, bytes].reduce((sum, part) => crc32(part, sum), 0);
		new DataView(tail.buffer).setUint32(0, crc, true);
		const first = this.#number++ === 0 ? [utf8(this.magic)] : [];
		return concatBytes([...first, head, json, bytes, tail]);
	}
}

/** Reads a framed file from its start to its end; one frame and one piece of the file are in memory. Ends with the first error, but for `bounded` ones. */
export async function* readFrames(
	file: Blob,
	magic: string,
	signal: AbortSignal
): AsyncGenerator<Result<Frame & { readonly end: number }, FrameError>, void, undefined> {
	const source = new ByteSource(file);
	try {
		const start = await source.take(magic.length, signal);
		if (!start || textOf(start) !== magic) return yield err({ kind: 'foreign' });
		for (let number = 0; source.at < file.size; number++) {
			const place = source.at;
			const head = await source.take(HEAD_BYTES, signal);
			if (!head) return yield err({ kind: 'truncated', place });
			const view = new DataView(head.buffer, head.byteOffset);
			const [jsonLength, length] = [view.getUint32(4, true), view.getUint32(8, true)];
			if (view.getUint32(0, true) !== number || jsonLength > MAX_META_BYTES || length > MAX_BYTES)
				return yield err({ kind: 'damaged', place });
			const rest = await source.take(jsonLength + length + CRC_BYTES, signal);
			if (!rest) return yield err({ kind: 'truncated', place });
			const body = rest.subarray(0, jsonLength + length);
			const crc = new DataView(rest.buffer, rest.byteOffset).getUint32(body.length, true);
			const json = textOf(body.subarray(0, jsonLength));
			const meta = json === undefined ? undefined : parseRowJson(json);
			if (crc32(body, crc32(head)) !== crc || !meta) {
				yield err({ kind: 'damaged', place, bounded: true });
				continue;
			}
			yield ok({ meta: meta.row, bytes: body.slice(jsonLength), end: source.at });
		}
	} finally {
		await source.close();
	}
}

/** A file's bytes in runs of the lengths that are asked for. */
class ByteSource {
	readonly #reader: ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>>;
	#rest: Uint8Array<ArrayBuffer> = NONE;
	at = 0;

	constructor(private readonly file: Blob) {
		this.#reader = file.stream().getReader();
	}

	/** Undefined where the file ends before. */
	async take(length: number, signal: AbortSignal): Promise<Uint8Array<ArrayBuffer> | undefined> {
		if (this.at + length > this.file.size) return undefined;
		const parts = [this.#rest];
		for (let have = this.#rest.length; have < length;) {
			signal.throwIfAborted();
			const { value } = await this.#reader.read();
			if (!value) return undefined; // it was cut while it was read
			parts.push(value);
			have += value.length;
		}
		const joined = parts.length === 1 ? parts[0]! : concatBytes(parts);
		this.#rest = joined.subarray(length);
		this.at += length;
		return joined.slice(0, length);
	}

	async close(): Promise<void> {
		await this.#reader.cancel().catch(() => undefined); // read to its end, or not wanted any more
	}
}
