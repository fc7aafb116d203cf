/**
 * One practice board on a TCP port, for tools that open `socket://` (pyserial), and on a pty where socat is installed. What is
 * written to a socket has no DTR, no RTS and no baud: the board is held in download mode by `--download`, and follows any speed.
 *
 *   node --import tsx scripts/practice-board.ts [--port 7600] [--download] [--instant] [--flash FILE] [--pty LINK]
 */
import { spawn } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { parseArgs } from 'node:util';
import { WebSocket } from 'ws';
import { systemClock } from '$lib/base';
import {
	INSTANT_TIMING,
	MemorySparseFlash,
	PRACTICE_AIR,
	PracticeBoard,
	RADIO_TIMES,
	SECTOR_BYTES,
	TYPICAL_TIMING
} from '$lib/lab';
import { mqttJsConnector } from '$lib/link';

const FLASH_BYTES = 4 << 20;
const MAC = 'fab000000001';

const { values: flags } = parseArgs({
	options: {
		port: { type: 'string', default: '7600' },
		download: { type: 'boolean', default: false },
		instant: { type: 'boolean', default: false },
		flash: { type: 'string' },
		pty: { type: 'string' }
	}
});

const flash = new MemorySparseFlash(FLASH_BYTES);
if (flags.flash) await loadFlash(flags.flash);

const board = new PracticeBoard({
	...{ mac: MAC, name: 'Practice board', flash, clock: systemClock, random: Math.random },
	timing: flags.instant ? INSTANT_TIMING : TYPICAL_TIMING,
	world: {
		...{
			air: PRACTICE_AIR,
			radio: RADIO_TIMES,
			connector: mqttJsConnector((url, protocols) => new WebSocket(url, protocols))
		},
		dial: (url) => ({ kind: 'url', url })
	},
	onChange: () => console.log(JSON.stringify(board.state))
});
board.pressBoot(flags.download);
board.plug();

const server = createServer(serve).listen(Number(flags.port), '127.0.0.1', () => {
	console.log(`socket://127.0.0.1:${flags.port}`);
	if (flags.pty) linkPty(flags.pty);
});
process.once('SIGINT', () => void end());
process.once('SIGTERM', () => void end());

function serve(socket: Socket): void {
	const cable = board.openCable('chip');
	if (!cable.ok) return void socket.destroy();
	socket.setNoDelay(true);
	cable.value.onBytes((bytes) => socket.write(bytes));
	cable.value.onLost(() => socket.destroy());
	socket.on('data', (bytes) => void cable.value.write(new Uint8Array(bytes)));
	socket.on('error', () => {}); // 'close' follows
	socket.on('close', () => {
		cable.value.close();
		if (flags.flash) void writeFile(flags.flash, flash.read(0, FLASH_BYTES));
	});
	if (flags.download) board.pressEn();
}

/** A file that is not there yet is an empty flash. */
async function loadFlash(file: string): Promise<void> {
	const bytes = await readFile(file).catch(() => new Uint8Array());
	for (let at = 0; at < Math.min(bytes.length, FLASH_BYTES); at += SECTOR_BYTES) {
		const sector = new Uint8Array(bytes.subarray(at, at + SECTOR_BYTES));
		if (sector.some((byte) => byte !== 0xff)) flash.program(at, sector);
	}
}

function linkPty(link: string): void {
	const socat = spawn('socat', [`pty,raw,echo=0,link=${link}`, `tcp:127.0.0.1:${flags.port}`]);
	socat.on('error', () => console.log('no pty: socat is not installed'));
	process.once('exit', () => socat.kill());
}

async function end(): Promise<void> {
	if (flags.flash) await writeFile(flags.flash, flash.read(0, FLASH_BYTES));
	board.unplug();
	server.close();
	process.exit();
}
