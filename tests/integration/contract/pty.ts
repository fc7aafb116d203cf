import { constants, openSync, writeSync } from 'node:fs';
import { ReadStream } from 'node:tty';
import { crc32, utf8 } from '$lib/base';

const FRAME = '\x1e';
const FRAME_HEAD = 9;

export interface PtyEvents {
	readonly frame?: (json: string) => void;
	readonly text?: (line: string) => void;
}

export interface Pty {
	/** One Device API frame. */
	send(json: string): void;
	/** Bytes as they are. */
	raw(bytes: string): void;
	close(): void;
}

/** The other end of a cable: frames and lines of text apart, docs/protocol.md §8. A frame with another checksum throws: nothing disturbs this cable. */
export async function openPty(path: string, events: PtyEvents): Promise<Pty> {
	// The terminal must not become this process's own.
	const fd = openSync(path, constants.O_RDWR | constants.O_NOCTTY | constants.O_NONBLOCK);
	const stream = new ReadStream(fd);
	let held = '';
	stream.setEncoding('utf8');
	stream.on('error', () => {}); // the device went away: whoever waits for an answer hears that
	stream.on('data', (bytes) => {
		held += bytes.toString();
		for (let end = held.indexOf('\n'); end >= 0; end = held.indexOf('\n')) {
			const line = held.slice(0, end);
			held = held.slice(end + 1);
			if (line.startsWith(FRAME)) events.frame?.(checked(line));
			else events.text?.(line.trimEnd());
		}
	});
	const raw = (bytes: string) => void writeSync(fd, bytes);
	return {
		raw,
		send: (json) => raw(`${FRAME}${crcOf(json)}${json}\n`),
		close: () => stream.destroy()
	};
}

const crcOf = (json: string) => crc32(utf8(json)).toString(16).padStart(8, '0');

function checked(line: string): string {
	const json = line.slice(FRAME_HEAD);
	if (line.slice(1, FRAME_HEAD) !== crcOf(json)) throw new Error(`a frame whose checksum differs: ${line}`);
	return json;
}
